//! The stylesheet, the script and the icon, compiled in.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::extract::Path;

const STYLE: &str = include_str!("../../assets/style.css");
const SCRIPT: &str = include_str!("../../assets/live.js");
const TRY: &str = include_str!("../../assets/try.js");
const ICON: &str = include_str!("../../assets/icon.svg");

// The content is part of the name, so a browser may keep a file for ever.
static STYLE_NAME: LazyLock<String> = LazyLock::new(|| format!("style-{}.css", stamp(STYLE)));
static SCRIPT_NAME: LazyLock<String> = LazyLock::new(|| format!("live-{}.js", stamp(SCRIPT)));

static TRY_NAME: LazyLock<String> = LazyLock::new(|| format!("try-{}.js", stamp(TRY)));

fn stamp(content: &str) -> String {
    hex::encode(&Sha256::digest(content)[..6])
}

pub(crate) fn style_url() -> String {
    format!("/assets/{}", *STYLE_NAME)
}

pub(crate) fn script_url() -> String {
    format!("/assets/{}", *SCRIPT_NAME)
}

pub(crate) fn try_url() -> String {
    format!("/assets/{}", *TRY_NAME)
}

/// `GET /assets/{file}`.
pub(crate) async fn file(Path(name): Path<String>) -> Result<Response> {
    let (content, kind, keep) = match name.as_str() {
        name if name == *STYLE_NAME => (STYLE, "text/css; charset=utf-8", true),
        name if name == *SCRIPT_NAME => (SCRIPT, "text/javascript; charset=utf-8", true),
        name if name == *TRY_NAME => (TRY, "text/javascript; charset=utf-8", true),
        "icon.svg" => (ICON, "image/svg+xml", false),
        _ => return Err(Error::not_found("path.file", "file", name)),
    };
    let cache = if keep {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=3600"
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ];
    Ok((headers, content).into_response())
}
