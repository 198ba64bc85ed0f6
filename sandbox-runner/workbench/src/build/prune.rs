//! From a linked cdylib to the module that is submitted.
//!
//! Burn's dependencies pull wasm-bindgen in for this target. It leaves thousands
//! of describing exports and a handful of imports, none of which a method calls;
//! the gate would rightly refuse them all.

use thiserror::Error;
use walrus::{ExportItem, ImportKind, Module, ModuleConfig};

/// What a method may import from, and must export beside its memory.
const IMPORTS_FROM: &str = "gauntlet_v2";
const FUNCTIONS: [&str; 2] = ["gauntlet_train", "gauntlet_predict"];
const MEMORY: &str = "memory";
/// The custom section that stays: what the module says about itself.
const MANIFEST: &str = "gauntlet.method";

/// Why a module is not a method.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PruneError {
    /// Not a module that can be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// The entry points are not there.
    #[error("it does not export {0}; gauntlet_method::export!(YourMethod) makes the entry points")]
    NoExport(&'static str),
    /// It wants something that cannot be replaced by a trap.
    #[error("it imports the {kind} {module}.{name}; a method gets functions of gauntlet_v2 only")]
    Import {
        /// `memory`, `table`, `global` or `tag`.
        kind: &'static str,
        /// The import's module.
        module: String,
        /// The import's name.
        name: String,
    },
}

/// A module reduced to what the sandbox admits.
pub(crate) struct Pruned {
    /// The module.
    pub(crate) wasm: Vec<u8>,
    /// Imports (`module.name`) that were reachable and now trap.
    pub(crate) trapped: Vec<String>,
}

/// Keeps the entry points and what they reach, turns imports that the sandbox
/// does not have into traps, and drops names, debug information and every custom
/// section but the manifest (they hold paths of the machine that built it).
pub(crate) fn prune(wasm: &[u8]) -> Result<Pruned, PruneError> {
    let mut config = ModuleConfig::new();
    config
        .generate_name_section(false)
        .generate_producers_section(false)
        .generate_dwarf(false);
    let mut module = config
        .parse(wasm)
        .map_err(|error| PruneError::Unreadable(format!("{error:#}")))?;
    drop_exports(&mut module)?;
    let custom: Vec<_> = module
        .customs
        .iter()
        .filter(|(_, section)| section.name() != MANIFEST)
        .map(|(id, _)| id)
        .collect();
    for id in custom {
        module.customs.delete(id);
    }
    walrus::passes::gc::run(&mut module);
    let trapped = trap_imports(&mut module)?;
    walrus::passes::gc::run(&mut module);
    Ok(Pruned {
        wasm: module.emit_wasm(),
        trapped,
    })
}

fn drop_exports(module: &mut Module) -> Result<(), PruneError> {
    for name in FUNCTIONS {
        let found = module
            .exports
            .iter()
            .any(|export| export.name == name && matches!(export.item, ExportItem::Function(_)));
        if !found {
            return Err(PruneError::NoExport(name));
        }
    }
    let has_memory = |export: &walrus::Export| {
        export.name == MEMORY && matches!(export.item, ExportItem::Memory(_))
    };
    if !module.exports.iter().any(has_memory) {
        return Err(PruneError::NoExport(MEMORY));
    }
    let others: Vec<_> = module
        .exports
        .iter()
        .filter(|export| export.name != MEMORY && !FUNCTIONS.contains(&export.name.as_str()))
        .map(walrus::Export::id)
        .collect();
    for id in others {
        module.exports.delete(id);
    }
    Ok(())
}

fn trap_imports(module: &mut Module) -> Result<Vec<String>, PruneError> {
    let mut foreign = Vec::new();
    for import in module
        .imports
        .iter()
        .filter(|import| import.module != IMPORTS_FROM)
    {
        let kind = match import.kind {
            ImportKind::Function(function) => {
                foreign.push((function, format!("{}.{}", import.module, import.name)));
                continue;
            }
            ImportKind::Table(_) => "table",
            ImportKind::Memory(_) => "memory",
            ImportKind::Global(_) => "global",
            ImportKind::Tag(_) => "tag",
        };
        return Err(PruneError::Import {
            kind,
            module: import.module.clone(),
            name: import.name.clone(),
        });
    }
    let mut names = Vec::with_capacity(foreign.len());
    for (function, name) in foreign {
        module
            .replace_imported_func(function, |(body, _)| {
                body.unreachable();
            })
            .map_err(|error| PruneError::Unreadable(format!("{error:#}")))?;
        names.push(name);
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(wasm: &[u8]) -> Module {
        Module::from_buffer(wasm).unwrap()
    }

    fn method(extra: &str, body: &str) -> Vec<u8> {
        let text = format!(
            r#"(module $secret_of_the_build_machine
                (import "gauntlet_v2" "sync" (func $sync))
                {extra}
                (memory (export "memory") 1)
                (func $train (export "gauntlet_train") call $sync {body})
                (func (export "gauntlet_predict"))
                (@custom "linking_notes" "/home/someone")
                (@custom "gauntlet.method" "{{}}"))"#
        );
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn keeps_the_entry_points_and_nothing_else() {
        let wasm = method(
            r#"(import "__wbindgen_placeholder__" "__wbindgen_describe" (func $describe (param i32)))
               (func (export "__wbindgen_describe_x") i32.const 1 call $describe)"#,
            "",
        );
        let pruned = prune(&wasm).unwrap();
        let module = parse(&pruned.wasm);
        let mut exports: Vec<_> = module.exports.iter().map(|e| e.name.clone()).collect();
        exports.sort();
        assert_eq!(exports, ["gauntlet_predict", "gauntlet_train", "memory"]);
        let imports: Vec<_> = module
            .imports
            .iter()
            .map(|i| format!("{}.{}", i.module, i.name))
            .collect();
        assert_eq!(imports, ["gauntlet_v2.sync"]);
        assert!(
            pruned.trapped.is_empty(),
            "the placeholder was not reachable: {:?}",
            pruned.trapped
        );
    }

    #[test]
    fn drops_names_and_custom_sections() {
        let wasm = method("", "");
        let contains = |bytes: &[u8], needle: &str| {
            bytes
                .windows(needle.len())
                .any(|window| window == needle.as_bytes())
        };
        assert!(contains(&wasm, "secret_of_the_build_machine") && contains(&wasm, "/home/someone"));
        let pruned = prune(&wasm).unwrap().wasm;
        assert!(!contains(&pruned, "secret_of_the_build_machine"));
        assert!(!contains(&pruned, "/home/someone"));
        let customs = parse(&pruned);
        let customs: Vec<_> = customs
            .customs
            .iter()
            .map(|(_, c)| c.name().to_owned())
            .collect();
        assert_eq!(
            customs,
            ["gauntlet.method"],
            "what it says about itself stays"
        );
    }

    #[test]
    fn a_reachable_foreign_function_becomes_a_trap_and_is_named() {
        let wasm = method(
            r#"(import "env" "clock" (func $clock (param i64) (result f64)))"#,
            "i64.const 3 call $clock drop",
        );
        let pruned = prune(&wasm).unwrap();
        assert_eq!(pruned.trapped, ["env.clock"]);
        let text = format!("{:?}", pruned.wasm.windows(3).find(|w| w == b"env"));
        assert_eq!(text, "None");
        assert_eq!(parse(&pruned.wasm).imports.iter().count(), 1);
    }

    #[test]
    fn a_foreign_memory_is_refused_by_name() {
        let wasm = wat::parse_str(
            r#"(module (import "env" "memory" (memory 1)) (export "memory" (memory 0))
                (func (export "gauntlet_train")) (func (export "gauntlet_predict")))"#,
        )
        .unwrap();
        assert_eq!(
            prune(&wasm).err(),
            Some(PruneError::Import {
                kind: "memory",
                module: "env".into(),
                name: "memory".into()
            })
        );
    }

    #[test]
    fn a_module_without_the_entry_points_is_refused() {
        let wasm = wat::parse_str(
            r#"(module (memory (export "memory") 1) (func (export "gauntlet_train")))"#,
        )
        .unwrap();
        assert_eq!(
            prune(&wasm).err(),
            Some(PruneError::NoExport("gauntlet_predict"))
        );
        // The right name on the wrong kind of thing is no entry point either.
        let wasm = wat::parse_str(
            r#"(module (memory (export "memory") 1) (func (export "gauntlet_train"))
                (global (export "gauntlet_predict") i32 (i32.const 0)))"#,
        )
        .unwrap();
        assert_eq!(
            prune(&wasm).err(),
            Some(PruneError::NoExport("gauntlet_predict"))
        );
    }

    #[test]
    fn bytes_that_are_no_module_are_an_error() {
        assert!(matches!(
            prune(b"\x7fELF and so on"),
            Err(PruneError::Unreadable(_))
        ));
    }

    #[test]
    fn pruning_is_deterministic_and_settles() {
        let wasm = method(r#"(import "env" "f" (func $f))"#, "call $f");
        let once = prune(&wasm).unwrap().wasm;
        assert_eq!(once, prune(&wasm).unwrap().wasm);
        assert_eq!(once, prune(&once).unwrap().wasm);
    }
}
