//! What every page has around its content.

/// Title, and how the page keeps itself up to date.
pub(crate) struct Layout {
    pub(crate) title: String,
    /// Where the changing part can be fetched again, and the stream that says when.
    pub(crate) live: Option<Live>,
    on: bool,
}

/// See [`Layout::live`].
pub(crate) struct Live {
    pub(crate) fragment: String,
    pub(crate) events: String,
}

impl Layout {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            live: None,
            on: true,
        }
    }

    /// Whether there is anything to wait for.
    pub(crate) fn live(mut self, on: bool) -> Self {
        self.on = on;
        self
    }

    pub(crate) fn events(mut self, fragment: String, events: String) -> Self {
        self.live = self.on.then_some(Live { fragment, events });
        self
    }

    pub(crate) fn style(&self) -> String {
        super::assets::style_url()
    }

    pub(crate) fn script(&self) -> String {
        super::assets::script_url()
    }
}
