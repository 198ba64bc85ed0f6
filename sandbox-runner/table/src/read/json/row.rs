//! A row of JSON, flat.

/// What a value of a row is, beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A text.
    Text,
    /// A number or a truth value.
    Word,
    /// Null or `NaN`.
    Nothing,
    /// A list, as its JSON.
    List,
}

/// A value of a row.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: (usize, usize),
    value: (usize, usize),
    sort: Sort,
}

/// An object or a list, flat.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// All keys and values.
    pub(super) bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// Line on which it begins, from 1.
    pub(super) line: u64,
    /// Values that are objects whose keys are whole numbers, at the top.
    pub(super) numbered: usize,
    /// Keys at the top that are whole numbers, with objects as values.
    pub(super) counted: usize,
    /// Values at the top that are no scalars.
    pub(super) nested: usize,
    /// Keys at the top.
    pub(super) keys: usize,
    /// Whether it is a list.
    pub(super) is_list: bool,
}

impl Row {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn text(&self, (start, end): (usize, usize)) -> &str {
        // Strings are made of whole characters.
        std::str::from_utf8(&self.bytes[start..end]).unwrap_or_default()
    }

    /// Adds a value.
    pub(super) fn add(&mut self, key: (usize, usize), value: (usize, usize), sort: Sort) {
        self.entries.push(Entry { key, value, sort });
    }

    /// Nothing is in it.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        (self.numbered, self.counted, self.nested, self.keys) = (0, 0, 0, 0);
    }

    /// Keys, of an object.
    pub(super) fn key(&self, at: usize) -> &str {
        self.text(self.entries[at].key)
    }

    pub(super) fn sort(&self, at: usize) -> Sort {
        self.entries[at].sort
    }

    /// A value's text, unless it is null.
    pub(super) fn value(&self, at: usize) -> Option<&str> {
        let entry = self.entries[at];
        (entry.sort != Sort::Nothing).then(|| self.text(entry.value).trim())
    }
}
