//! All rows of a task, before they are split.

/// Inputs of one dtype, row after row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    /// For dense inputs.
    F32(Vec<f32>),
    /// For tokens.
    I64(Vec<i64>),
    /// For tokens that are bytes.
    U8(Vec<u8>),
}

/// Targets, row after row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Labels {
    /// A class for each row.
    Classes(Vec<i64>),
    /// `width` numbers for each row.
    Values { values: Vec<f64>, width: usize },
    /// `width` tokens for each row.
    Tokens { tokens: Vec<u8>, width: usize },
}

impl Labels {
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Values { values, width } => values.len() / (*width).max(1),
            Self::Tokens { tokens, width } => tokens.len() / (*width).max(1),
        }
    }
}

/// `labels.rows()` rows of `width` values each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rows {
    pub(crate) inputs: Values,
    pub(crate) width: usize,
    pub(crate) labels: Labels,
}

impl Rows {
    /// Little-endian bytes of the inputs of the rows `order`.
    pub(crate) fn input_bytes(&self, order: &[usize]) -> Vec<u8> {
        fn gather<T: Copy, const N: usize>(
            values: &[T],
            width: usize,
            order: &[usize],
            bytes: impl Fn(T) -> [u8; N],
        ) -> Vec<u8> {
            let row = |&row: &usize| &values[row * width..(row + 1) * width];
            order
                .iter()
                .flat_map(row)
                .flat_map(|&value| bytes(value))
                .collect()
        }
        match &self.inputs {
            Values::F32(values) => gather(values, self.width, order, f32::to_le_bytes),
            Values::I64(values) => gather(values, self.width, order, i64::to_le_bytes),
            Values::U8(values) => gather(values, self.width, order, |value| [value]),
        }
    }
}
