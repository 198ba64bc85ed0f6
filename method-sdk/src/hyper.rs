//! Hyper-parameters from a declared schema.

use gauntlet_wire::settings::Settings;

use crate::error::MethodError;

/// A struct of hyper-parameters; [`hyper_parameters!`](crate::hyper_parameters) writes it.
pub trait HyperParameters: Default {
    /// What is declared, in order.
    const FIELDS: &'static [Field];

    /// The values given, and the defaults for the rest.
    ///
    /// # Errors
    /// If a value is of another type than declared. Names and ranges have been checked by
    /// whoever took the values in.
    fn read(settings: &Settings) -> Result<Self, MethodError>;
}

/// No hyper-parameters.
impl HyperParameters for () {
    const FIELDS: &'static [Field] = &[];

    fn read(_: &Settings) -> Result<Self, MethodError> {
        Ok(())
    }
}

/// One declared hyper-parameter, as the source says it: numbers are still text.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its documentation.
    pub doc: &'static str,
    /// Which values it takes.
    pub domain: Domain,
}

/// Which values a hyper-parameter takes; see [`gauntlet_wire::settings::Domain`].
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "they are documented where they are read")]
pub enum Domain {
    Float {
        default: &'static str,
        min: &'static str,
        max: &'static str,
        log: bool,
    },
    Integer {
        default: &'static str,
        min: &'static str,
        max: &'static str,
        log: bool,
    },
    Switch {
        default: bool,
    },
    Choice {
        default: &'static str,
        of: &'static [&'static str],
    },
}

/// Declares a struct of hyper-parameters: typed, documented, with defaults and ranges.
///
/// The schema travels in the module as text, so that `--set learning_rate=0.1` is checked
/// against it, by name and range, without executing anything of the method's.
///
/// ```
/// use gauntlet_method::hyper_parameters;
///
/// hyper_parameters! {
///     /// What can be tuned.
///     pub struct Params {
///         /// Step size of the optimizer.
///         learning_rate: f64 = 1e-2, 1e-5..=1.0, log;
///         /// Width of the hidden layer.
///         hidden: usize = 128, 8..=1024, log;
///         /// Whether the momentum looks ahead.
///         nesterov: bool = false;
///         /// How the step size falls.
///         schedule: choice = "cosine", ["cosine", "linear", "flat"];
///     }
/// }
///
/// let params = Params::default();
/// assert_eq!((params.learning_rate, params.hidden), (0.01, 128));
/// assert_eq!((params.nesterov, params.schedule), (false, "cosine"));
/// ```
///
/// Types are `f64`, `usize`, `u64`, `i64`, `bool` and `choice` (a `&'static str`). Numbers
/// are written in decimal. The method takes the values in
/// [`Method::configure`](crate::Method::configure), and the entry points name the struct:
/// `gauntlet_method::export!(MyMethod, Params)`, `gauntlet_method::main!(MyMethod, Params)`.
///
/// A default outside of its range does not compile:
///
/// ```compile_fail
/// gauntlet_method::hyper_parameters! {
///     pub struct Params {
///         learning_rate: f64 = 2.0, 1e-5..=1.0;
///     }
/// }
/// ```
///
/// nor does one that is none of its choices:
///
/// ```compile_fail
/// gauntlet_method::hyper_parameters! {
///     pub struct Params {
///         schedule: choice = "step", ["cosine", "linear"];
///     }
/// }
/// ```
///
/// nor a number without a range:
///
/// ```compile_fail
/// gauntlet_method::hyper_parameters! {
///     pub struct Params {
///         learning_rate: f64 = 0.1;
///     }
/// }
/// ```
#[macro_export]
macro_rules! hyper_parameters {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($body:tt)* }) => {
        $crate::hyper_parameters!(@next [$(#[$meta])* $vis struct $name] [] $($body)*);
    };

    (@next $head:tt [$($done:tt)*] $(#[doc = $doc:literal])* $field:ident : bool = $default:literal; $($rest:tt)*) => {
        $crate::hyper_parameters!(@next $head [$($done)* {
            [$(#[doc = $doc])*] $field, bool, $default, concat!($($doc, "\n"),*),
            $crate::hyper::Domain::Switch { default: $default },
            |value| value.as_bool()
        }] $($rest)*);
    };
    (@next $head:tt [$($done:tt)*] $(#[doc = $doc:literal])* $field:ident : choice = $default:literal, [$($of:literal),+ $(,)?]; $($rest:tt)*) => {
        $crate::hyper_parameters!(@next $head [$($done)* {
            [$(#[doc = $doc])*] $field, &'static str, {
                const { assert!($crate::hyper::is_one_of($default, &[$($of),+]), "the default is none of the choices") };
                $default
            }, concat!($($doc, "\n"),*),
            $crate::hyper::Domain::Choice { default: $default, of: &[$($of),+] },
            |value| {
                let word = value.as_str()?;
                [$($of),+].into_iter().find(|known| *known == word)
            }
        }] $($rest)*);
    };
    (@next $head:tt [$($done:tt)*] $(#[doc = $doc:literal])* $field:ident : f64 = $default:literal, $min:literal ..= $max:literal $(, $log:ident)?; $($rest:tt)*) => {
        $crate::hyper_parameters!(@number $head [$($done)*] [$(#[doc = $doc])*] [$($doc),*] $field f64 Float $default, $min, $max, [$($log)?] |value| value.as_f64(), $($rest)*);
    };
    (@next $head:tt [$($done:tt)*] $(#[doc = $doc:literal])* $field:ident : usize = $default:literal, $min:literal ..= $max:literal $(, $log:ident)?; $($rest:tt)*) => {
        $crate::hyper_parameters!(@number $head [$($done)*] [$(#[doc = $doc])*] [$($doc),*] $field usize Integer $default, $min, $max, [$($log)?] |value| usize::try_from(value.as_u64()?).ok(), $($rest)*);
    };
    (@next $head:tt [$($done:tt)*] $(#[doc = $doc:literal])* $field:ident : u64 = $default:literal, $min:literal ..= $max:literal $(, $log:ident)?; $($rest:tt)*) => {
        $crate::hyper_parameters!(@number $head [$($done)*] [$(#[doc = $doc])*] [$($doc),*] $field u64 Integer $default, $min, $max, [$($log)?] |value| value.as_u64(), $($rest)*);
    };
    (@next $head:tt [$($done:tt)*] $(#[doc = $doc:literal])* $field:ident : i64 = $default:literal, $min:literal ..= $max:literal $(, $log:ident)?; $($rest:tt)*) => {
        $crate::hyper_parameters!(@number $head [$($done)*] [$(#[doc = $doc])*] [$($doc),*] $field i64 Integer $default, $min, $max, [$($log)?] |value| value.as_i64(), $($rest)*);
    };

    (@number $head:tt [$($done:tt)*] $docs:tt [$($doc:literal),*] $field:ident $ty:ident $kind:ident $default:literal, $min:literal, $max:literal, [$($log:ident)?] |$value:ident| $read:expr, $($rest:tt)*) => {
        $crate::hyper_parameters!(@next $head [$($done)* {
            $docs $field, $ty, {
                const { assert!($min <= $default && $default <= $max, "the default is outside of its range") };
                $default
            }, concat!($($doc, "\n"),*),
            $crate::hyper::Domain::$kind {
                default: stringify!($default),
                min: stringify!($min),
                max: stringify!($max),
                log: $crate::hyper_parameters!(@log $($log)?),
            },
            |$value| $read
        }] $($rest)*);
    };
    (@log) => { false };
    (@log log) => { true };

    (@next [$(#[$meta:meta])* $vis:vis struct $name:ident] [$({
        [$(#[doc = $doc:literal])*] $field:ident, $ty:ty, $default:expr, $text:expr, $domain:expr, |$value:ident| $read:expr
    })*]) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $vis struct $name {
            $($(#[doc = $doc])* pub $field: $ty,)*
        }

        impl ::core::default::Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::HyperParameters for $name {
            const FIELDS: &'static [$crate::hyper::Field] = &[
                $($crate::hyper::Field {
                    name: stringify!($field),
                    doc: $text,
                    domain: $domain,
                },)*
            ];

            fn read(settings: &$crate::Settings) -> ::core::result::Result<Self, $crate::MethodError> {
                let mut params = Self::default();
                $(
                    if let ::core::option::Option::Some(value) = settings.get(stringify!($field)) {
                        let read = |$value: &$crate::hyper::Value| -> ::core::option::Option<$ty> { $read };
                        params.$field = read(value).ok_or_else(|| {
                            $crate::hyper::wrong_type(stringify!($field), value)
                        })?;
                    }
                )*
                ::core::result::Result::Ok(params)
            }
        }
    };
}

#[doc(hidden)]
pub use serde_json::Value;

#[doc(hidden)]
#[must_use]
pub fn wrong_type(name: &str, value: &Value) -> MethodError {
    MethodError::new(format!("`{name}` cannot be {value}"))
}

#[doc(hidden)]
#[must_use]
pub const fn is_one_of(word: &str, of: &[&str]) -> bool {
    let mut index = 0;
    while index < of.len() {
        if same(word.as_bytes(), of[index].as_bytes()) {
            return true;
        }
        index += 1;
    }
    false
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}
