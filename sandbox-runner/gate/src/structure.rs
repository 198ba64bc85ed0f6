//! First pass: sections, counts and sizes. Reads no instruction, so its time is
//! bounded by the size of the file, whatever is in it.

use std::collections::HashMap;

use wasmparser::{
    ElementItems, ExternalKind, FuncType, FunctionBody, Parser, Payload, TypeRef, WasmFeatures,
};

use crate::facts::ModuleFacts;
use crate::interface::{self, Exported};
use crate::limits::GateLimits;
use crate::rejection::{Rejection, Rule};

const SMALLER: &str = "make the module smaller: build with optimisation and `gauntlet method build`, \
                       which removes what is not used";

/// Walks the sections and returns what was found.
pub(crate) fn check(
    wasm: &[u8],
    limits: &GateLimits,
    features: WasmFeatures,
) -> Result<ModuleFacts, Rejection> {
    let mut walk = Walk {
        limits,
        types: Vec::new(),
        functions: Vec::new(),
        exports: HashMap::new(),
        elements: 0,
        facts: ModuleFacts {
            bytes: wasm.len() as u64,
            ..ModuleFacts::default()
        },
    };
    let mut parser = Parser::new(0);
    parser.set_features(features);
    for payload in parser.parse_all(wasm) {
        walk.section(payload.map_err(|error| Rejection::from_parser(&error))?)?;
    }
    interface::check_exports(|name| walk.exported(name))?;
    walk.facts.imports.sort_unstable();
    walk.facts.imports.dedup();
    Ok(walk.facts)
}

struct Walk<'a> {
    limits: &'a GateLimits,
    types: Vec<FuncType>,
    /// Type index of every function, imported ones first.
    functions: Vec<u32>,
    exports: HashMap<String, (ExternalKind, u32)>,
    elements: u64,
    facts: ModuleFacts,
}

impl Walk<'_> {
    fn section(&mut self, payload: Payload<'_>) -> Result<(), Rejection> {
        let limits = self.limits;
        let bad = |error: wasmparser::Error| Rejection::from_parser(&error);
        let count = |what: &str, found: u32, limit: u64| {
            Rejection::unless_within(what, u64::from(found), limit, SMALLER)
        };
        match payload {
            Payload::TypeSection(section) => {
                count("function types", section.count(), limits.types)?;
                for ty in section.into_iter_err_on_gc_types() {
                    let ty = ty.map_err(bad)?;
                    count(
                        "parameters of a function type",
                        length(ty.params()),
                        limits.parameters,
                    )?;
                    count(
                        "results of a function type",
                        length(ty.results()),
                        limits.results,
                    )?;
                    self.types.push(ty);
                }
            }
            Payload::ImportSection(section) => {
                count("imports", section.count(), limits.imports)?;
                for import in section.into_imports() {
                    let import = import.map_err(bad)?;
                    interface::check_import(import.module, import.name, &import.ty, &self.types)?;
                    if let TypeRef::Func(ty) = import.ty {
                        self.functions.push(ty);
                    }
                    self.facts.imports.push(import.name.to_owned());
                }
            }
            Payload::FunctionSection(section) => {
                count("functions", section.count(), limits.functions)?;
                self.facts.functions = u64::from(section.count());
                for ty in section {
                    self.functions.push(ty.map_err(bad)?);
                }
            }
            Payload::TableSection(section) => {
                count("tables", section.count(), limits.tables)?;
                for table in section {
                    let initial = table.map_err(bad)?.ty.initial;
                    let what = "initial elements of a table";
                    Rejection::unless_within(what, initial, limits.table_elements, SMALLER)?;
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let initial = memory.map_err(bad)?.initial;
                    Rejection::unless_within(
                        "initial pages (64 KiB) of the memory",
                        initial,
                        limits.memory_pages,
                        "keep large constants and statics out of the module; tensors live on the \
                         device, not in this memory",
                    )?;
                    self.facts.memory_pages = initial;
                }
            }
            Payload::GlobalSection(section) => count("globals", section.count(), limits.globals)?,
            Payload::ExportSection(section) => {
                count("exports", section.count(), limits.exports)?;
                for export in section {
                    let export = export.map_err(bad)?;
                    self.exports
                        .insert(export.name.to_owned(), (export.kind, export.index));
                }
            }
            Payload::StartSection { .. } => {
                return Err(Rejection::new(
                    Rule::StartFunction,
                    "the module has a start function, which would run before its budget is set",
                    "remove it; the host calls the exported functions itself",
                ));
            }
            Payload::ElementSection(section) => {
                count("element segments", section.count(), limits.element_segments)?;
                for element in section {
                    let items = match element.map_err(bad)?.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    self.elements += u64::from(items);
                    let what = "elements of all segments";
                    Rejection::unless_within(what, self.elements, limits.elements, SMALLER)?;
                }
            }
            Payload::DataCountSection { count: found, .. } => {
                count("data segments", found, limits.data_segments)?;
            }
            Payload::DataSection(section) => {
                count("data segments", section.count(), limits.data_segments)?;
            }
            Payload::CodeSectionStart { count: found, .. } => {
                count("functions", found, limits.functions)?;
            }
            Payload::CodeSectionEntry(body) => self.body(&body)?,
            // The remaining kinds are either harmless (custom sections) or refused by validation.
            _ => {}
        }
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), Rejection> {
        const SPLIT: &str = "split the function, or mark parts of it `#[inline(never)]`";
        let bytes = body.as_bytes().len() as u64;
        let what = "bytes of one function";
        Rejection::unless_within(what, bytes, self.limits.function_bytes, SPLIT)?;
        let reader = body
            .get_locals_reader()
            .map_err(|error| Rejection::from_parser(&error))?;
        let mut locals = 0_u64;
        for group in reader {
            let (count, _) = group.map_err(|error| Rejection::from_parser(&error))?;
            locals += u64::from(count);
            let what = "locals of one function";
            Rejection::unless_within(what, locals, self.limits.locals, SPLIT)?;
        }
        self.facts.most_locals = self.facts.most_locals.max(locals);
        self.facts.largest_function_bytes = self.facts.largest_function_bytes.max(bytes);
        Ok(())
    }

    fn exported(&self, name: &str) -> Option<Exported> {
        let (kind, index) = self.exports.get(name)?;
        Some(match kind {
            ExternalKind::Func => {
                let ty = self.functions.get(*index as usize);
                Exported::Function(ty.and_then(|ty| self.types.get(*ty as usize)).cloned())
            }
            ExternalKind::Memory => Exported::Memory,
            _ => Exported::Other,
        })
    }
}

fn length<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}
