//! Requests that brought no answer, as failures of a command.

use gauntlet_client::ClientError;

use super::{Failure, Fault};

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let what = error.to_string();
        match error {
            ClientError::Address { .. } => Self::input(what)
                .field("--url")
                .help("give it as https://HOST:PORT, or http://HOST:PORT"),
            ClientError::Insecure { .. } => Self::input(what).field("--url").help(
                "use https, or a tunnel that ends on this machine; --insecure-http sends it all the \
                 same",
            ),
            ClientError::Tls(error) => Self::input(what).field("--ca-file").help(error.help()),
            ClientError::Token => Self::input(what)
                .field("--token-file")
                .help("copy it again; a token is made of letters, digits and underscores"),
            ClientError::Unreachable { .. } => {
                Self::new(Fault::Unreachable, what).field("--url").help(
                    "start one with `gauntlet up`, or name another with --url URL or GAUNTLET_URL",
                )
            }
            ClientError::BrokenOff { .. } => Self::new(Fault::Unreachable, what).help("try again"),
            ClientError::Refused { status, problem } => Self {
                fault: answered(status),
                what,
                field: problem.field,
                place: None,
                limit: match (problem.limit, problem.found) {
                    (Some(limit), Some(found)) => Some(format!("{limit}, found {found}")),
                    (limit, _) => limit,
                }
                .map(String::into_boxed_str),
                help: Some(problem.help),
                status: Some(status.as_u16()),
                request_id: problem.request_id.filter(|_| status.is_server_error()).map(String::into_boxed_str),
            },
            ClientError::Foreign(status) => Self {
                status: Some(status.as_u16()),
                ..Self::new(answered(status), what)
                    .field("--url")
                    .help("check that this is the address of an orchestrator")
            },
            ClientError::Unreadable(_) => Self::new(Fault::Ours, what)
                .help("use a gauntlet of the same release as the orchestrator's"),
            ClientError::File(_) | ClientError::Setup(_) => Self::new(Fault::Ours, what),
        }
    }
}

/// Whose fault a refusal with this status is.
fn answered(status: gauntlet_client::StatusCode) -> Fault {
    if status.is_server_error() {
        Fault::Ours
    } else {
        Fault::Refused
    }
}

#[cfg(test)]
mod tests {
    use gauntlet_api::Problem;
    use gauntlet_client::{Client, StatusCode};

    use super::*;

    #[test]
    fn what_was_typed_wrong_is_named() {
        for url in ["127.0.0.1:7700", "ftp://host", "nonsense", "file:///x"] {
            let failure = Failure::from(Client::new(url, None).unwrap_err());
            assert_eq!(failure.field.as_deref(), Some("--url"), "{url}");
            assert_eq!(failure.exit_code(), 2);
        }
        let failure =
            Failure::from(Client::new("http://localhost", Some("a\nb".into())).unwrap_err());
        assert_eq!(failure.field.as_deref(), Some("--token-file"));
    }

    #[test]
    fn a_refusal_keeps_the_servers_words() {
        let refused = |status: StatusCode| {
            Failure::from(ClientError::Refused {
                status,
                problem: Box::new(Problem {
                    kind: "urn:gauntlet:problem:module-too-large".into(),
                    title: "too large".into(),
                    status: status.as_u16(),
                    detail: "the module has 3 bytes".into(),
                    field: Some("body".into()),
                    limit: Some("2 bytes".into()),
                    found: Some("3".into()),
                    help: "strip it".into(),
                    request_id: Some("0192-7".into()),
                }),
            })
        };
        let failure = refused(StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(
            failure.to_string(),
            "error: too large: the module has 3 bytes\n  field: body\n  limit: 2 bytes, found 3\n  \
             what to do: strip it"
        );
        assert_eq!((failure.exit_code(), failure.status), (1, Some(413)));
        let ours = refused(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(ours.exit_code(), 4);
        assert!(ours.to_string().ends_with("\n  request: 0192-7"), "{ours}");
    }

    #[test]
    fn what_a_proxy_says_is_told_from_an_orchestrators_refusal() {
        let failure = Failure::from(ClientError::Foreign(StatusCode::BAD_GATEWAY));
        assert_eq!(failure.what, "the server answered 502 Bad Gateway");
        assert_eq!((failure.exit_code(), failure.status), (4, Some(502)));
        assert_eq!(failure.field.as_deref(), Some("--url"));
    }
}
