//! Named tensors to and from safetensors files.

use std::path::Path;

use burn_backend::{DType, TensorData};
use burn_std::BoolStore;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

/// Tensors with their names, in any order.
pub(crate) type Named = Vec<(String, TensorData)>;

/// The bytes of a safetensors file. The format sorts by dtype and name, so the
/// same tensors give the same bytes.
pub(crate) fn encode(tensors: &Named) -> Result<Vec<u8>, String> {
    let views = tensors
        .iter()
        .map(|(name, data)| {
            let dtype = to_file(data.dtype())?;
            let view = TensorView::new(dtype, data.shape().to_vec(), data.as_bytes())
                .map_err(|error| format!("`{name}`: {error}"))?;
            Ok((name.as_str(), view))
        })
        .collect::<Result<Vec<_>, String>>()?;
    safetensors::serialize(views, None).map_err(|error| error.to_string())
}

/// Reads a safetensors file.
pub(crate) fn load(path: &Path) -> Result<Named, String> {
    let bytes =
        std::fs::read(path).map_err(|error| format!("failed to read the model: {error}"))?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| format!("the model is not safetensors: {error}"))?;
    file.iter()
        .map(|(name, view)| {
            let dtype = from_file(view.dtype()).ok_or(format!("`{name}` has an unknown dtype"))?;
            let shape = view.shape().to_vec();
            let data = TensorData::try_from_bytes_vec(view.data().to_vec(), shape, dtype)
                .map_err(|error| format!("`{name}`: {error:?}"))?;
            Ok((name.to_owned(), data))
        })
        .collect()
}

fn to_file(dtype: DType) -> Result<Dtype, String> {
    Ok(match dtype {
        DType::F64 => Dtype::F64,
        DType::F32 | DType::Flex32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
        DType::U64 => Dtype::U64,
        DType::U32 => Dtype::U32,
        DType::U16 => Dtype::U16,
        DType::U8 => Dtype::U8,
        DType::Bool(BoolStore::Native | BoolStore::U8) => Dtype::BOOL,
        DType::Bool(BoolStore::U32) | DType::QFloat(_) => {
            return Err(format!("a {dtype:?} tensor cannot be kept"));
        }
    })
}

fn from_file(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::F64 => DType::F64,
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::I64 => DType::I64,
        Dtype::I32 => DType::I32,
        Dtype::I16 => DType::I16,
        Dtype::I8 => DType::I8,
        Dtype::U64 => DType::U64,
        Dtype::U32 => DType::U32,
        Dtype::U16 => DType::U16,
        Dtype::U8 => DType::U8,
        Dtype::BOOL => DType::Bool(BoolStore::Native),
        _ => return None,
    })
}
