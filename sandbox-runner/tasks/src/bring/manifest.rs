//! The text of a `task.toml` for a person's data.

use super::wish::Wish;

/// Work of training that a task gets where nobody says otherwise.
const WORK: u64 = 20_000_000_000;

/// What differs between formats.
pub(super) struct Parts<'a> {
    /// Name of the task.
    pub(super) name: &'a str,
    /// What it was made of.
    pub(super) from: &'a str,
    /// Sentences for the description; empty if there is nothing to add.
    pub(super) more: &'a str,
    /// The data file beside `task.toml`, and its SHA-256.
    pub(super) file: &'a str,
    pub(super) digest: &'a str,
    /// Lines of `[kind]`, `[inputs]` (empty for none), `[data]` and `[split]`.
    pub(super) kind: &'a str,
    pub(super) inputs: &'a str,
    pub(super) data: &'a str,
    pub(super) split: &'a str,
    /// Bytes that predictions may have.
    pub(super) output_bytes: u64,
}

impl Parts<'_> {
    pub(super) fn write(&self, wish: &Wish) -> String {
        let licence = wish.licence.as_deref().unwrap_or("LicenseRef-unknown");
        let inputs = match self.inputs {
            "" => String::new(),
            lines => format!("[inputs]\n{lines}\n\n"),
        };
        let description = format!("Made from {}.{}", self.from, self.more);
        format!(
            "name = {}\ntitle = {}\ndescription = {}\nlicence = {}\n\n\
             [kind]\n{}\n\n\
             {inputs}\
             [data]\n{}\nfile = {}\nsha256 = \"{}\"\norigin = {}\n\n\
             [split]\n{}\n\n\
             [budget]\nwork = {}\npredict_share_percent = 50\nwall_seconds = 60\n\
             tensor_bytes = 1073741824\nguest_bytes = 67108864\noutput_bytes = {}\n",
            quoted(self.name),
            quoted(self.name),
            quoted(&description),
            quoted(licence),
            self.kind,
            self.data,
            quoted(self.file),
            self.digest,
            quoted(&format!("the organiser's {}", self.from)),
            self.split,
            wish.work.unwrap_or(WORK),
            self.output_bytes,
        )
    }
}

/// A TOML string: JSON's escapes are among TOML's.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A TOML list of strings.
pub(super) fn list(names: &[String]) -> String {
    serde_json::Value::from(names.to_vec()).to_string()
}
