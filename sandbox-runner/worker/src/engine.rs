//! How WebAssembly is compiled and run. Compiling and running must agree on all of it.

use std::hash::{DefaultHasher, Hash, Hasher};

use wasmtime::{Config, Engine, OptLevel};

use crate::defences::{Defence, Defences};
use crate::instruction_price;

/// Most that a guest's frames may take.
const STACK: usize = 1 << 20;

/// The engine.
///
/// Deterministic: NaNs are canonical, relaxed SIMD and threads are off, and what the
/// guest computes is counted as fuel, instruction by instruction, until its budget of
/// work is used up. So code that never returns ends without anything that interrupts it by
/// time, whose check in every loop would be paid for by honest guests; the clock is looked
/// at in imports, and the supervisor kills by wall time what lives in neither.
pub(crate) fn engine(defences: Defences) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    // As much as the engine lets anybody ask for, if there is to be no limit.
    let stack = if defences.has(Defence::GuestStack) {
        STACK
    } else {
        2 * STACK
    };
    config
        .consume_fuel(true)
        .operator_cost(instruction_price::table())
        .cranelift_nan_canonicalization(defences.has(Defence::CanonicalNans))
        .cranelift_opt_level(OptLevel::Speed)
        .max_wasm_stack(stack)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false);
    Engine::new(&config)
}

/// What a compiled module depends on: the engine's version and settings, and this machine's CPU.
pub(crate) fn fingerprint(defences: Defences) -> String {
    let mut hasher = DefaultHasher::new();
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    match engine(defences) {
        Ok(engine) => engine.precompile_compatibility_hash().hash(&mut hasher),
        Err(error) => error.to_string().hash(&mut hasher),
    }
    format!("{:016x}", hasher.finish())
}
