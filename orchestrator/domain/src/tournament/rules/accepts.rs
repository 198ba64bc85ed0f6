//! What a tournament takes.

use serde::{Deserialize, Serialize};

use crate::run::Lane;
use crate::tournament::rules::error::RulesError;

/// Most that any rules allow, as the platform takes no more: bytes of a module, and of an
/// image's archive.
const MOST_MODULE_BYTES: u64 = 16 << 20;
const MOST_IMAGE_BYTES: u64 = 4 << 30;

/// As what, and how large, methods may be handed in. Left-out fields take their defaults:
/// whatever the platform takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accepts {
    /// Lanes: modules, images or both.
    pub lanes: Vec<Lane>,
    /// Most bytes of a module.
    pub module_bytes: u64,
    /// Most bytes of an image's archive.
    pub image_bytes: u64,
}

impl Default for Accepts {
    fn default() -> Self {
        Self {
            lanes: vec![Lane::Wasm, Lane::Oci],
            module_bytes: MOST_MODULE_BYTES,
            image_bytes: MOST_IMAGE_BYTES,
        }
    }
}

impl Accepts {
    /// Whether it says nothing: then rules do not write it, and keep the digest that they had
    /// before there was such a rule.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether methods may be handed in as this.
    #[must_use]
    pub fn takes(&self, lane: Lane) -> bool {
        self.lanes.contains(&lane)
    }

    /// Most bytes of what is handed in as this, and the rule that says so.
    #[must_use]
    pub const fn most_bytes(&self, lane: Lane) -> (u64, &'static str) {
        match lane {
            Lane::Wasm => (self.module_bytes, "rules.terms.accepts.module_bytes"),
            Lane::Oci => (self.image_bytes, "rules.terms.accepts.image_bytes"),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), RulesError> {
        let error = |field, must: &str| {
            Err(RulesError {
                field,
                must: must.to_owned(),
            })
        };
        let twice = self.lanes.len() == 2 && self.lanes[0] == self.lanes[1];
        if self.lanes.is_empty() || self.lanes.len() > 2 || twice {
            return error(
                "rules.terms.accepts.lanes",
                "must hold `wasm`, `oci` or both, each once",
            );
        }
        if !(1..=MOST_MODULE_BYTES).contains(&self.module_bytes) {
            return error(
                "rules.terms.accepts.module_bytes",
                "must be from 1 to 16777216",
            );
        }
        if !(1..=MOST_IMAGE_BYTES).contains(&self.image_bytes) {
            return error(
                "rules.terms.accepts.image_bytes",
                "must be from 1 to 4294967296",
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Accepts;
    use crate::run::Lane;
    use crate::tournament::rules::Terms;

    #[test]
    fn what_is_usual_is_left_out_so_that_old_rules_keep_their_digest() {
        let text = serde_json::to_string(&Terms::default()).unwrap();
        assert!(!text.contains("accepts"), "{text}");
        let terms: Terms = serde_json::from_str(r#"{"accepts":{"lanes":["wasm"]}}"#).unwrap();
        assert!(terms.accepts.takes(Lane::Wasm) && !terms.accepts.takes(Lane::Oci));
        assert_eq!(terms.accepts.module_bytes, 16 << 20);
        let text = serde_json::to_string(&terms).unwrap();
        assert!(text.contains(r#""lanes":["wasm"]"#), "{text}");
        assert!(serde_json::from_str::<Terms>(r#"{"accepts":{"lane":[]}}"#).is_err());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let field = |text: &str| {
            let accepts: Accepts = serde_json::from_str(text).unwrap();
            let terms = Terms {
                accepts,
                ..Terms::default()
            };
            terms.validate().err().map(|error| error.field)
        };
        assert_eq!(field(r#"{"lanes":["oci","wasm"]}"#), None);
        for lanes in [r"[]", r#"["oci","oci"]"#, r#"["oci","wasm","oci"]"#] {
            let text = format!(r#"{{"lanes":{lanes}}}"#);
            assert_eq!(field(&text), Some("rules.terms.accepts.lanes"), "{lanes}");
        }
        assert_eq!(
            field(r#"{"module_bytes":16777217}"#),
            Some("rules.terms.accepts.module_bytes")
        );
        assert_eq!(
            field(r#"{"image_bytes":0}"#),
            Some("rules.terms.accepts.image_bytes")
        );
    }
}
