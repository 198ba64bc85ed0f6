//! Reading a labelled CSV: no header, the values of a row, then its label.

use std::path::Path;

use crate::error::TaskError;
use crate::rows::{Labels, Rows, Values};

/// Reads `text`; values are multiplied by `scale`.
///
/// # Errors
/// [`TaskError::Data`] with the line that does not fit.
pub(crate) fn read(
    text: &[u8],
    path: &Path,
    width: usize,
    classes: usize,
    scale: f32,
) -> Result<Rows, TaskError> {
    let fault = |line, problem| TaskError::Data {
        path: path.to_path_buf(),
        line,
        problem,
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let mut values = Vec::new();
    let mut labels = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(fault(line, error.to_string())),
        }
        if record.len() != width + 1 {
            let problem = format!(
                "{} columns, {width} values and a label are wanted",
                record.len()
            );
            return Err(fault(line, problem));
        }
        for (column, text) in record.iter().take(width).enumerate() {
            match text.trim().parse::<f32>() {
                Ok(value) if (value * scale).is_finite() => values.push(value * scale),
                _ => {
                    let problem = format!("column {}: `{text}` is not a finite number", column + 1);
                    return Err(fault(line, problem));
                }
            }
        }
        let text = record[width].trim();
        match text.parse::<usize>() {
            Ok(label) if label < classes => labels.push(label as i64),
            _ => {
                let problem = format!(
                    "column {}: `{text}` is not a label from 0 to {}",
                    width + 1,
                    classes - 1
                );
                return Err(fault(line, problem));
            }
        }
    }
    Ok(Rows {
        inputs: Values::F32(values),
        width,
        labels: Labels::Classes(labels),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::read;
    use crate::rows::{Labels, Values};

    fn problem(text: &str) -> String {
        read(text.as_bytes(), Path::new("d.csv"), 2, 3, 1.0)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn values_are_scaled_and_labels_kept() {
        let rows = read(b"1,2,0\n3,16,2\n", Path::new("d.csv"), 2, 3, 0.5).unwrap();
        assert_eq!(rows.inputs, Values::F32(vec![0.5, 1.0, 1.5, 8.0]));
        assert_eq!(rows.labels, Labels::Classes(vec![0, 2]));
    }

    #[test]
    fn faults_name_line_and_column() {
        assert_eq!(
            problem("1,2,0\n1,0\n"),
            "d.csv, line 2: 2 columns, 2 values and a label are wanted"
        );
        assert_eq!(
            problem("1,2,0\n1,x,0\n"),
            "d.csv, line 2: column 2: `x` is not a finite number"
        );
        assert_eq!(
            problem("NaN,2,0\n"),
            "d.csv, line 1: column 1: `NaN` is not a finite number"
        );
        assert_eq!(
            problem("1,2,3\n"),
            "d.csv, line 1: column 3: `3` is not a label from 0 to 2"
        );
        assert_eq!(
            problem("1,2,-1\n"),
            "d.csv, line 1: column 3: `-1` is not a label from 0 to 2"
        );
    }
}
