//! The name of an operation without its fields, cheap enough to take before each one is executed.
//!
//! Serialisation tells a variant's name before its fields, as a static string: a
//! serialiser that notes the names and gives up at the first field costs a few
//! nanoseconds and no allocation.

use std::fmt;

use burn_ir::OperationIr;
use serde::ser::{self, Impossible, Serialize, Serializer};

/// Name of an operation, such as `NumericFloat(Add)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationKind {
    family: &'static str,
    operation: Option<&'static str>,
}

impl OperationKind {
    /// The kind of an operation.
    #[must_use]
    pub fn of(op: &OperationIr) -> Self {
        let mut names = Names::default();
        // The error is how it says that it has read enough.
        let _ = op.serialize(&mut names);
        Self {
            family: names.0[0].unwrap_or("an operation"),
            operation: names.0[1],
        }
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.operation {
            Some(operation) => write!(formatter, "{}({operation})", self.family),
            None => formatter.write_str(self.family),
        }
    }
}

/// Names of the family and of the operation in it.
#[derive(Default)]
struct Names([Option<&'static str>; 2]);

impl Names {
    fn note(&mut self, name: &'static str) {
        let free = self.0.iter_mut().find(|name| name.is_none());
        if let Some(free) = free {
            *free = Some(name);
        }
    }
}

/// The names are known, or there are none.
#[derive(Debug)]
struct Enough;

impl fmt::Display for Enough {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("enough")
    }
}

impl std::error::Error for Enough {}

impl ser::Error for Enough {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Never = Impossible<(), Enough>;

macro_rules! enough {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)+) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$ok, Enough> {
            Err(Enough)
        })+
    };
}

impl<'a> Serializer for &'a mut Names {
    type Ok = ();
    type Error = Enough;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Pair<'a>;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    enough! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct(&'static str, usize) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Enough> {
        Err(Enough)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<(), Enough> {
        Err(Enough)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<(), Enough> {
        self.note(name);
        Err(Enough)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        fields: &T,
    ) -> Result<(), Enough> {
        self.note(name);
        fields.serialize(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Pair<'a>, Enough> {
        self.note(name);
        Ok(Pair {
            names: self,
            dtype: true,
        })
    }
}

/// A dtype, which is not part of the name, and an operation.
struct Pair<'a> {
    names: &'a mut Names,
    dtype: bool,
}

impl ser::SerializeTupleVariant for Pair<'_> {
    type Ok = ();
    type Error = Enough;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, field: &T) -> Result<(), Enough> {
        if std::mem::take(&mut self.dtype) {
            return Ok(());
        }
        field.serialize(&mut *self.names)
    }

    fn end(self) -> Result<(), Enough> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use burn_backend::{DType, Shape};
    use burn_ir::{
        BaseOperationIr, CreationOpIr, NumericOperationIr, OperationIr, TensorId, TensorIr,
        UnaryOpIr,
    };

    use super::OperationKind;

    #[test]
    fn a_kind_is_family_and_operation() {
        let id = || TensorId::new(1);
        let op = CreationOpIr::create(Shape::from([1]), DType::F32, id);
        let tensor = op.out.clone();
        let zeros = OperationIr::BaseFloat(BaseOperationIr::Zeros(op));
        assert_eq!(OperationKind::of(&zeros).to_string(), "BaseFloat(Zeros)");
        let op = NumericOperationIr::Abs(UnaryOpIr::create(tensor.clone(), || TensorId::new(2)));
        let abs = OperationIr::NumericFloat(DType::F32, op);
        assert_eq!(OperationKind::of(&abs).to_string(), "NumericFloat(Abs)");
        let drop = OperationIr::Drop(TensorIr { ..tensor });
        assert_eq!(OperationKind::of(&drop).to_string(), "Drop");
    }
}
