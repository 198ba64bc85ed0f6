//! Models and predictions as safetensors files.

use burn::tensor::{BoolStore, DType, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::trained::Parameters;

/// The bytes of a file. The format sorts by dtype and name, so the same tensors give
/// the same bytes, and the same as the sandbox's host writes.
///
/// # Errors
/// If a tensor is of a dtype that the format does not have.
pub fn encode(parameters: &Parameters) -> Result<Vec<u8>, String> {
    let views = parameters
        .iter()
        .map(|(name, data)| {
            let dtype = to_file(data.dtype())
                .ok_or_else(|| format!("`{name}` is {:?}, which no file keeps", data.dtype()))?;
            let view = TensorView::new(dtype, data.shape().to_vec(), data.as_bytes())
                .map_err(|error| format!("`{name}`: {error}"))?;
            Ok((name.as_str(), view))
        })
        .collect::<Result<Vec<_>, String>>()?;
    safetensors::serialize(views, None).map_err(|error| error.to_string())
}

/// Reads a file.
///
/// # Errors
/// If it is not such a file.
pub fn decode(bytes: &[u8]) -> Result<Parameters, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    file.iter()
        .map(|(name, view)| {
            let dtype = from_file(view.dtype())
                .ok_or_else(|| format!("`{name}` is {:?}, which no tensor is", view.dtype()))?;
            let shape = view.shape().to_vec();
            let data = TensorData::try_from_bytes_vec(view.data().to_vec(), shape, dtype)
                .map_err(|error| format!("`{name}`: {error:?}"))?;
            Ok((name.to_owned(), data))
        })
        .collect()
}

const DTYPES: [(DType, Dtype); 13] = [
    (DType::F64, Dtype::F64),
    (DType::F32, Dtype::F32),
    (DType::F16, Dtype::F16),
    (DType::BF16, Dtype::BF16),
    (DType::I64, Dtype::I64),
    (DType::I32, Dtype::I32),
    (DType::I16, Dtype::I16),
    (DType::I8, Dtype::I8),
    (DType::U64, Dtype::U64),
    (DType::U32, Dtype::U32),
    (DType::U16, Dtype::U16),
    (DType::U8, Dtype::U8),
    (DType::Bool(BoolStore::Native), Dtype::BOOL),
];

fn to_file(dtype: DType) -> Option<Dtype> {
    let found = DTYPES.iter().find(|(known, _)| *known == dtype);
    found.map(|(_, dtype)| *dtype)
}

fn from_file(dtype: Dtype) -> Option<DType> {
    let found = DTYPES.iter().find(|(_, known)| *known == dtype);
    found.map(|(dtype, _)| *dtype)
}
