//! Columns of numbers as small integers: which of a column's borders a value is above.

/// Most borders of a column; a value is above 0 to this many of them.
pub const MOST_BORDERS: usize = 254;

/// A train part, column by column, as places among borders.
pub struct Columns {
    /// Of each column its borders, ascending; none for a constant column.
    pub borders: Vec<Vec<f32>>,
    /// Of each column the number of borders below each row's value.
    pub places: Vec<Vec<u8>>,
}

impl Columns {
    /// Finds borders halfway between neighbouring values, `most` of them at most, such that
    /// about equally many rows lie between two. `values` are `[rows, width]`.
    pub fn new(values: &[f32], width: usize, most: usize) -> Self {
        let rows = values.len() / width;
        let mut borders = Vec::with_capacity(width);
        let mut places = Vec::with_capacity(width);
        for column in 0..width {
            let own: Vec<f32> = (0..rows).map(|row| values[row * width + column]).collect();
            let found = borders_of(&own, most.min(MOST_BORDERS));
            places.push(own.iter().map(|value| place(&found, *value)).collect());
            borders.push(found);
        }
        Self { borders, places }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.places.first().map_or(0, Vec::len)
    }
}

/// How many borders a value is above. There are at most 254.
fn place(borders: &[f32], value: f32) -> u8 {
    borders.partition_point(|border| *border < value) as u8
}

fn borders_of(values: &[f32], most: usize) -> Vec<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let between = |at: usize| 0.5 * (sorted[at - 1] + sorted[at]);
    let steps: Vec<usize> = (1..sorted.len())
        .filter(|at| sorted[at - 1] < sorted[*at])
        .collect();
    if steps.len() <= most {
        return steps.into_iter().map(between).collect();
    }
    // The first step at or after each quantile, each once.
    let mut found: Vec<usize> = (1..=most)
        .filter_map(|nth| {
            let quantile = nth * sorted.len() / (most + 1);
            let next = steps.partition_point(|at| *at < quantile);
            steps.get(next).copied()
        })
        .collect();
    found.dedup();
    found.into_iter().map(between).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_have_a_border_between_any_two() {
        let columns = Columns::new(&[3.0, 7.0, 1.0, 7.0, 2.0, 7.0], 2, 254);
        assert_eq!(columns.borders, [vec![1.5, 2.5], vec![]]);
        assert_eq!(columns.places, [vec![2, 0, 1], vec![0, 0, 0]]);
    }

    #[test]
    fn many_values_are_cut_into_equal_parts() {
        let values: Vec<f32> = (0..1000).map(|n| n as f32).collect();
        let columns = Columns::new(&values, 1, 9);
        assert_eq!(columns.borders[0].len(), 9);
        let mut counts = [0; 10];
        for place in &columns.places[0] {
            counts[usize::from(*place)] += 1;
        }
        assert_eq!(counts, [100; 10]);
    }

    #[test]
    fn a_value_that_most_rows_have_takes_one_place() {
        let mut values = vec![0.0; 900];
        values.extend((1..=100).map(|n| n as f32));
        let columns = Columns::new(&values, 1, 4);
        assert!(!columns.borders[0].is_empty());
        assert!(columns.places[0][..900].iter().all(|place| *place == 0));
    }
}
