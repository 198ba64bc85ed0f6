//! A text as a task: windows to be hidden, and the rest to train on.

use gauntlet_wire::windows;

use crate::error::TaskError;
use crate::rows::{Labels, Rows, Values};
use crate::secret_rng::SecretRng;

/// Bytes of a text that are read; more than a run can train on.
pub(crate) const MAX_BYTES: u64 = 1 << 30;

/// Checks that a text is long enough to give `hidden` windows and to leave most of it.
///
/// # Errors
/// [`TaskError::Field`].
pub(crate) fn check(text: &[u8], context: usize, hidden: usize) -> Result<(), TaskError> {
    let slots = text.len() / (context + 1);
    if hidden * 2 > slots {
        return Err(TaskError::Field {
            field: "split.hidden_windows",
            problem: format!(
                "must be at most {}: half of the {slots} windows of {} bytes that the text has",
                slots / 2,
                context + 1
            ),
        });
    }
    if windows::rows(text.len() - hidden * (context + 1), context) == 0 {
        return Err(TaskError::Field {
            field: "data.file",
            problem: "leaves less than two windows to train on".to_owned(),
        });
    }
    Ok(())
}

/// Takes `hidden` windows of `context + 1` bytes out of `text`, at places that the secret
/// decides, in an order that it decides too. Returns what is left, and the windows.
pub(crate) fn split(
    text: &[u8],
    context: usize,
    hidden: usize,
    task: &str,
    secret: &[u8; 32],
) -> (Vec<u8>, Rows) {
    let length = context + 1;
    let mut slots = SecretRng::new(secret, task, "windows").permutation(text.len() / length);
    slots.truncate(hidden);
    let (mut inputs, mut targets) = (Vec::new(), Vec::new());
    for &slot in &slots {
        let window = &text[slot * length..][..length];
        inputs.extend_from_slice(&window[..context]);
        targets.extend_from_slice(&window[1..]);
    }
    slots.sort_unstable();
    let mut rest = Vec::with_capacity(text.len() - hidden * length);
    let mut from = 0;
    for slot in slots {
        rest.extend_from_slice(&text[from..slot * length]);
        from = (slot + 1) * length;
    }
    rest.extend_from_slice(&text[from..]);
    let windows = Rows {
        inputs: Values::U8(inputs),
        width: context,
        labels: Labels::Tokens {
            tokens: targets,
            width: context,
        },
    };
    (rest, windows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::split;
    use crate::rows::{Labels, Values};

    proptest! {
        /// What is hidden is not in the rest, and together they are the whole.
        #[test]
        fn the_parts_make_up_the_text(slots in 4usize..40, spare in 0usize..5, secret: [u8; 32]) {
            let context = 4;
            // Every byte names its slot, so that a window can be found.
            let mut text: Vec<u8> = (0..slots).flat_map(|slot| [slot as u8; 5]).collect();
            text.extend(vec![255; spare]);
            let (rest, windows) = split(&text, context, slots / 2, "t", &secret);
            prop_assert_eq!(rest.len() + (slots / 2) * 5, text.len());
            let Values::U8(inputs) = &windows.inputs else { panic!() };
            let Labels::Tokens { tokens, .. } = &windows.labels else { panic!() };
            prop_assert_eq!(inputs, tokens);
            for slot in 0..slots {
                let hidden = inputs.contains(&(slot as u8));
                prop_assert_eq!(rest.contains(&(slot as u8)), !hidden);
            }
        }
    }
}
