//! Modules to hand in: one that enters, and some that must not.

/// A module the gate lets through; each `marker` gives another digest.
pub(crate) fn honest(marker: &str) -> Vec<u8> {
    module("", &format!("(data (i32.const 64) \"{marker}\")"))
}

/// Asks for the host's random numbers through WASI.
pub(crate) fn foreign_import() -> Vec<u8> {
    module(
        r#"(import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))"#,
        "",
    )
}

/// One function with 49,000 locals: most of a minute of register allocation, if it were compiled.
pub(crate) fn compile_bomb() -> Vec<u8> {
    module("", &format!("(func (local {}))", "i64 ".repeat(49_000)))
}

/// Begins its work before any limit is set.
pub(crate) fn start_function() -> Vec<u8> {
    module("", "(func $s (loop (br 0))) (start $s)")
}

fn module(imports: &str, extra: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
            {imports}
            (memory (export "memory") 17)
            (func (export "gauntlet_train"))
            (func (export "gauntlet_predict"))
            {extra})"#
    ))
    .expect("the test module is well-formed text")
}
