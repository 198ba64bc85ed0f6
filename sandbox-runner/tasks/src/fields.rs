//! What can be wrong with a field of a definition.

use crate::error::TaskError;

/// The fault of a field.
pub(crate) fn refuse<T>(field: &'static str, problem: &str) -> Result<T, TaskError> {
    Err(TaskError::Field {
        field,
        problem: problem.to_owned(),
    })
}

/// Refuses a field of which something does not hold.
pub(crate) fn require(holds: bool, field: &'static str, problem: &str) -> Result<(), TaskError> {
    if holds {
        Ok(())
    } else {
        refuse(field, problem)
    }
}

/// A field that must be there.
pub(crate) fn needed<'a, T>(value: &'a Option<T>, field: &'static str) -> Result<&'a T, TaskError> {
    value
        .as_ref()
        .map_or_else(|| refuse(field, "is missing"), Ok)
}

/// A task's name: 1 to 40 of `a-z`, `0-9`, `-`.
pub(crate) fn check_name(name: &str) -> Result<(), TaskError> {
    let fits = (1..=40).contains(&name.len())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    require(fits, "name", "must be 1 to 40 of a-z, 0-9 and -")
}
