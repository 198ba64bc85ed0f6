//! What this client asks an orchestrator for. A test holds it against `docs/openapi.json`.

/// Method, and path below `/api/v1`; what stands for a name is in braces.
pub const OPERATIONS: &[(&str, &str)] = &[
    ("GET", "archive"),
    ("GET", "archive/{id}"),
    ("GET", "archive/{id}/model"),
    ("GET", "archive/{id}/module"),
    ("PUT", "blobs/{digest}"),
    ("POST", "gc"),
    ("GET", "runners"),
    ("GET", "runs/{id}"),
    ("POST", "runs/{id}/retry"),
    ("GET", "series"),
    ("POST", "series"),
    ("GET", "series/{name}"),
    ("POST", "series/{name}/end"),
    ("GET", "tasks"),
    ("POST", "tasks"),
    ("GET", "tasks/{name}"),
    ("GET", "tasks/{name}/ratings"),
    ("GET", "tokens"),
    ("POST", "tokens"),
    ("POST", "tokens/{id}/revoke"),
    ("POST", "tokens/{id}/rotate"),
    ("GET", "tournaments"),
    ("POST", "tournaments"),
    ("GET", "tournaments/{name}"),
    ("POST", "tournaments/{name}/cancel"),
    ("POST", "tournaments/{name}/close"),
    ("POST", "tournaments/{name}/disqualify"),
    ("GET", "tournaments/{name}/members"),
    ("POST", "tournaments/{name}/members"),
    ("POST", "tournaments/{name}/members/{account}/remove"),
    ("POST", "tournaments/{name}/open"),
    ("POST", "tournaments/{name}/pause"),
    ("GET", "tournaments/{name}/record"),
    ("POST", "tournaments/{name}/rejudge"),
    ("POST", "tournaments/{name}/resume"),
    ("POST", "tournaments/{name}/retry"),
    (
        "POST",
        "tournaments/{name}/rounds/{round}/blocks/{block}/replace",
    ),
    (
        "POST",
        "tournaments/{name}/rounds/{round}/blocks/{block}/void",
    ),
    ("POST", "tournaments/{name}/share"),
    ("POST", "tournaments/{name}/submissions"),
];

/// Whether these segments below `/api/v1` are one of them.
pub(crate) fn is_known(method: &str, path: &[&str]) -> bool {
    OPERATIONS.iter().any(|(its, template)| {
        let parts: Vec<&str> = template.split('/').collect();
        let fits = |(part, given): (&&str, &&str)| part.starts_with('{') || part == given;
        *its == method && parts.len() == path.len() && parts.iter().zip(path).all(fits)
    })
}

#[cfg(test)]
mod tests {
    use super::is_known;

    #[test]
    fn names_take_any_segment_and_words_only_themselves() {
        assert!(is_known("GET", &["tournaments", "../x"]));
        assert!(is_known("POST", &["tasks"]));
        assert!(!is_known("DELETE", &["tasks"]));
        assert!(!is_known("GET", &["tournaments", "cup", "open"]));
        assert!(!is_known("GET", &["tasks", "digits", "rating"]));
    }
}
