//! The functions a module may import and must export, with their types.

use gauntlet_wire::{MODULE, VERSION, exports, imports};
use wasmparser::{FuncType, TypeRef, ValType};

use crate::rejection::{Rejection, Rule, printable};

/// Parameter and result types of an import; `None` if the interface has no such function.
fn signature(name: &str) -> Option<(&'static [ValType], &'static [ValType])> {
    use ValType::{I32, I64};
    Some(match name {
        imports::SUBMIT | imports::TAKE | imports::RANDOM | imports::LOG | imports::FAIL => {
            (&[I32, I32], &[])
        }
        imports::UPLOAD => (&[I64, I32, I32, I32, I32], &[]),
        imports::READ | imports::DTYPE_USAGE | imports::CALL => (&[I32, I32], &[I32]),
        imports::SYNC => (&[], &[]),
        _ => return None,
    })
}

/// Checks one import. `types` is the module's type section.
pub(crate) fn check_import(
    module: &str,
    name: &str,
    ty: &TypeRef,
    types: &[FuncType],
) -> Result<(), Rejection> {
    let shown = format!("`{}.{}`", printable(module), printable(name));
    if module != MODULE {
        if let Some(version) = module.strip_prefix("gauntlet_v") {
            return Err(Rejection::new(
                Rule::InterfaceVersion,
                format!(
                    "the module is built against version {} of the interface (import {shown}), \
                     but this platform speaks version {VERSION}",
                    printable(version)
                ),
                format!(
                    "rebuild it with a release of the SDK whose interface version is {VERSION}"
                ),
            ));
        }
        let hint = if module.starts_with("wasi") {
            "there is no WASI in the sandbox: no files, clock, network or environment; build for \
             wasm32-unknown-unknown"
        } else if module.starts_with("__wbindgen") {
            "this is left over from wasm-bindgen; `gauntlet method build` removes it"
        } else {
            "remove it"
        };
        return Err(Rejection::new(
            Rule::ForeignImport,
            format!("the module imports {shown}, which the sandbox does not offer"),
            format!("only functions of `{MODULE}` may be imported: {hint}"),
        ));
    }
    let TypeRef::Func(index) = ty else {
        return Err(Rejection::new(
            Rule::ForeignImport,
            format!("the module imports {shown}, which is not a function"),
            format!("only functions of `{MODULE}` may be imported"),
        ));
    };
    let Some((parameters, results)) = signature(name) else {
        return Err(Rejection::new(
            Rule::ForeignImport,
            format!("the module imports {shown}, which version {VERSION} of the interface lacks"),
            format!(
                "`{MODULE}` has these functions: {}",
                imports::ALL.join(", ")
            ),
        ));
    };
    let given = types.get(*index as usize);
    if given.is_none_or(|ty| ty.params() != parameters || ty.results() != results) {
        return Err(Rejection::new(
            Rule::ImportType,
            format!(
                "the import {shown} has type {}, but its type is {}",
                given.map_or_else(
                    || "unknown".to_owned(),
                    |ty| show(ty.params(), ty.results())
                ),
                show(parameters, results)
            ),
            "use the bindings of the SDK instead of declaring the import by hand",
        ));
    }
    Ok(())
}

/// Kind and type of something exported, as far as the interface cares.
#[derive(Clone, Debug)]
pub(crate) enum Exported {
    Function(Option<FuncType>),
    Memory,
    Other,
}

const EXPORT_HELP: &str = "export the method with `gauntlet_method::export!(YourMethod);`";

/// Checks one of the functions that a method must export.
pub(crate) fn check_function(name: &str, found: Option<Exported>) -> Result<(), Rejection> {
    let wrong = |detail: String| Err(Rejection::new(Rule::Export, detail, EXPORT_HELP));
    match found {
        None => wrong(format!("the module does not export the function `{name}`")),
        Some(Exported::Function(Some(ty))) if ty.params().is_empty() && ty.results().is_empty() => {
            Ok(())
        }
        Some(Exported::Function(ty)) => wrong(format!(
            "the export `{name}` has type {}, but its type is () -> ()",
            ty.map_or_else(
                || "unknown".to_owned(),
                |ty| show(ty.params(), ty.results())
            )
        )),
        Some(_) => wrong(format!("the export `{name}` is not a function")),
    }
}

/// Checks the memory that a method must export.
pub(crate) fn check_memory(found: Option<Exported>) -> Result<(), Rejection> {
    let wrong = |detail: String| Err(Rejection::new(Rule::Export, detail, EXPORT_HELP));
    match found {
        Some(Exported::Memory) => Ok(()),
        Some(_) => wrong(format!("the export `{}` is not a memory", exports::MEMORY)),
        None => wrong(format!(
            "the module does not export its memory as `{}`",
            exports::MEMORY
        )),
    }
}

fn show(parameters: &[ValType], results: &[ValType]) -> String {
    let list = |types: &[ValType]| {
        types
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    format!("({}) -> ({})", list(parameters), list(results))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_import_of_the_interface_has_a_signature() {
        for name in imports::ALL {
            assert!(signature(name).is_some(), "{name}");
        }
        assert!(signature("empty").is_none());
    }
}
