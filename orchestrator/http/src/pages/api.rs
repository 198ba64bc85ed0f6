//! `/api`: the description of the API for people, with a form to try each operation.

use askama::Template;
use axum::Extension;
use axum::response::Response;
use serde_json::{Map, Value};

use super::layout::Layout;
use crate::openapi::Description;

/// The page.
#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage {
    layout: Layout,
    script: String,
    version: String,
    groups: Vec<Group>,
    shapes: Vec<Shape>,
}

/// Operations with the same tag.
struct Group {
    name: String,
    about: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    /// Which tokens will do, in words.
    who: String,
    parameters: Vec<Parameter>,
    body: Option<Body>,
    answers: Vec<Answer>,
}

struct Parameter {
    name: String,
    place: String,
    about: String,
    required: bool,
    pattern: Option<String>,
}

struct Body {
    /// Media types that are taken.
    kinds: Vec<String>,
    /// To begin with, where it is JSON; bytes come from a file.
    example: Option<String>,
    shape: Option<String>,
}

struct Answer {
    status: String,
    about: String,
    shape: Option<String>,
}

/// A schema that others refer to.
struct Shape {
    name: String,
    text: String,
}

/// `GET /api`.
pub(crate) async fn page(Extension(description): Extension<Description>) -> Response {
    super::render(&ApiPage::new(&description.document))
}

impl ApiPage {
    fn new(document: &Value) -> Self {
        let version = text(&document["info"]["version"]);
        let document = Document(document);
        Self {
            layout: Layout::new("API · Gauntlet"),
            script: super::assets::try_url(),
            version,
            groups: document.groups(),
            shapes: document.shapes(),
        }
    }
}

struct Document<'a>(&'a Value);

impl<'a> Document<'a> {
    fn groups(&self) -> Vec<Group> {
        let tags = self.0["tags"].as_array();
        let groups = tags.into_iter().flatten().map(|tag| Group {
            name: text(&tag["name"]),
            about: text(&tag["description"]),
            operations: self.operations(&tag["name"]),
        });
        groups.collect()
    }

    fn operations(&self, tag: &Value) -> Vec<Operation> {
        let mut found = Vec::new();
        for (path, item) in members(&self.0["paths"]) {
            for (method, operation) in members(item) {
                if operation["tags"][0] == *tag {
                    found.push(self.operation(method, path, operation));
                }
            }
        }
        found
    }

    fn operation(&self, method: &str, path: &str, operation: &Value) -> Operation {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        Operation {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            who: who(operation),
            parameters: parameters
                .map(|parameter| Parameter {
                    name: text(&parameter["name"]),
                    place: text(&parameter["in"]),
                    about: text(&parameter["description"]),
                    required: parameter["required"] == true,
                    pattern: self.meant(&parameter["schema"])["pattern"]
                        .as_str()
                        .map(str::to_owned),
                })
                .collect(),
            body: operation.get("requestBody").map(|body| self.body(body)),
            answers: members(&operation["responses"])
                .map(|(status, answer)| {
                    let answer = self.meant(answer);
                    Answer {
                        status: status.clone(),
                        about: text(&answer["description"]),
                        shape: members(&answer["content"])
                            .find_map(|(_, content)| shape(&content["schema"])),
                    }
                })
                .collect(),
        }
    }

    fn body(&self, body: &Value) -> Body {
        let content = &body["content"];
        let json = content.get("application/json");
        let schema = json.map(|json| &json["schema"]);
        let example = schema.map(|schema| format!("{:#}", self.example(schema, 0)));
        Body {
            kinds: members(content).map(|(kind, _)| kind.clone()).collect(),
            example,
            shape: schema.and_then(shape),
        }
    }

    fn shapes(&self) -> Vec<Shape> {
        members(&self.0["components"]["schemas"])
            .map(|(name, schema)| Shape {
                name: name.clone(),
                text: format!("{schema:#}"),
            })
            .collect()
    }

    /// What a reference refers to.
    fn meant(&self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
        let found = pointer.and_then(|pointer| self.0.pointer(pointer));
        found.unwrap_or(value)
    }

    /// The least that a schema wants, for somebody to fill in.
    fn example(&self, schema: &'a Value, depth: u32) -> Value {
        let schema = self.meant(schema);
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        let one = schema["oneOf"].as_array().into_iter().flatten();
        let mut one = one.filter(|one| one["type"] != "null");
        if let Some(one) = one.next() {
            return self.example(one, depth + 1);
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.first().and_then(Value::as_str),
            kind => kind.as_str(),
        };
        match kind {
            Some("string") => Value::from(""),
            Some("integer" | "number") => match schema.get("minimum") {
                Some(least) => least.clone(),
                None => Value::from(0),
            },
            Some("boolean") => Value::from(false),
            Some("array") => Value::Array(Vec::new()),
            // Shapes do not contain themselves; should one do so, it ends here.
            _ if depth > 8 => Value::Null,
            _ => {
                let required = schema["required"].as_array().into_iter().flatten();
                let names = required.filter_map(Value::as_str);
                let fields = names.map(|name| {
                    let field = &schema["properties"][name];
                    (name.to_owned(), self.example(field, depth + 1))
                });
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

fn who(operation: &Value) -> String {
    let Some(security) = operation["security"].as_array() else {
        return "anybody".to_owned();
    };
    let scopes: Vec<String> = security
        .iter()
        .filter_map(|one| Some(text(one["bearer"].as_array()?.first()?)))
        .collect();
    if scopes.is_empty() {
        "anybody; with a token, more is shown to whoever may see it".to_owned()
    } else {
        format!("a token of scope {}", scopes.join(" or "))
    }
}

/// Name of the schema that this refers to, itself or by its items.
fn shape(schema: &Value) -> Option<String> {
    let reference = schema["$ref"].as_str()?;
    Some(reference.rsplit('/').next()?.to_owned())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_there_once() {
        let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
        let page = ApiPage::new(&document);
        let shown: usize = page.groups.iter().map(|group| group.operations.len()).sum();
        let there: usize = members(&document["paths"])
            .map(|(_, item)| members(item).count())
            .sum();
        assert_eq!(shown, there);
        let html = page.render().unwrap();
        assert!(!html.contains("style=") && !html.contains("onclick"));
        for (_, item) in members(&document["paths"]) {
            for (_, operation) in members(item) {
                let id = text(&operation["operationId"]);
                assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
            }
        }
    }

    #[test]
    fn examples_have_what_is_required() {
        let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
        let new = &document["components"]["schemas"]["NewTask"];
        let example = Document(&document).example(new, 0);
        assert_eq!(example["budget"]["work"], 1);
        assert!(example.get("base").is_none());
    }
}
