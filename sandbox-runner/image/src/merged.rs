//! All layers of an image over one another, as an engine mounts them.

use crate::tree::{FolderId, HOPS, LayerTree, Node, ROOT};

/// What lies at a place of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum There {
    /// A folder, by its name without links.
    Folder(String),
    /// A file, or something that would lie below this file.
    File(String),
    /// Nothing, yet; its name without links.
    Nothing(String),
    /// Links that lead in a circle.
    Circle,
}

/// One folder as several layers have it, uppermost first.
type Stack = Vec<(usize, FolderId)>;

enum Found {
    Folder(Stack),
    File,
    Link(String),
    Nothing,
}

/// Looks a place up through links; `layers` are in the order in which they are applied.
pub(crate) fn look(layers: &[&LayerTree], place: &str) -> There {
    // A mark at the top hides nothing where overlayfs mounts the layers.
    let top: Stack = (0..layers.len())
        .rev()
        .map(|number| (number, ROOT))
        .collect();
    let mut trail = vec![(top, 0)];
    let mut at = String::new();
    let mut left: Vec<String> = place.split('/').rev().map(str::to_owned).collect();
    let mut hops = 0;
    while let Some(part) = left.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." => {
                if trail.len() > 1 {
                    trail.pop();
                }
                at.truncate(trail.last().map_or(0, |(_, length)| *length));
                continue;
            }
            _ => {}
        }
        let found = match trail.last() {
            Some((stack, _)) => find(layers, stack, &part),
            None => Found::Nothing,
        };
        match found {
            Found::Folder(stack) => {
                at = crate::tree::joined(&at, &part);
                trail.push((stack, at.len()));
            }
            Found::File => return There::File(crate::tree::joined(&at, &part)),
            Found::Link(target) => {
                hops += 1;
                if hops > HOPS {
                    return There::Circle;
                }
                if target.starts_with('/') {
                    trail.truncate(1);
                    at.clear();
                }
                left.extend(target.split('/').rev().map(str::to_owned));
            }
            // An empty stack has nothing in it either, so the rest is nothing too.
            Found::Nothing => {
                at = crate::tree::joined(&at, &part);
                trail.push((Stack::new(), at.len()));
            }
        }
    }
    match trail.last() {
        Some((stack, _)) if !stack.is_empty() => There::Folder(at),
        _ => There::Nothing(at),
    }
}

/// A name in a folder: the uppermost layer that has it decides, and folders are merged.
fn find(layers: &[&LayerTree], folder: &Stack, part: &str) -> Found {
    let mut stack = Stack::new();
    for (number, id) in folder {
        let Some(layer) = layers.get(*number) else {
            continue;
        };
        match layer.get(*id, part) {
            None => {}
            Some(Node::Folder { id, opaque, .. }) => {
                stack.push((*number, id));
                if opaque {
                    break;
                }
            }
            Some(_) if !stack.is_empty() => break,
            Some(Node::Removed) => return Found::Nothing,
            Some(Node::File) => return Found::File,
            Some(Node::Link(link)) => return Found::Link(layer.target(link).to_owned()),
        }
    }
    if stack.is_empty() {
        Found::Nothing
    } else {
        Found::Folder(stack)
    }
}
