//! Errors with their causes.

use std::error::Error;

/// The error and everything it came from, outermost first: `failed to x: y: z`. A cause that
/// the message above it quotes already is not said twice.
#[must_use]
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut last = error.to_string();
    let mut chain = last.clone();
    let mut source = error.source();
    while let Some(cause) = source {
        let message = cause.to_string();
        if !last.ends_with(&message) {
            chain.push_str(": ");
            chain.push_str(&message);
        }
        last = message;
        source = cause.source();
    }
    chain
}

/// The innermost cause, where everything around it only says that something failed, as with
/// an HTTP library's errors.
#[must_use]
pub fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Failed(&'static str, Option<Box<Failed>>);

    impl fmt::Display for Failed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Failed {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    fn nested(messages: &[&'static str]) -> Failed {
        let (first, rest) = messages.split_first().unwrap();
        let cause = (!rest.is_empty()).then(|| Box::new(nested(rest)));
        Failed(first, cause)
    }

    #[test]
    fn every_cause_is_told_once() {
        let error = nested(&["failed to read", "the disk", "is gone"]);
        assert_eq!(error_chain(&error), "failed to read: the disk: is gone");
        assert_eq!(root_cause(&error), "is gone");

        // As many errors write it: with the cause in the message.
        let error = nested(&["failed to read: the disk", "the disk", "is gone"]);
        assert_eq!(error_chain(&error), "failed to read: the disk: is gone");

        // As an error that only hands another through.
        let error = nested(&["is gone", "is gone"]);
        assert_eq!(error_chain(&error), "is gone");

        let error = nested(&["alone"]);
        assert_eq!(error_chain(&error), "alone");
        assert_eq!(root_cause(&error), "alone");
    }
}
