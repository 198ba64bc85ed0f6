//! Members of an archive by what they must be: the document or the blob of a name.

use serde::de::DeserializeOwned;

use crate::members::{Content, Member, Members};
use crate::refusal::{Refusal, Rule, printable};

/// The member that a digest names in an OCI layout.
pub(crate) fn blob(digest: &str) -> Result<String, Refusal> {
    digest
        .strip_prefix("sha256:")
        .filter(|hex| is_digest(hex))
        .map(|hex| format!("blobs/sha256/{hex}"))
        .ok_or_else(|| wrong(&format!("{:?} is no sha256 digest", printable(digest))))
}

fn is_digest(text: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(hex)
}

/// A document of the archive, understood.
pub(crate) fn json<T: DeserializeOwned>(members: &Members, name: &str) -> Result<T, Refusal> {
    serde_json::from_slice(document(members, name)?)
        .map_err(|error| wrong(&format!("{} cannot be read: {error}", printable(name))))
}

/// A document of the archive.
pub(crate) fn document<'a>(members: &'a Members, name: &str) -> Result<&'a [u8], Refusal> {
    match &checked(members, name)?.content {
        Content::Json(bytes) => Ok(bytes),
        Content::Forgotten => Err(Refusal::new(
            Rule::TooLarge,
            format!(
                "{} is longer than a document of an image may be, or all of them are together",
                printable(name)
            ),
            "leave out annotations, history and images of other platforms",
        )),
        _ => Err(wrong(&format!("{} is no JSON document", printable(name)))),
    }
}

/// A member whose bytes have the digest that its name says, if it says one.
pub(crate) fn checked<'a>(members: &'a Members, name: &str) -> Result<&'a Member, Refusal> {
    let member = members
        .get(name)
        .ok_or_else(|| wrong(&format!("the archive has no member {}", printable(name))))?;
    let last = name.rsplit('/').next().unwrap_or(name);
    let stem = last.strip_suffix(".json").unwrap_or(last);
    // A folder of older archives is named by another digest; the file in it is not.
    if is_digest(stem) && stem != member.digest {
        return Err(Refusal::new(
            Rule::Digest,
            format!("the bytes of {} have another digest", printable(name)),
            "make the archive anew, and check that the upload was not damaged",
        ));
    }
    Ok(member)
}

/// An archive that does not hold one image.
pub(crate) fn wrong(what: &str) -> Refusal {
    Refusal::new(
        Rule::Manifest,
        what,
        "hand in an archive of one image: `docker save IMAGE`, an OCI layout, or what `gauntlet method pack` wrote",
    )
}
