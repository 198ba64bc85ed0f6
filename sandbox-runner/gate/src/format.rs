//! What kind of file is this? So that the answer to a wrong one helps.

use crate::rejection::{Rejection, Rule};

const WASM_MAGIC: &[u8] = b"\0asm";
/// Version 1, layer 0: a core module.
const CORE_MODULE: [u8; 4] = [1, 0, 0, 0];
/// Layer 1 of any version: a component.
const COMPONENT_LAYER: [u8; 2] = [1, 0];

const HELP: &str = "hand in the .wasm file that `gauntlet method build` wrote";

/// Refuses everything that does not begin like a WebAssembly core module.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Rejection> {
    let wrong = |detail: &str| Err(Rejection::new(Rule::NotAModule, detail, HELP));
    match bytes {
        [] => wrong("the file is empty"),
        // Precompiled code is native code in an ELF file: running it would be running anything.
        [0x7f, b'E', b'L', b'F', ..] => wrong(
            "this is an ELF file: native or precompiled code (.cwasm), which is never accepted",
        ),
        [b'\0', b'a', b's', b'm', rest @ ..] => match rest {
            version if version.len() < 4 => wrong("the file ends within its header"),
            [a, b, c, d, ..] if [*a, *b, *c, *d] == CORE_MODULE => Ok(()),
            [_, _, c, d, ..] if [*c, *d] == COMPONENT_LAYER => {
                wrong("this is a WebAssembly component, but a core module is needed")
            }
            _ => wrong("this is WebAssembly of an unknown version"),
        },
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [b'P', b'K', 3, 4, ..] => {
            wrong("this is a compressed file; a module is handed in as it is")
        }
        _ if looks_like_text(bytes) => wrong("this is text, but a module in binary form is needed"),
        _ => wrong("this is not a WebAssembly module: it does not begin with `\\0asm`"),
    }
}

fn looks_like_text(bytes: &[u8]) -> bool {
    debug_assert!(!bytes.starts_with(WASM_MAGIC));
    let start = &bytes[..bytes.len().min(64)];
    start
        .iter()
        .all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e))
}
