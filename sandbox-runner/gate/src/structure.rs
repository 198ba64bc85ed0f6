//! First pass: sections, counts and sizes. Reads no instruction, so its time is
//! bounded by the size of the file, whatever is in it.

use std::collections::HashMap;

use gauntlet_wire::exports;
use wasmparser::{
    ElementItems, ExternalKind, FuncType, FunctionBody, Parser, Payload, TypeRef, WasmFeatures,
};

use crate::facts::ModuleFacts;
use crate::interface::{self, Exported};
use crate::limits::GateLimits;
use crate::manifest;
use crate::reasons::Reasons;
use crate::rejection::{Rejection, Rule};

const SMALLER: &str = "make the module smaller: build with optimisation and `gauntlet method build`, \
                       which removes what is not used";

/// Walks the sections and completes `facts`.
pub(crate) fn check(
    wasm: &[u8],
    limits: &GateLimits,
    features: WasmFeatures,
    reasons: &mut Reasons,
    facts: &mut ModuleFacts,
) -> Result<(), Rejection> {
    facts.bytes = wasm.len() as u64;
    let mut walk = Walk {
        limits,
        types: Vec::new(),
        functions: Vec::new(),
        exports: HashMap::new(),
        elements: 0,
        reasons,
        facts,
    };
    let mut parser = Parser::new(0);
    parser.set_features(features);
    for payload in parser.parse_all(wasm) {
        walk.section(payload.map_err(|error| Rejection::from_parser(&error))?)?;
    }
    walk.exports()?;
    facts.imports.sort_unstable();
    facts.imports.dedup();
    facts.exports.sort_unstable();
    Ok(())
}

const LESS_DATA: &str = "take tables and weights out of the module: it is to hold code that trains, not what was \
                         trained elsewhere; or ask the organiser for a higher `terms.module_data_bytes`";
const NO_CUSTOM: &str =
    "build with `gauntlet method build`, which leaves names and debug information out";

struct Walk<'a> {
    limits: &'a GateLimits,
    types: Vec<FuncType>,
    /// Type index of every function, imported ones first.
    functions: Vec<u32>,
    exports: HashMap<String, (ExternalKind, u32)>,
    elements: u64,
    reasons: &'a mut Reasons,
    facts: &'a mut ModuleFacts,
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
                self.note(count("function types", section.count(), limits.types))?;
                for ty in section.into_iter_err_on_gc_types() {
                    let ty = ty.map_err(bad)?;
                    self.note(count(
                        "parameters of a function type",
                        length(ty.params()),
                        limits.parameters,
                    ))?;
                    self.note(count(
                        "results of a function type",
                        length(ty.results()),
                        limits.results,
                    ))?;
                    self.types.push(ty);
                }
            }
            Payload::ImportSection(section) => {
                self.note(count("imports", section.count(), limits.imports))?;
                for import in section.into_imports() {
                    let import = import.map_err(bad)?;
                    let checked = interface::check_import(
                        import.module,
                        import.name,
                        &import.ty,
                        &self.types,
                    );
                    self.note(checked)?;
                    if let TypeRef::Func(ty) = import.ty {
                        self.functions.push(ty);
                    }
                    self.facts.imports.push(import.name.to_owned());
                }
            }
            Payload::FunctionSection(section) => {
                self.note(count("functions", section.count(), limits.functions))?;
                self.facts.functions = u64::from(section.count());
                for ty in section {
                    self.functions.push(ty.map_err(bad)?);
                }
            }
            Payload::TableSection(section) => {
                self.note(count("tables", section.count(), limits.tables))?;
                for table in section {
                    let initial = table.map_err(bad)?.ty.initial;
                    let what = "initial elements of a table";
                    let limit = limits.table_elements;
                    self.note(Rejection::unless_within(what, initial, limit, SMALLER))?;
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let initial = memory.map_err(bad)?.initial;
                    self.note(Rejection::unless_within(
                        "initial pages (64 KiB) of the memory",
                        initial,
                        limits.memory_pages,
                        "keep large constants and statics out of the module; tensors live on the \
                         device, not in this memory",
                    ))?;
                    self.facts.memory_pages = initial;
                }
            }
            Payload::GlobalSection(section) => {
                self.note(count("globals", section.count(), limits.globals))?;
            }
            Payload::ExportSection(section) => {
                self.note(count("exports", section.count(), limits.exports))?;
                for export in section {
                    let export = export.map_err(bad)?;
                    self.facts.exports.push(export.name.to_owned());
                    self.exports
                        .insert(export.name.to_owned(), (export.kind, export.index));
                }
            }
            Payload::StartSection { .. } => {
                self.note(Err(Rejection::new(
                    Rule::StartFunction,
                    "the module has a start function, which would run before its budget is set",
                    "remove it; the host calls the exported functions itself",
                )))?;
            }
            Payload::ElementSection(section) => {
                self.note(count(
                    "element segments",
                    section.count(),
                    limits.element_segments,
                ))?;
                for element in section {
                    let items = match element.map_err(bad)?.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    self.elements += u64::from(items);
                    let what = "elements of all segments";
                    // Adding up what is too much already says nothing new.
                    Rejection::unless_within(what, self.elements, limits.elements, SMALLER)?;
                }
            }
            Payload::DataCountSection { count: found, .. } => {
                self.note(count("data segments", found, limits.data_segments))?;
            }
            Payload::DataSection(section) => {
                self.note(count(
                    "data segments",
                    section.count(),
                    limits.data_segments,
                ))?;
                for data in section {
                    self.facts.data_bytes += data.map_err(bad)?.data.len() as u64;
                }
                self.note(Rejection::unless_within(
                    "bytes of all data segments",
                    self.facts.data_bytes,
                    limits.data_bytes,
                    LESS_DATA,
                ))?;
            }
            Payload::CodeSectionStart { count: found, .. } => {
                self.note(count("functions", found, limits.functions))?;
            }
            Payload::CodeSectionEntry(body) => self.body(&body)?,
            Payload::CustomSection(section) => {
                let known = self.facts.manifest.as_ref();
                match manifest::read(section.name(), section.data(), known) {
                    Ok(Some(manifest)) => self.facts.manifest = Some(manifest),
                    Ok(None) => {}
                    Err(refused) => self.note(Err(refused))?,
                }
                let before = self.facts.custom_bytes;
                self.facts.custom_bytes += section.data().len() as u64;
                // Once is enough for the many sections that may follow.
                if before <= limits.custom_bytes {
                    self.note(Rejection::unless_within(
                        "bytes of all custom sections",
                        self.facts.custom_bytes,
                        limits.custom_bytes,
                        NO_CUSTOM,
                    ))?;
                }
            }
            // The remaining kinds are either harmless or refused by validation.
            _ => {}
        }
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), Rejection> {
        const SPLIT: &str = "split the function, or mark parts of it `#[inline(never)]`";
        let bytes = body.as_bytes().len() as u64;
        let what = "bytes of one function";
        let limit = self.limits.function_bytes;
        self.note(Rejection::unless_within(what, bytes, limit, SPLIT))?;
        let reader = body
            .get_locals_reader()
            .map_err(|error| Rejection::from_parser(&error))?;
        let mut locals = 0_u64;
        for group in reader {
            let (count, _) = group.map_err(|error| Rejection::from_parser(&error))?;
            locals += u64::from(count);
            let what = "locals of one function";
            let checked = Rejection::unless_within(what, locals, self.limits.locals, SPLIT);
            if checked.is_err() {
                self.note(checked)?;
                break;
            }
        }
        self.facts.most_locals = self.facts.most_locals.max(locals);
        self.facts.largest_function_bytes = self.facts.largest_function_bytes.max(bytes);
        Ok(())
    }

    fn note(&mut self, checked: Result<(), Rejection>) -> Result<(), Rejection> {
        self.reasons.note(checked)
    }

    fn exports(&mut self) -> Result<(), Rejection> {
        for name in exports::FUNCTIONS {
            let checked = interface::check_function(name, self.exported(name));
            self.note(checked)?;
        }
        let checked = interface::check_memory(self.exported(exports::MEMORY));
        self.note(checked)
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
