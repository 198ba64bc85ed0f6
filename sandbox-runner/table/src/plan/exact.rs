//! Floats as decimal texts, because a JSON reader may miss a number by its last bit, and a model that
//! was read again must give what it gave.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A float that comes back bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(crate) struct Exact(pub(crate) f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:?}", self.0))
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number: f64 = text.parse().map_err(serde::de::Error::custom)?;
        if number.is_finite() {
            Ok(Self(number))
        } else {
            Err(serde::de::Error::custom("a number that is not finite"))
        }
    }
}

/// For one field.
pub(crate) mod one {
    use super::{Deserialize, Deserializer, Exact, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        Exact(*number).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
        Exact::deserialize(d).map(|exact| exact.0)
    }
}

/// For a list.
pub(crate) mod many {
    use super::{Deserialize, Deserializer, Exact, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        numbers: &[f64],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(numbers.iter().map(|number| Exact(*number)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<f64>, D::Error> {
        let numbers = Vec::<Exact>::deserialize(d)?;
        Ok(numbers.into_iter().map(|exact| exact.0).collect())
    }
}
