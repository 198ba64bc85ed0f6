//! Trees one after another: as plain numbers, and as the parameters of the model.

use burn::module::Param;
use burn::tensor::TensorData;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

use crate::columns::Columns;
use crate::tree::Grown;
use crate::{Forest, numbers};

/// The trees of a model.
pub struct Trees {
    pub depth: usize,
    /// Scores before the first tree, `[outputs]`.
    pub start: Vec<f32>,
    /// Column of each question, `[trees, depth]`.
    pub columns: Vec<f32>,
    /// Its border, likewise; none is above one that is infinite.
    pub borders: Vec<f32>,
    /// `[trees, 2^depth, outputs]`.
    pub leaves: Vec<f32>,
}

impl Trees {
    /// Adds a tree with the values of its leaves, `[2^depth, outputs]`.
    pub fn push(&mut self, columns: &Columns, grown: &Grown, values: Vec<f32>) {
        for level in 0..self.depth {
            let question = grown.questions.get(level);
            let (column, border) = question.map_or((0, f32::MAX), |&(column, border)| {
                (column, columns.borders[column][border])
            });
            self.columns.push(column as f32);
            self.borders.push(border);
        }
        self.leaves.extend(values);
    }

    /// The trees of a model. Behind the last that was grown there are zeros.
    ///
    /// # Errors
    /// If a parameter is no matrix of floats of 32 bits.
    pub fn read(forest: &Forest, depth: usize) -> Result<Self, MethodError> {
        let start = numbers(forest.start.val())?;
        let mut leaves = numbers(forest.leaves.val())?;
        let per_tree = start.len() << depth;
        let last = leaves.iter().rposition(|value| *value != 0.0);
        leaves.truncate(last.map_or(0, |last| (last / per_tree + 1) * per_tree));
        Ok(Self {
            depth,
            start,
            columns: numbers(forest.columns.val())?,
            borders: numbers(forest.borders.val())?,
            leaves,
        })
    }

    /// Scores of rows, `[rows, outputs]`; `values` are `[rows, width]`.
    pub fn scores(&self, values: &[f32], rows: usize) -> Vec<f32> {
        let outputs = self.start.len();
        let mut scores = Vec::with_capacity(rows * outputs);
        for row in values.chunks_exact((values.len() / rows.max(1)).max(1)) {
            let mut own = self.start.clone();
            for (tree, leaves) in self.leaves.chunks_exact(outputs << self.depth).enumerate() {
                let columns = &self.columns[tree * self.depth..][..self.depth];
                let borders = &self.borders[tree * self.depth..][..self.depth];
                let mut leaf = 0;
                for (level, (column, border)) in columns.iter().zip(borders).enumerate() {
                    leaf |= usize::from(row[*column as usize] > *border) << level;
                }
                for (score, value) in own.iter_mut().zip(&leaves[leaf * outputs..]) {
                    *score += value;
                }
            }
            scores.extend(own);
        }
        scores
    }

    /// As a model of the shapes that `forest` has.
    pub fn into_forest(self, forest: Forest, device: &Device) -> Forest {
        let filled = |param: Param<Tensor<2>>, mut numbers: Vec<f32>| {
            param.map(|old: Tensor<2>| {
                let shape = old.dims();
                numbers.resize(shape[0] * shape[1], 0.0);
                Tensor::from_data(TensorData::new(numbers, shape), device)
            })
        };
        Forest {
            columns: filled(forest.columns, self.columns),
            borders: filled(forest.borders, self.borders),
            leaves: filled(forest.leaves, self.leaves),
            start: filled(forest.start, self.start),
            two_classes: forest.two_classes,
        }
    }
}
