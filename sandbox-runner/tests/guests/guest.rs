//! Writes guests in WebAssembly text: what a method could do if its author wrote it by
//! hand instead of with the SDK.

use burn_backend::{DType, Shape};
use burn_ir::{BaseOperationIr, CreationOpIr, OperationIr, TensorId, TensorIr, TensorStatus};
use gauntlet_wire::calls::{Call, Measured, Parameter};
use gauntlet_wire::ops::MessageRef;

/// Where the guest's constants begin.
const DATA: usize = 4096;

/// A guest under construction: code of its two exports, and constants.
#[derive(Default)]
pub(crate) struct Guest {
    data: Vec<u8>,
    train: String,
    predict: String,
    /// Pages of memory at the start, if not a few.
    pages: Option<u32>,
    /// Functions and the like.
    fields: String,
    /// The module as it is, instead of all that.
    whole: Option<Vec<u8>>,
}

impl Guest {
    /// A guest that does what is wanted of it: its model is its first training batch, its
    /// predictions are the hidden inputs.
    pub(crate) fn honest() -> Self {
        let mut guest = Self::default();
        let train = guest.batch(1, 2) + &guest.checkpoint("weights", 1);
        let predict = guest.calls(&[
            Call::HiddenInputs { inputs: 1 },
            Call::Predictions { tensor: 1 },
        ]);
        guest.train(&train).predict(&predict)
    }

    /// An honest guest that runs `code` before it trains.
    pub(crate) fn before_training(code: &str) -> Self {
        let mut guest = Self::honest();
        guest.train.insert_str(0, code);
        guest
    }

    /// A guest whose training makes these calls.
    pub(crate) fn calling(calls: &[Call]) -> Self {
        let mut guest = Self::honest();
        let code = guest.calls(calls);
        guest.train = code + &guest.train;
        guest
    }

    /// A guest whose training sends these operations.
    pub(crate) fn operating(operations: &[OperationIr]) -> Self {
        let mut guest = Self::honest();
        let code = guest.submit(operations);
        guest.train = code + &guest.train;
        guest
    }

    /// These bytes, whatever they are.
    pub(crate) fn bytes(bytes: Vec<u8>) -> Self {
        Self {
            whole: Some(bytes),
            ..Self::default()
        }
    }

    /// A module of these fields alone, beside a memory and two exports that do nothing.
    pub(crate) fn bare(fields: &str) -> Self {
        let text = format!(
            r#"(module {fields} (memory (export "memory") 1)
            (func (export "gauntlet_train")) (func (export "gauntlet_predict")))"#
        );
        Self::bytes(wat::parse_str(text).expect("the guest is well-formed text"))
    }

    pub(crate) fn train(mut self, code: &str) -> Self {
        self.train = code.to_owned();
        self
    }

    pub(crate) fn predict(mut self, code: &str) -> Self {
        self.predict = code.to_owned();
        self
    }

    pub(crate) fn fields(mut self, fields: &str) -> Self {
        self.fields = fields.to_owned();
        self
    }

    pub(crate) fn pages(mut self, pages: u32) -> Self {
        self.pages = Some(pages);
        self
    }

    /// Adds a constant; its address and length as two operands.
    pub(crate) fn constant(&mut self, bytes: &[u8]) -> String {
        let address = DATA + self.data.len();
        self.data.extend_from_slice(bytes);
        format!("(i32.const {address}) (i32.const {})", bytes.len())
    }

    /// Code of a structured call.
    pub(crate) fn call(&mut self, call: &Call) -> String {
        let json = serde_json::to_vec(call).expect("calls are JSON");
        format!("(drop (call $call {}))", self.constant(&json))
    }

    pub(crate) fn calls(&mut self, calls: &[Call]) -> String {
        calls.iter().map(|call| self.call(call)).collect()
    }

    /// Code that asks for a training batch.
    pub(crate) fn batch(&mut self, inputs: u64, labels: u64) -> String {
        self.call(&Call::NextBatch {
            size: 4,
            inputs,
            labels,
        })
    }

    /// Code that checks a tensor in as the model.
    pub(crate) fn checkpoint(&mut self, name: &str, tensor: u64) -> String {
        self.checkpoint_at(0, None, name, tensor)
    }

    /// The same at a step, with a measure.
    pub(crate) fn checkpoint_at(
        &mut self,
        step: u64,
        measured: Option<Measured>,
        name: &str,
        tensor: u64,
    ) -> String {
        let parameters = vec![Parameter {
            name: name.to_owned(),
            tensor,
        }];
        self.call(&Call::Checkpoint {
            parameters,
            step,
            measured,
        })
    }

    /// Code that sends operations.
    pub(crate) fn submit(&mut self, operations: &[OperationIr]) -> String {
        let batch: Vec<u8> = operations.iter().flat_map(encoded).collect();
        self.submit_bytes(&batch)
    }

    /// Code that sends what is meant to be a batch of operations.
    pub(crate) fn submit_bytes(&mut self, batch: &[u8]) -> String {
        format!("(call $submit {})", self.constant(batch))
    }

    /// Code that puts data on the device.
    pub(crate) fn upload(&mut self, id: u64, shape: &[usize], dtype: DType, data: &[u8]) -> String {
        let header = postcard::to_allocvec(&(Shape::from(shape.to_vec()), dtype));
        let header = self.constant(&header.expect("it has a size"));
        let data = self.constant(data);
        format!("(call $upload (i64.const {id}) {header} {data})")
    }

    /// The module.
    pub(crate) fn module(&self) -> Vec<u8> {
        if let Some(whole) = &self.whole {
            return whole.clone();
        }
        let data: String = self
            .data
            .iter()
            .map(|byte| format!("\\{byte:02x}"))
            .collect();
        let Self {
            train,
            predict,
            fields,
            pages,
            ..
        } = self;
        // Enough for the constants, if nothing else is said.
        let needed = (DATA + self.data.len()).div_ceil(1 << 16) + 3;
        let pages = pages.map_or(needed, |pages| pages as usize);
        let text = format!(
            r#"(module
            (import "gauntlet_v2" "submit" (func $submit (param i32 i32)))
            (import "gauntlet_v2" "upload" (func $upload (param i64 i32 i32 i32 i32)))
            (import "gauntlet_v2" "read" (func $read (param i32 i32) (result i32)))
            (import "gauntlet_v2" "take" (func $take (param i32 i32)))
            (import "gauntlet_v2" "sync" (func $sync))
            (import "gauntlet_v2" "dtype_usage" (func $dtype_usage (param i32 i32) (result i32)))
            (import "gauntlet_v2" "random" (func $random (param i32 i32)))
            (import "gauntlet_v2" "log" (func $log (param i32 i32)))
            (import "gauntlet_v2" "fail" (func $fail (param i32 i32)))
            (import "gauntlet_v2" "call" (func $call (param i32 i32) (result i32)))
            (memory (export "memory") {pages})
            (data (i32.const {DATA}) "{data}")
            {fields}
            (func (export "gauntlet_train") {train})
            (func (export "gauntlet_predict") {predict}))"#
        );
        wat::parse_str(text).expect("the guest is well-formed text")
    }
}

/// An operation as it is sent.
pub(crate) fn encoded(operation: &OperationIr) -> Vec<u8> {
    postcard::to_allocvec(&MessageRef::Op(operation)).expect("it has a size")
}

/// A tensor of floats as an operation names it.
pub(crate) fn tensor(id: u64, shape: &[usize], status: TensorStatus) -> TensorIr {
    typed(id, shape, status, DType::F32)
}

/// A tensor as an operation names it.
pub(crate) fn typed(id: u64, shape: &[usize], status: TensorStatus, dtype: DType) -> TensorIr {
    TensorIr {
        id: TensorId::new(id),
        shape: Shape::from(shape.to_vec()),
        status,
        dtype,
    }
}

/// The operation that makes a tensor of ones.
pub(crate) fn ones(id: u64, shape: &[usize]) -> OperationIr {
    let out = tensor(id, shape, TensorStatus::NotInit);
    OperationIr::BaseFloat(BaseOperationIr::Ones(CreationOpIr { out }))
}
