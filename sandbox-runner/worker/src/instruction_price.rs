//! What an instruction of the guest's costs, in units of work. The engine counts: the sum is
//! the same on every machine, and a guest that has used up its budget stops at the same
//! instruction everywhere.
//!
//! The prices follow what the compiled code does. Reading a local or a constant is nothing
//! but the choice of a register, so it is free: what is left of a loop of floating-point
//! numbers are its loads, its arithmetic and its stores, which are priced as the bytes and
//! FLOPs of tensors are, within a factor of two (docs/PERFORMANCE.md has the figures).
//! No code is free for long: functions are bounded in size, and every way to come back to
//! an instruction, a branch or a call, costs something.

use wasmtime::{OperatorCost, VariableOperatorCost};

/// An instruction that none of the others says anything about.
const PLAIN: u8 = 1;
/// A choice of register, no code.
const FREE: u8 = 0;
/// A branch: where it goes back, fuel is looked at.
const BRANCH: u8 = 3;
/// A call: a frame, and fuel is looked at.
const CALL: u8 = 8;
/// A division of integers, or a square root or a division of floats.
const DIVISION: u8 = 16;
/// Four lanes or more at once.
const VECTOR: u8 = 4;
/// What the engine does outside of compiled code, however small the operand.
const OUTSIDE: u8 = 64;
/// The same for growing, where a refusal must not be for nothing.
const GROW: u8 = 255;

/// What an instruction costs.
pub(crate) const fn table() -> OperatorCost {
    let mut cost = by_proposal();
    cost.LocalGet = FREE;
    cost.LocalSet = FREE;
    cost.LocalTee = FREE;
    cost.I32Const = FREE;
    cost.I64Const = FREE;
    cost.F32Const = FREE;
    cost.F64Const = FREE;
    cost.If = BRANCH;
    cost.Br = BRANCH;
    cost.BrIf = BRANCH;
    cost.BrTable = BRANCH;
    cost.Call = CALL;
    cost.CallIndirect = 2 * CALL;
    cost.I32DivS = DIVISION;
    cost.I32DivU = DIVISION;
    cost.I32RemS = DIVISION;
    cost.I32RemU = DIVISION;
    cost.I64DivS = DIVISION;
    cost.I64DivU = DIVISION;
    cost.I64RemS = DIVISION;
    cost.I64RemU = DIVISION;
    cost.F32Div = DIVISION;
    cost.F32Sqrt = DIVISION;
    cost.F64Div = DIVISION;
    cost.F64Sqrt = DIVISION;
    cost.F32x4Div = DIVISION;
    cost.F32x4Sqrt = DIVISION;
    cost.F64x2Div = DIVISION;
    cost.F64x2Sqrt = DIVISION;
    cost.MemoryCopy = OUTSIDE;
    cost.MemoryFill = OUTSIDE;
    cost.MemoryInit = OUTSIDE;
    cost.DataDrop = OUTSIDE;
    cost.TableGet = CALL;
    cost.TableSet = CALL;
    cost.TableCopy = OUTSIDE;
    cost.TableFill = OUTSIDE;
    cost.TableInit = OUTSIDE;
    cost.ElemDrop = OUTSIDE;
    cost.MemoryGrow = GROW;
    cost.TableGrow = GROW;
    cost.variable = by_size();
    cost
}

/// What is paid for each byte, element or page beside.
const fn by_size() -> VariableOperatorCost {
    let mut cost = VariableOperatorCost::new();
    // Read and written, as a tensor that is copied.
    cost.memory_copy_per_byte = 2;
    cost.memory_init_per_byte = 2;
    cost.memory_fill_per_byte = 1;
    cost.memory_grow_per_page = GROW;
    cost.table_copy_per_element = CALL;
    cost.table_fill_per_element = CALL;
    cost.table_init_per_element = OUTSIDE;
    cost.table_grow_per_element = PLAIN;
    cost
}

macro_rules! price {
    (simd) => {
        VECTOR
    };
    (relaxed_simd) => {
        VECTOR
    };
    ($other:ident) => {
        PLAIN
    };
}

macro_rules! by_proposal {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        const fn by_proposal() -> OperatorCost {
            // What generates no code costs nothing in the engine's own table.
            let none = OperatorCost::new();
            let mut cost = OperatorCost::new();
            $(
                if none.$op != FREE {
                    cost.$op = price!($proposal);
                }
            )*
            cost
        }
    };
}

wasmparser::for_each_operator!(by_proposal);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_comes_back_is_free() {
        let cost = table();
        for (name, price) in [
            ("br", cost.Br),
            ("br_if", cost.BrIf),
            ("br_table", cost.BrTable),
            ("call", cost.Call),
            ("call_indirect", cost.CallIndirect),
            ("memory.grow", cost.MemoryGrow),
            ("table.grow", cost.TableGrow),
        ] {
            assert!(price >= BRANCH, "{name} costs {price}");
        }
    }

    #[test]
    fn lanes_are_paid_for() {
        let cost = table();
        assert_eq!((cost.F32Mul, cost.F32x4Mul), (PLAIN, 4 * PLAIN));
        assert_eq!((cost.V128Load, cost.I8x16Add), (VECTOR, VECTOR));
        assert_eq!((cost.Block, cost.End, cost.LocalGet), (0, 0, 0));
    }
}
