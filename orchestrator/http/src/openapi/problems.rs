//! Which problems an operation may answer follows from what it takes: who needs a token is refused
//! one, who sends a body may send a wrong one. Handlers name only what is theirs alone.

use serde_json::{Map, Value, json};

const NOT_VALID: &str = "400";
const NO_TOKEN: &str = "401";
const WRONG_SCOPE: &str = "403";
const NOT_FOUND: &str = "404";
const TOO_SLOW: &str = "408";
const CONFLICT: &str = "409";
const TOO_LARGE: &str = "413";
const WRONG_TYPE: &str = "415";
const OTHER_REQUEST: &str = "422";
const TOO_MANY: &str = "429";
const OUR_FAULT: &str = "500";
const UNAVAILABLE: &str = "503";

/// What holds wherever the status is answered.
const ALL: [(&str, &str, &str); 12] = [
    (NOT_VALID, "NotValid", "The request cannot be understood"),
    (NO_TOKEN, "NoToken", "There is no token, or it is no good"),
    (WRONG_SCOPE, "WrongScope", "The token is for something else"),
    (NOT_FOUND, "NotFound", "There is no such thing"),
    (TOO_SLOW, "TooSlow", "The body came too slowly"),
    (
        CONFLICT,
        "Conflict",
        "The same request is being carried out, or it was, and what its answer held is not kept",
    ),
    (TOO_LARGE, "TooLarge", "The body is too large"),
    (WRONG_TYPE, "WrongType", "The body has the wrong type"),
    (
        OTHER_REQUEST,
        "OtherRequest",
        "Another request came with this key before",
    ),
    (TOO_MANY, "TooMany", "More than may be asked for now"),
    (OUR_FAULT, "OurFault", "Something went wrong on the server"),
    (UNAVAILABLE, "Unavailable", "The server cannot work now"),
];

/// Adds them to every operation.
pub(super) fn add(document: &mut Value) {
    let answers = ALL.map(|(status, name, what)| (name.to_owned(), answer(status, what)));
    document["components"]["responses"] = Value::Object(answers.into_iter().collect());
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for item in paths.into_iter().flat_map(Map::values_mut) {
        let operations = item.as_object_mut();
        for (method, operation) in operations.into_iter().flatten() {
            if method == "post" && !is_for_runners(operation) {
                take_key(operation);
            }
            complete(operation);
            if method == "get" {
                may_be_known(operation);
            }
        }
    }
}

/// What a runner sends is known by its attempt, and needs no key.
fn is_for_runners(operation: &Value) -> bool {
    let security = operation.get("security").and_then(Value::as_array);
    let scopes = security
        .into_iter()
        .flatten()
        .filter_map(|one| one["bearer"].as_array());
    scopes.flatten().all(|scope| scope == "runner")
}

/// A POST may come again under its key, and does nothing twice.
fn take_key(operation: &mut Value) {
    let key = json!({
        "name": "idempotency-key",
        "in": "header",
        "required": false,
        "description": "The same request with the same key is carried out once a day",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
    });
    match operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut)
    {
        Some(parameters) => parameters.push(key),
        None => operation["parameters"] = json!([key]),
    }
}

/// Who has what would be answered is told so.
fn may_be_known(operation: &mut Value) {
    if operation["responses"].get("200").is_some() {
        operation["responses"]["304"] =
            json!({ "description": "It is what `if-none-match` names: nothing is sent" });
    }
}

fn complete(operation: &mut Value) {
    let may = statuses(operation);
    let Some(responses) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    // What a handler says of a problem, it says in words alone.
    for (status, response) in responses.iter_mut() {
        if status.starts_with(['4', '5']) && response.get("content").is_none() {
            response["content"] = problem();
        }
    }
    for (status, name, _) in ALL {
        if may.contains(&status) {
            let answer = json!({ "$ref": format!("#/components/responses/{name}") });
            responses.entry(status).or_insert(answer);
        }
    }
}

/// The problems that follow from what the operation takes.
fn statuses(operation: &Value) -> Vec<&'static str> {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let is_in = |place: &str| {
        let mut all = parameters.into_iter().flatten();
        all.any(|parameter| parameter["in"] == place)
    };
    let security = operation.get("security").and_then(Value::as_array);
    let may_come_without = |all: &Vec<Value>| all.iter().any(|one| *one == json!({}));
    let mut may = vec![TOO_MANY, OUR_FAULT, UNAVAILABLE];
    if is_in("path") {
        may.extend([NOT_VALID, NOT_FOUND]);
    }
    if is_in("query") {
        may.push(NOT_VALID);
    }
    if is_in("header") {
        may.extend([NOT_VALID, CONFLICT, OTHER_REQUEST]);
    }
    if operation.get("requestBody").is_some() {
        may.extend([NOT_VALID, TOO_SLOW, TOO_LARGE, WRONG_TYPE]);
    }
    if let Some(security) = security {
        may.push(NO_TOKEN);
        if !may_come_without(security) {
            may.push(WRONG_SCOPE);
        }
    }
    may
}

fn answer(status: &str, what: &str) -> Value {
    let mut answer = json!({ "description": what, "content": problem() });
    let text = json!({ "type": "string" });
    let seconds = json!({ "type": "integer", "minimum": 0 });
    if status == NO_TOKEN {
        answer["headers"] = json!({ "www-authenticate": { "required": true, "schema": text } });
    } else if status == UNAVAILABLE {
        answer["headers"] = json!({ "retry-after": { "required": true, "schema": seconds } });
    } else if status == TOO_MANY {
        answer["headers"] = json!({ "retry-after": { "schema": seconds } });
    }
    answer
}

fn problem() -> Value {
    json!({ "application/problem+json": {
        "schema": { "$ref": "#/components/schemas/Problem" },
    }})
}
