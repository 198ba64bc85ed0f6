//! The hash chain that events hang on.
//!
//! Each link's digest covers its predecessor's, so editing, deleting or
//! reordering any event shows. Cutting off the end shows against a head that
//! was published elsewhere.

use crate::digest::Digest;

/// One event in its chain, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which chain: a tournament's id, or `platform`.
    pub chain: String,
    /// Place in the chain, from 1.
    pub seq: i64,
    /// When, in microseconds since 1970 (database time).
    pub at_micros: i64,
    /// The event as the exact JSON text that was hashed.
    pub body: String,
    /// Digest of the link before; [`link`] says what the first one has.
    pub previous: Digest,
    /// Digest of this link.
    pub digest: Digest,
}

/// Where a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event chain `{chain}` is broken at {seq}: {why}")]
pub struct Broken {
    /// Which chain.
    pub chain: String,
    /// First place that does not fit.
    pub seq: i64,
    /// What does not fit.
    pub why: &'static str,
}

/// Digest of a link. `previous` is the digest before it, or 32 zero bytes.
///
/// SHA-256("gauntlet/event/v1" ‖ previous ‖ length of chain name ‖ chain name ‖
/// seq ‖ time ‖ body); numbers are big-endian 64-bit.
pub fn link(previous: &Digest, chain: &str, seq: i64, at_micros: i64, body: &str) -> Digest {
    Digest::of_parts(&[
        b"gauntlet/event/v1",
        previous.as_bytes(),
        &(chain.len() as u64).to_be_bytes(),
        chain.as_bytes(),
        &seq.to_be_bytes(),
        &at_micros.to_be_bytes(),
        body.as_bytes(),
    ])
}

/// Checks a whole chain from its first event; returns its head.
/// `head`, where known from elsewhere, is the expected last digest.
pub fn verify(chain: &str, links: &[Link], head: Option<&Digest>) -> Result<Digest, Broken> {
    let broken = |seq, why| Broken {
        chain: chain.to_owned(),
        seq,
        why,
    };
    let mut previous = Digest::from_bytes([0; 32]);
    for (expected, found) in (1..).zip(links) {
        if found.chain != chain {
            return Err(broken(expected, "an event of another chain"));
        }
        if found.seq != expected {
            return Err(broken(expected, "an event is missing or out of order"));
        }
        if found.previous != previous {
            return Err(broken(expected, "it does not follow the event before"));
        }
        let digest = link(&previous, chain, found.seq, found.at_micros, &found.body);
        if found.digest != digest {
            return Err(broken(expected, "its content was changed"));
        }
        previous = digest;
    }
    match head {
        Some(head) if *head != previous => Err(broken(
            links.len() as i64 + 1,
            "the end differs from the recorded head",
        )),
        _ => Ok(previous),
    }
}

#[cfg(test)]
mod tests {
    use super::{Link, link, verify};
    use crate::digest::Digest;

    fn chain(count: i64) -> Vec<Link> {
        let mut previous = Digest::from_bytes([0; 32]);
        (1..=count)
            .map(|seq| {
                let body = format!("{{\"n\":{seq}}}");
                let digest = link(&previous, "c", seq, seq * 10, &body);
                let made = Link {
                    chain: "c".to_owned(),
                    seq,
                    at_micros: seq * 10,
                    body,
                    previous,
                    digest,
                };
                previous = digest;
                made
            })
            .collect()
    }

    #[test]
    fn an_untouched_chain_holds() {
        let links = chain(5);
        let head = links[4].digest;
        assert_eq!(verify("c", &links, Some(&head)), Ok(head));
        assert!(verify("c", &[], None).is_ok());
    }

    #[test]
    fn edit_delete_reorder_truncate_and_transplant_each_show() {
        let links = chain(5);
        let head = links[4].digest;

        let mut edited = links.clone();
        edited[2].body = "{\"n\":33}".to_owned();
        assert_eq!(verify("c", &edited, None).unwrap_err().seq, 3);

        let mut redated = links.clone();
        redated[0].at_micros += 1;
        assert_eq!(verify("c", &redated, None).unwrap_err().seq, 1);

        let mut deleted = links.clone();
        deleted.remove(1);
        assert_eq!(verify("c", &deleted, None).unwrap_err().seq, 2);

        let mut reordered = links.clone();
        reordered.swap(2, 3);
        assert_eq!(verify("c", &reordered, None).unwrap_err().seq, 3);

        assert!(verify("c", &links[..4], None).is_ok());
        assert_eq!(verify("c", &links[..4], Some(&head)).unwrap_err().seq, 5);

        // Rehashing the edited event alone is not enough.
        let mut rehashed = edited;
        rehashed[2].digest = link(&rehashed[2].previous, "c", 3, 30, &rehashed[2].body);
        assert_eq!(verify("c", &rehashed, None).unwrap_err().seq, 4);

        assert_eq!(verify("d", &links, None).unwrap_err().seq, 1);
    }
}
