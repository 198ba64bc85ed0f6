//! The archive around the layers: every member is hashed, documents are kept, layers are
//! read as they come. Which of them make up the image is known at the end only.

use std::cell::RefCell;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use crate::decompress::{Allowance, Encoding, decompressed, is_tar, peek};
use crate::entries::{Kind, walk};
use crate::facts::ImageFacts;
use crate::first_error::{FirstError, Source};
use crate::hashing::Seen;
use crate::layer::{self, Counts};
use crate::limits::ImageLimits;
use crate::manifest;
use crate::members::{Content, Layer, Member, Members};
use crate::path::inside;
use crate::refusal::{IntakeError, Refusal, Rule, printable};
use crate::rewritten::{Rewritten, RewrittenLayer};

/// Members of an archive; ten times what the layers of the largest image need.
const MEMBERS: usize = 2_000;

pub(crate) fn read(
    archive: impl Read,
    limits: &ImageLimits,
    folder: Option<&Path>,
) -> Result<Rewritten, IntakeError> {
    let first_error = FirstError::default();
    let total = Rc::new(RefCell::new(0));
    let source = Source {
        inner: archive,
        first_error: first_error.clone(),
        read: Rc::clone(&total),
        limit: limits.archive_bytes,
    };
    let allowance = Allowance::new(limits);
    let (start, source) = peek(source).map_err(|error| first_error.explain(&error))?;
    let encoding = Encoding::of(&start);
    if encoding == Encoding::Plain && !is_tar(&start) {
        return Err(Refusal::new(
            Rule::NotAnImage,
            "this is not a tar file, nor one compressed by gzip or zstd",
            "hand in what `docker save`, `gauntlet method pack` or an OCI builder wrote",
        )
        .into());
    }
    let plain = decompressed(encoding, source, &allowance, false, &first_error)?;
    let mut counts = Counts::new(limits);
    let mut members = Members::default();
    walk(plain, &first_error, |entry, content| {
        let name = inside(&entry.name, "the archive's member")?;
        if members.by_name.len() + members.links.len() >= MEMBERS {
            return Err(Refusal::too_large("members of the archive", MEMBERS as u64).into());
        }
        match entry.kind {
            Kind::Folder => return Ok(()),
            Kind::Symlink => {
                let to = beside(&name, &entry.link)?;
                members.links.insert(name, to);
                return Ok(());
            }
            Kind::Hardlink => {
                let to = inside(&entry.link, "the archive's link")?;
                members.links.insert(name, to);
                return Ok(());
            }
            Kind::File => {}
        }
        let place = folder.map(|folder| folder.join(format!("layer-{}", members.by_name.len())));
        let member = member(
            content,
            limits,
            &allowance,
            &mut counts,
            &first_error,
            place.as_deref(),
        )?;
        if members.by_name.insert(name.clone(), member).is_some() {
            return Err(Refusal::new(
                Rule::Name,
                format!("the archive has two members \"{}\"", printable(&name)),
                "make it with an ordinary builder",
            )
            .into());
        }
        Ok(())
    })?;
    let image = manifest::resolve(&members, limits)?;
    let facts = ImageFacts {
        archive_bytes: *total.borrow(),
        unpacked_bytes: allowance.used(),
        entries: counts.entries,
        layers: image.layers.len(),
        privileged_files: counts.privileged,
        config: image.config,
    };
    let layers = image
        .layers
        .iter()
        .filter_map(|layer| {
            Some(RewrittenLayer {
                digest: layer.rewritten.clone()?,
                path: layer.place.clone()?,
            })
        })
        .collect();
    Ok(Rewritten::new(facts, image.architecture, layers))
}

fn member(
    content: &mut dyn Read,
    limits: &ImageLimits,
    allowance: &Allowance,
    counts: &mut Counts,
    first_error: &FirstError,
    place: Option<&Path>,
) -> Result<Member, IntakeError> {
    let explain = |error: io::Error| first_error.explain(&error);
    let seen = Seen::default();
    let content = {
        let hashed = seen.reader(content);
        let (start, mut hashed) = peek(hashed).map_err(explain)?;
        let encoding = Encoding::of(&start);
        if encoding != Encoding::Plain || is_tar(&start) {
            let unpacked = Seen::default();
            // What a decoder leaves unread behind its end would not be hashed.
            let mut rest = hashed;
            let plain = decompressed(encoding, rest.by_ref(), allowance, true, first_error)?;
            let rewritten = layer::read(unpacked.reader(plain), counts, first_error, place)?;
            io::copy(&mut rest, &mut io::sink()).map_err(explain)?;
            Content::Layer(Layer {
                diff_id: unpacked.digest(),
                rewritten,
                place: place.map(Path::to_owned),
            })
        } else if matches!(start.first(), Some(b'{' | b'[')) {
            let mut json = Vec::new();
            hashed
                .take(limits.json_bytes + 1)
                .read_to_end(&mut json)
                .map_err(explain)?;
            if json.len() as u64 > limits.json_bytes {
                return Err(
                    Refusal::too_large("bytes of a JSON document", limits.json_bytes).into(),
                );
            }
            Content::Json(json)
        } else {
            io::copy(&mut hashed, &mut io::sink()).map_err(explain)?;
            Content::Other
        }
    };
    Ok(Member {
        digest: seen.digest(),
        content,
    })
}

/// Where a relative link of the archive leads.
fn beside(name: &str, link: &str) -> Result<String, Refusal> {
    let refuse = || {
        Refusal::new(
            Rule::Link,
            format!(
                "the archive's link \"{}\" to \"{}\" leads out of it",
                printable(name),
                printable(link)
            ),
            "make the archive with an ordinary builder",
        )
    };
    if link.starts_with('/') {
        return Err(refuse());
    }
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or_else(refuse)?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}
