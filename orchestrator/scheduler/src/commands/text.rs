//! Text from outside that must be as it is, or be refused.

use crate::{Reason, Refusal};

/// Refuses text that is too long or has control characters other than line ends.
pub(super) fn check(field: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length > max {
        return Err(Reason::new(
            "text-too-long",
            format!("{field} is longer than allowed"),
            "shorten it",
        )
        .field(field)
        .limit(format!("{max} characters"))
        .found(format!("{length} characters"))
        .invalid());
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Reason::new(
            "control-characters",
            format!("{field} contains control characters"),
            "remove them",
        )
        .field(field)
        .invalid());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn long_or_unprintable_text_is_refused() {
        assert!(check("body.title", "fine\nreally", 20).is_ok());
        let long = check("body.title", "äöü", 2).unwrap_err();
        assert_eq!(
            long.reason().unwrap().limit.as_deref(),
            Some("2 characters")
        );
        assert!(check("body.title", "\0", 20).is_err());
    }
}
