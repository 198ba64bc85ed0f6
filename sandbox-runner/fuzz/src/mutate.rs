//! Spoils an operation.
//!
//! The operation is turned into a tree of values, a few of them are changed, and the
//! tree is turned back: so every field of every operation gets its share, those of
//! operations that Burn adds later included. A tree that is no operation any more is
//! given up.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use burn_backend::Shape;
use burn_ir::{IrVisitorMut, OperationIr, TensorIr};
use ciborium::Value;

use crate::random::Random;

/// Changes up to four values of an operation. `ids` are of tensors, alive or not.
pub fn mutate(random: &mut Random, op: &OperationIr, ids: &[u64]) -> Option<OperationIr> {
    let mut tree = Value::serialized(op).ok()?;
    for _ in 0..=random.below(4) {
        let count = size(&tree);
        let at = random.below(count);
        let mut left = at;
        let other = tree.clone();
        if let Some(value) = nth(&mut tree, &mut left) {
            change(random, value, &other, ids);
        }
    }
    tree.deserialized().ok()
}

/// Values in a tree.
fn size(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(values) => values.iter().map(size).sum(),
        Value::Map(pairs) => pairs.iter().map(|(_, value)| size(value)).sum::<usize>(),
        _ => 0,
    }
}

/// The value with so many before it.
fn nth<'a>(tree: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(tree);
    }
    *left -= 1;
    match tree {
        Value::Array(values) => values.iter_mut().find_map(|value| nth(value, left)),
        Value::Map(pairs) => pairs.iter_mut().find_map(|(_, value)| nth(value, left)),
        _ => None,
    }
}

fn change(random: &mut Random, value: &mut Value, tree: &Value, ids: &[u64]) {
    match value {
        Value::Integer(number) => {
            if let Some(new) = integer(random, i128::from(*number), tree, ids) {
                *value = new;
            }
        }
        Value::Float(number) => *number = float(random, *number),
        Value::Bool(truth) => *truth = !*truth,
        Value::Text(text) => {
            if let Some(name) = random.pick(UNITS) {
                (*name).clone_into(text);
            }
        }
        Value::Null => *value = Value::from(random.below(5) as u64),
        Value::Array(values) => array(random, values),
        Value::Map(pairs) => {
            // Another family or operation with the same fields, perhaps.
            let upper = |key: &Value| {
                key.as_text()
                    .is_some_and(|key| key.starts_with(char::is_uppercase))
            };
            if pairs.len() == 1
                && upper(&pairs[0].0)
                && let Some(name) = random.pick(names())
            {
                pairs[0].0 = Value::Text(name.clone());
            } else if random.percent(10) {
                *value = Value::Null;
            }
        }
        _ => {}
    }
}

fn integer(random: &mut Random, now: i128, tree: &Value, ids: &[u64]) -> Option<Value> {
    const ODD: [i128; 22] = [
        0,
        1,
        2,
        3,
        7,
        8,
        9,
        16,
        255,
        65_536,
        1 << 31,
        (1 << 31) - 1,
        1 << 32,
        1 << 40,
        1 << 62,
        i64::MAX as i128,
        u64::MAX as i128,
        u64::MAX as i128 - 1,
        -1,
        -2,
        -3,
        i64::MIN as i128,
    ];
    let new = match random.below(8) {
        0 | 1 => now + 1,
        2 => now - 1,
        3 => now * 2,
        4 => i128::from(*random.pick(ids)?),
        5 => {
            // A number from elsewhere in the same operation.
            let mut copy = tree.clone();
            let mut at = random.below(size(tree));
            match nth(&mut copy, &mut at) {
                Some(Value::Integer(other)) => i128::from(*other),
                _ => return None,
            }
        }
        _ => ODD[random.below(ODD.len())],
    };
    Some(Value::Integer(
        ciborium::value::Integer::try_from(new).ok()?,
    ))
}

fn float(random: &mut Random, now: f64) -> f64 {
    const ODD: [f64; 14] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        1e-320,
        9.3e18,
        -9.3e18,
        1e30,
    ];
    match random.below(3) {
        0 => now + 1.0,
        _ => ODD[random.below(ODD.len())],
    }
}

fn array(random: &mut Random, values: &mut Vec<Value>) {
    let at = random.below(values.len());
    match random.below(6) {
        0 => drop(values.pop()),
        1 if !values.is_empty() => values.push(values[at].clone()),
        2 if !values.is_empty() => drop(values.remove(at)),
        3 => values.reverse(),
        4 if random.percent(20) => values.clear(),
        _ if values.len() > 1 => values.rotate_left(1),
        _ => {}
    }
}

/// Names of variants without fields.
const UNITS: &[&str] = &[
    "F64",
    "F32",
    "Flex32",
    "F16",
    "BF16",
    "I64",
    "I32",
    "I16",
    "I8",
    "U64",
    "U32",
    "U16",
    "U8",
    "ReadOnly",
    "ReadWrite",
    "NotInit",
    "Add",
    "Assign",
    "Mul",
    "Min",
    "Max",
    "Native",
    "Nearest",
    "NearestExact",
    "Bilinear",
    "Bicubic",
    "Lanczos3",
    "Zeros",
    "Border",
    "Reflection",
    "Reflect",
    "Edge",
    "Default",
];

/// Names of families and operations, collected from the catalogue.
fn names() -> &'static [String] {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let mut names = BTreeMap::new();
        for (_, make) in crate::support::catalogue::catalogue() {
            for round in 0..24_u64 {
                let mut random = Random::new(round);
                let choices: Vec<u32> = (0..96).map(|_| random.bits() as u32).collect();
                let mut guest = crate::support::Guest::new();
                let op = make(&mut crate::support::catalogue::Source::new(
                    &mut guest, &choices,
                ));
                if let Ok(tree) = Value::serialized(&op) {
                    collect(&tree, &mut names);
                }
            }
        }
        for extra in [
            "Custom",
            "Distributed",
            "Init",
            "Drop",
            "CtcLoss",
            "Quantize",
        ] {
            names.insert(extra.to_owned(), ());
        }
        names.into_keys().collect()
    });
    &NAMES
}

fn collect(tree: &Value, names: &mut BTreeMap<String, ()>) {
    match tree {
        Value::Array(values) => values.iter().for_each(|value| collect(value, names)),
        Value::Map(pairs) => {
            for (key, value) in pairs {
                if let Some(key) = key.as_text()
                    && key.starts_with(char::is_uppercase)
                {
                    names.insert(key.to_owned(), ());
                }
                collect(value, names);
            }
        }
        _ => {}
    }
}

/// Makes an operation's claim about its output what the refusal says it should be, so
/// that absurd parameters get past the first check. `None` if that was not the reason.
#[must_use]
pub fn repaired(op: &OperationIr, refusal: &str) -> Option<OperationIr> {
    let (_, rest) = refusal.split_once("its output has shape [")?;
    let (right, rest) = rest.split_once("], not [")?;
    let (wrong, _) = rest.split_once(']')?;
    let dims = |text: &str| -> Option<Vec<usize>> {
        text.split(", ")
            .filter(|number| !number.is_empty())
            .map(|number| number.parse().ok())
            .collect()
    };
    let (right, wrong) = (dims(right)?, dims(wrong)?);
    let mut op = op.clone();
    let outputs: Vec<_> = op.outputs().map(|output| output.id).collect();
    let mut fix = Fix {
        outputs,
        right,
        wrong,
    };
    op.visit_mut(&mut fix);
    Some(op)
}

struct Fix {
    outputs: Vec<burn_ir::TensorId>,
    right: Vec<usize>,
    wrong: Vec<usize>,
}

impl IrVisitorMut for Fix {
    fn visit_tensor_mut(&mut self, tensor: &mut TensorIr) {
        if self.outputs.contains(&tensor.id) && tensor.shape.as_slice() == self.wrong {
            tensor.shape = Shape::from(self.right.clone());
        }
    }
}
