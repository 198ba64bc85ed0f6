//! Second pass: full validation, with the features that are on, and two limits
//! that only show while instructions are read.

use wasmparser::{
    FuncValidatorAllocations, Parser, ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use crate::facts::ModuleFacts;
use crate::limits::GateLimits;
use crate::reasons::Reasons;
use crate::rejection::{Rejection, Rule};

/// What compilers emit for `wasm32-unknown-unknown` today. Everything else is off:
/// threads and 64-bit memories because the sandbox cannot meter or bound them,
/// garbage collection, exceptions and tail calls because no method needs them and
/// they are young code in an engine, relaxed SIMD because its results differ
/// between machines.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SIMD
        | WasmFeatures::FLOATS
        | WasmFeatures::EXTENDED_CONST
}

/// Validates the module and completes `facts`.
pub(crate) fn check(
    wasm: &[u8],
    limits: &GateLimits,
    features: WasmFeatures,
    reasons: &mut Reasons,
    facts: &mut ModuleFacts,
) -> Result<(), Rejection> {
    let bad = |error: wasmparser::Error| Rejection::from_parser(&error);
    let mut validator = Validator::new_with_features(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut allocations = FuncValidatorAllocations::default();
    for payload in parser.parse_all(wasm) {
        let payload = payload.map_err(bad)?;
        if let ValidPayload::Func(function, body) = validator.payload(&payload).map_err(bad)? {
            let mut function = function.into_validator(allocations);
            let checked = check_function(&mut function, &body, limits, facts);
            // A function that was not read to its end cannot be finished, but the others can.
            match checked {
                Err(rejection) if rejection.rule == Rule::TooLarge => {
                    reasons.note(Err(rejection))?;
                }
                checked => checked?,
            }
            allocations = function.into_allocations();
        }
    }
    Ok(())
}

fn check_function(
    function: &mut wasmparser::FuncValidator<ValidatorResources>,
    body: &wasmparser::FunctionBody<'_>,
    limits: &GateLimits,
    facts: &mut ModuleFacts,
) -> Result<(), Rejection> {
    const SPLIT: &str = "split the function, or mark parts of it `#[inline(never)]`";
    let bad = |error: wasmparser::Error| Rejection::from_parser(&error);
    let mut reader = body.get_binary_reader();
    function.read_locals(&mut reader).map_err(bad)?;
    let (mut operands, mut nesting) = (0, 0);
    let mut operators = wasmparser::OperatorsReader::new(reader);
    while !operators.eof() {
        let offset = operators.original_position();
        let operator = operators.read().map_err(bad)?;
        function.op(offset, &operator).map_err(bad)?;
        operands = operands.max(u64::from(function.operand_stack_height()));
        nesting = nesting.max(u64::from(function.control_stack_height()));
        if operands > limits.operands || nesting > limits.nesting {
            break;
        }
    }
    let what = "operands on the stack of one function";
    Rejection::unless_within(what, operands, limits.operands, SPLIT)?;
    let what = "blocks within blocks in one function";
    Rejection::unless_within(what, nesting, limits.nesting, SPLIT)?;
    operators.finish().map_err(bad)?;
    facts.most_operands = facts.most_operands.max(operands);
    facts.deepest_nesting = facts.deepest_nesting.max(nesting);
    Ok(())
}
