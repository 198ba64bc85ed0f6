//! Which rows are learnt from and which are hidden, by a secret and nothing else.

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use super::target::Labels;
use super::value::Value;
use super::{Plan, Role, words};
use crate::Batch;

/// Bins of a target that is a number: strata, as classes are.
const BINS: usize = 10;

/// What keeps rows together or in order.
#[derive(Clone, Debug, PartialEq)]
pub enum SplitBy {
    /// Rows of an equal key stay on one side: a group, or duplicates.
    Keys(Vec<u64>),
    /// The last rows are hidden, those of equal times together. NaN comes first.
    Times(Vec<f64>),
}

impl SplitBy {
    /// What the plan says: time, else groups, else equal rows stay together. If less than half of
    /// the rows differ, they are few combinations that come again, and not duplicates.
    #[must_use]
    pub fn of(plan: &Plan, names: &[String], batches: &[Batch]) -> Self {
        let place = |name: &str| names.iter().position(|own| own == name);
        let cells = |role: Role| -> Vec<_> {
            plan.of_role(role)
                .filter_map(|column| Some((column, place(&column.name)?)))
                .collect()
        };
        let rows = || {
            batches
                .iter()
                .flat_map(|batch| (0..batch.rows()).map(move |row| (batch, row)))
        };
        if let [(column, place)] = cells(Role::Time).as_slice() {
            let time = |(batch, row): (&Batch, usize)| match column
                .read(batch.columns[*place].cell(row))
            {
                Value::Number(time) => time,
                _ => f64::NAN,
            };
            return Self::Times(rows().map(time).collect());
        }
        let group = cells(Role::Group);
        let by_group = !group.is_empty();
        let columns = if by_group {
            group
        } else {
            [cells(Role::Feature), cells(Role::Target)].concat()
        };
        let key = |(at, (batch, row)): (usize, (&Batch, usize))| {
            let mut key = 0;
            let mut any = false;
            for (column, place) in &columns {
                let value = column.read(batch.columns[*place].cell(row));
                let own = match value {
                    Value::Missing | Value::Unread => 1,
                    Value::Number(number) => words::mixed((number + 0.0).to_bits()),
                    Value::Text(text) => words::hash(text.as_bytes()),
                };
                any |= own != 1;
                key = words::mixed(key ^ own).wrapping_add(0x9e37_79b9_7f4a_7c15);
            }
            // A row without a group is one of its own.
            if any { key } else { words::mixed(at as u64) }
        };
        let keys: Vec<u64> = rows().enumerate().map(key).collect();
        let mut different = keys.clone();
        different.sort_unstable();
        different.dedup();
        if by_group || different.len() * 2 >= keys.len() {
            Self::Keys(keys)
        } else {
            Self::Keys((0..keys.len() as u64).collect())
        }
    }
}

/// Rows of a table on their sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// To learn from.
    pub train: Vec<usize>,
    /// To be judged by.
    pub hidden: Vec<usize>,
}

/// Splits of a table by a secret.
pub struct Splits<'a> {
    secret: &'a [u8; 32],
    name: &'a str,
    by: &'a SplitBy,
    /// Class or bin of each row; `None` where nothing is known to judge by.
    strata: Vec<Option<u32>>,
}

/// Rows that stay together.
struct Unit {
    rows: Vec<usize>,
    stratum: u32,
}

impl<'a> Splits<'a> {
    /// Of a task of this name.
    #[must_use]
    pub fn new(secret: &'a [u8; 32], name: &'a str, labels: &Labels, by: &'a SplitBy) -> Self {
        let strata = match labels {
            Labels::Classes(classes) => classes.clone(),
            Labels::Numbers(numbers) => bins(numbers),
        };
        Self {
            secret,
            name,
            by,
            strata,
        }
    }

    /// Hides about a share of the rows that have a target, of each class or part of the range its share.
    /// A class that has a row has one to learn from.
    #[must_use]
    pub fn hide(&self, share: f64) -> Split {
        let mut hidden = vec![false; self.strata.len()];
        match self.by {
            SplitBy::Times(times) => {
                let order = self.by_time(times);
                let first = order.len() - (order.len() as f64 * share).round() as usize;
                if let Some(cut) = order.get(first.max(1)).map(|row| times[*row]) {
                    order
                        .iter()
                        .for_each(|row| hidden[*row] = times[*row] >= cut);
                }
            }
            SplitBy::Keys(keys) => {
                let units = self.units(keys, "split");
                self.hide_units(&units, share, &mut hidden);
            }
        }
        let known = |side: bool| {
            let rows = self.strata.iter().zip(&hidden).enumerate();
            rows.filter(|(_, (stratum, hidden))| stratum.is_some() && **hidden == side)
                .map(|(row, _)| row)
                .collect()
        };
        Split {
            train: known(false),
            hidden: known(true),
        }
    }

    fn hide_units(&self, units: &[Unit], share: f64, hidden: &mut [bool]) {
        let mut rows_of: BTreeMap<u32, f64> = BTreeMap::new();
        for unit in units {
            *rows_of.entry(unit.stratum).or_default() += unit.rows.len() as f64;
        }
        // What a stratum could not hide exactly is the next one's.
        let (mut left, mut stratum) = (0.0, None);
        for unit in units {
            if stratum != Some(unit.stratum) {
                stratum = Some(unit.stratum);
                left += rows_of[&unit.stratum] * share;
            }
            let size = unit.rows.len() as f64;
            let others = rows_of[&unit.stratum];
            if size / 2.0 <= left && size < others {
                unit.rows.iter().for_each(|row| hidden[*row] = true);
                left -= size;
                rows_of.insert(unit.stratum, others - size);
            }
        }
        // Of groups, one may have all rows of a class that is not most of it.
        let mut learnt: BTreeMap<u32, bool> = BTreeMap::new();
        for (stratum, hidden) in self.strata.iter().zip(hidden.iter()) {
            if let Some(stratum) = stratum {
                *learnt.entry(*stratum).or_default() |= !hidden;
            }
        }
        for (stratum, _) in learnt.into_iter().filter(|(_, learnt)| !learnt) {
            let has = |unit: &&Unit| {
                unit.rows
                    .iter()
                    .any(|row| self.strata[*row] == Some(stratum))
            };
            if let Some(unit) = units.iter().find(has) {
                unit.rows.iter().for_each(|row| hidden[*row] = false);
            }
        }
    }

    /// Fold of each row that has a target, from 0 to `folds - 1`, another draw for each `repeat`. By
    /// time they are stretches of it.
    ///
    /// # Panics
    /// If `folds` is 0.
    #[must_use]
    pub fn folds(&self, folds: usize, repeat: u32) -> Vec<Option<usize>> {
        let mut fold_of = vec![None; self.strata.len()];
        let keys = match self.by {
            SplitBy::Times(times) => {
                let order = self.by_time(times);
                for (at, row) in order.iter().enumerate() {
                    fold_of[*row] = Some(at * folds / order.len());
                }
                return fold_of;
            }
            SplitBy::Keys(keys) => keys,
        };
        let mut units = self.units(keys, &format!("folds/{repeat}"));
        // Large groups first, while there is room for them.
        units.sort_by_key(|unit| (unit.stratum, usize::MAX - unit.rows.len()));
        let (mut all, mut own, mut stratum) = (vec![0; folds], vec![0; folds], None);
        for unit in &units {
            if stratum != Some(unit.stratum) {
                (stratum, own) = (Some(unit.stratum), vec![0; folds]);
            }
            let Some(fold) = (0..folds).min_by_key(|fold| (own[*fold], all[*fold])) else {
                break;
            };
            own[fold] += unit.rows.len();
            all[fold] += unit.rows.len();
            unit.rows.iter().for_each(|row| fold_of[*row] = Some(fold));
        }
        fold_of
    }

    /// Rows that have a target in the order of time.
    fn by_time(&self, times: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..times.len())
            .filter(|row| self.strata[*row].is_some())
            .collect();
        // NaN, whatever its sign, comes first.
        order.sort_by(|a, b| {
            let key = |row: &usize| {
                if times[*row].is_nan() {
                    f64::NEG_INFINITY
                } else {
                    times[*row]
                }
            };
            key(a).total_cmp(&key(b))
        });
        order
    }

    /// Rows that stay together, stratum by stratum, in an order that the secret draws.
    fn units(&self, keys: &[u64], purpose: &str) -> Vec<Unit> {
        let mut by_key: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (row, key) in keys
            .iter()
            .enumerate()
            .filter(|(row, _)| self.strata[*row].is_some())
        {
            by_key.entry(*key).or_default().push(row);
        }
        let mut groups: Vec<Vec<usize>> = by_key.into_values().collect();
        // By rows: a key is a hash, and says nothing.
        groups.sort_unstable();
        let mut rng = SecretRng::new(self.secret, self.name, purpose);
        let order = rng.permutation(groups.len());
        let unit = |at: usize| {
            let rows = std::mem::take(&mut groups[at]);
            let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
            for stratum in rows.iter().filter_map(|row| self.strata[*row]) {
                *counts.entry(stratum).or_default() += 1;
            }
            let most = counts.into_iter().max_by_key(|(_, count)| *count);
            Unit {
                rows,
                stratum: most.map_or(0, |(stratum, _)| stratum),
            }
        };
        let mut units: Vec<Unit> = order.into_iter().map(unit).collect();
        units.sort_by_key(|unit| unit.stratum);
        units
    }
}

/// Tenths of the first number's range of ranks.
fn bins(numbers: &[Option<Vec<f64>>]) -> Vec<Option<u32>> {
    let first = |row: &usize| numbers[*row].as_ref().and_then(|n| n.first().copied());
    let mut order: Vec<usize> = (0..numbers.len())
        .filter(|row| first(row).is_some())
        .collect();
    order.sort_by(|a, b| first(a).unwrap_or(0.0).total_cmp(&first(b).unwrap_or(0.0)));
    let mut bins = vec![None; numbers.len()];
    for (at, row) in order.iter().enumerate() {
        bins[*row] = Some((at * BINS / order.len()) as u32);
    }
    bins
}

/// A stream of choices for one purpose, spelled out because a hidden part must not change with a
/// library's release.
struct SecretRng(ChaCha20Rng);

impl SecretRng {
    fn new(secret: &[u8; 32], name: &str, purpose: &str) -> Self {
        let mut hash = Sha256::new();
        for part in ["gauntlet/table-split/v1", name, purpose] {
            // Lengths in front, so that no two pairs run together.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(secret);
        Self(ChaCha20Rng::from_seed(hash.finalize().into()))
    }

    /// A uniform permutation of `0..count` (Fisher–Yates).
    fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            // Multiply-shift maps 64 random bits to 0..=last.
            let wide = u128::from(self.0.next_u64()) * (last as u128 + 1);
            order.swap(last, (wide >> 64) as usize);
        }
        order
    }
}
