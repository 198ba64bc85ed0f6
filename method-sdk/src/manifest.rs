//! The module's manifest ([`gauntlet_wire::manifest`]), written by the compiler: no code
//! of the method needs to run for it to be read.

use gauntlet_wire::{BURN_VERSION, VERSION};

use crate::hyper::{Domain, Field};

/// Bytes of the manifest of a method with these hyper-parameters.
#[must_use]
pub const fn length(fields: &[Field]) -> usize {
    write::<0>(fields).at
}

/// The manifest; `N` is its [`length`].
#[must_use]
pub const fn bytes<const N: usize>(fields: &[Field]) -> [u8; N] {
    write::<N>(fields).bytes
}

/// The manifest as a string, where it can be put together when it is needed.
#[must_use]
pub fn text(fields: &[Field]) -> String {
    // As long as any section may be.
    let written = write::<{ gauntlet_wire::manifest::MOST_BYTES }>(fields);
    String::from_utf8_lossy(&written.bytes[..written.at.min(written.bytes.len())]).into_owned()
}

/// Writes what there is room for and counts the rest, so that one walk over the fields
/// serves to measure and to write.
struct Writer<const N: usize> {
    bytes: [u8; N],
    at: usize,
}

const fn write<const N: usize>(fields: &[Field]) -> Writer<N> {
    let mut out = Writer {
        bytes: [0; N],
        at: 0,
    };
    out.raw("{\"interface\":");
    out.unsigned(VERSION);
    out.raw(",\"burn\":");
    out.string(BURN_VERSION);
    out.raw(",\"sdk\":");
    out.string(env!("CARGO_PKG_VERSION"));
    out.raw(",\"parameters\":[");
    let mut index = 0;
    while index < fields.len() {
        if index > 0 {
            out.raw(",");
        }
        out.field(&fields[index]);
        index += 1;
    }
    out.raw("]}");
    out
}

impl<const N: usize> Writer<N> {
    const fn byte(&mut self, byte: u8) {
        if self.at < N {
            self.bytes[self.at] = byte;
        }
        self.at += 1;
    }

    const fn raw(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            self.byte(bytes[index]);
            index += 1;
        }
    }

    const fn unsigned(&mut self, number: u32) {
        if number >= 10 {
            self.unsigned(number / 10);
        }
        self.byte(b'0' + (number % 10) as u8);
    }

    const fn string(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.byte(b'"');
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            let byte = bytes[index];
            match byte {
                b'"' | b'\\' => {
                    self.byte(b'\\');
                    self.byte(byte);
                }
                b'\n' => self.raw("\\n"),
                0..=0x1f => {
                    self.raw("\\u00");
                    self.byte(HEX[(byte >> 4) as usize]);
                    self.byte(HEX[(byte & 15) as usize]);
                }
                _ => self.byte(byte),
            }
            index += 1;
        }
        self.byte(b'"');
    }

    /// A literal of the source as a number of JSON.
    const fn number(&mut self, literal: &str) {
        let bytes = literal.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            match bytes[index] {
                b'_' | b' ' => {}
                b'.' => {
                    self.byte(b'.');
                    // Rust reads `1.`, JSON does not.
                    if index + 1 == bytes.len() || !bytes[index + 1].is_ascii_digit() {
                        self.byte(b'0');
                    }
                }
                byte @ (b'0'..=b'9' | b'-' | b'+' | b'e' | b'E') => self.byte(byte),
                _ => panic!("a hyper-parameter's number is written in decimal, without a type"),
            }
            index += 1;
        }
    }

    const fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    const fn field(&mut self, field: &Field) {
        self.raw("{\"name\":");
        self.string(field.name);
        self.raw(",\"doc\":");
        self.string(field.doc);
        match &field.domain {
            Domain::Float {
                default,
                min,
                max,
                log,
            } => self.range("float", default, min, max, *log),
            Domain::Integer {
                default,
                min,
                max,
                log,
            } => self.range("integer", default, min, max, *log),
            Domain::Switch { default } => {
                self.raw(",\"type\":\"switch\",\"default\":");
                self.boolean(*default);
            }
            Domain::Choice { default, of } => {
                self.raw(",\"type\":\"choice\",\"default\":");
                self.string(default);
                self.raw(",\"of\":[");
                let mut index = 0;
                while index < of.len() {
                    if index > 0 {
                        self.raw(",");
                    }
                    self.string(of[index]);
                    index += 1;
                }
                self.raw("]");
            }
        }
        self.raw("}");
    }

    const fn range(&mut self, kind: &str, default: &str, min: &str, max: &str, log: bool) {
        self.raw(",\"type\":");
        self.string(kind);
        self.raw(",\"default\":");
        self.number(default);
        self.raw(",\"min\":");
        self.number(min);
        self.raw(",\"max\":");
        self.number(max);
        self.raw(",\"log\":");
        self.boolean(log);
    }
}

#[cfg(test)]
mod tests {
    use gauntlet_wire::manifest::Manifest;
    use gauntlet_wire::settings;

    use super::*;
    use crate::HyperParameters;

    crate::hyper_parameters! {
        /// What can be tuned.
        struct Params {
            /// Step size, \ "quoted".
            /// Two lines.
            learning_rate: f64 = 1e-2, 1e-5..=1., log;
            shift: i64 = -3, -10..=1_000;
            hidden: usize = 128, 8..=1_024, log;
            nesterov: bool = true;
            schedule: choice = "cosine", ["cosine", "flat"];
        }
    }

    const LENGTH: usize = length(Params::FIELDS);
    static BYTES: [u8; LENGTH] = bytes(Params::FIELDS);

    #[test]
    fn the_compiler_writes_json_that_the_gate_reads() {
        let manifest: Manifest = serde_json::from_slice(&BYTES).unwrap();
        manifest.understood().unwrap();
        assert_eq!(text(Params::FIELDS).as_bytes(), BYTES);
        let names: Vec<&str> = manifest
            .parameters
            .iter()
            .map(|p| p.name.as_str())
            .collect();
        assert_eq!(
            names,
            ["learning_rate", "shift", "hidden", "nesterov", "schedule"]
        );
        assert_eq!(
            manifest.parameters[0].doc,
            " Step size, \\ \"quoted\".\n Two lines.\n"
        );
        let domain = |index: usize| manifest.parameters[index].domain.clone();
        assert_eq!(
            domain(0),
            settings::Domain::Float {
                default: 0.01,
                min: 1e-5,
                max: 1.0,
                log: true
            }
        );
        assert_eq!(
            domain(1),
            settings::Domain::Integer {
                default: -3,
                min: -10,
                max: 1000,
                log: false
            }
        );
    }

    #[test]
    fn values_reach_the_struct() {
        let manifest: Manifest = serde_json::from_slice(&BYTES).unwrap();
        let typed = [
            "learning_rate=0.5",
            "hidden=8",
            "nesterov=false",
            "schedule=flat",
        ];
        let settings = settings::parse(&manifest.parameters, typed).unwrap();
        let params = Params::read(&settings).unwrap();
        let wanted = Params {
            learning_rate: 0.5,
            shift: -3,
            hidden: 8,
            nesterov: false,
            schedule: "flat",
        };
        assert_eq!(params, wanted);
        assert_eq!(
            Params::read(&settings::Settings::new()).unwrap(),
            Params::default()
        );
        let wrong = settings::Settings::from([("hidden".to_owned(), "8".into())]);
        let error = Params::read(&wrong).unwrap_err();
        assert!(error.to_string().contains("hidden"), "{error}");
    }

    #[test]
    fn no_hyper_parameters_is_a_manifest_too() {
        let manifest: Manifest = serde_json::from_str(&text(<()>::FIELDS)).unwrap();
        assert!(manifest.parameters.is_empty());
    }
}
