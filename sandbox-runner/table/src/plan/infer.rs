//! A plan from evidence and wishes.

use std::collections::BTreeSet;

use super::judge::Judgement;
use super::profile::{ColumnProfile, FEW_NUMBERS, Profile};
use super::value::Value;
use super::warning::{Warning, wish};
use super::{ColumnPlan, DateOrder, Kind, Plan, Role, Task, TaskKind, Wishes, target};
use crate::{Cell, DataError};

/// So many columns are named where another was meant.
const MOST_NAMED: usize = 20;
/// Most classes of a task: what a profile keeps of a column.
const MOST_CLASSES: u64 = 16_384;

impl Plan {
    /// Decides what the columns are, and says what a person should know of it.
    ///
    /// # Errors
    /// If a wish names a column that there is not, or the target cannot be predicted as wished.
    pub fn infer(profile: &Profile, wishes: &Wishes) -> Result<(Self, Vec<Warning>), DataError> {
        check_names(profile, wishes)?;
        if profile.rows == 0 {
            return Err(DataError::new("has no rows"));
        }
        let mut warnings = Vec::new();
        let mut columns = Vec::new();
        let words = words_of(wishes);
        for column in &profile.columns {
            let judgement = Judgement::of(column, &words);
            let is_target = wishes.targets.contains(&column.name);
            let dropped = wishes.drop.contains(&column.name);
            if !dropped {
                warnings.extend(judgement.warnings.iter().cloned());
            }
            let mut plan = ColumnPlan {
                name: column.name.clone(),
                role: Role::Feature,
                kind: judgement.kind,
                why: judgement.why,
                missing: judgement.missing,
                comma: judgement.comma,
                affix: judgement.affix,
                dates: judgement.dates,
                order: Vec::new(),
            };
            plan.wished(column, wishes)?;
            plan.role = if is_target {
                Role::Target
            } else if dropped {
                plan.why = "left out as wished".into();
                Role::Dropped
            } else if wishes.group.as_ref() == Some(&column.name) {
                Role::Group
            } else if wishes.time.as_ref() == Some(&column.name) {
                Role::Time
            } else if matches!(plan.kind, Kind::Constant | Kind::Identifier | Kind::Counter) {
                warnings.push(left_out(&plan));
                Role::Dropped
            } else {
                Role::Feature
            };
            if plan.role == Role::Time
                && !matches!(
                    plan.kind,
                    Kind::Time | Kind::Number | Kind::Integer | Kind::Counter | Kind::Identifier
                )
            {
                return Err(DataError::new(format!(
                    "is {}, not times or numbers to order rows by",
                    plan.why
                ))
                .column(&plan.name)
                .cure("name another with --time"));
            }
            columns.push(plan);
        }
        let task = task(profile, &mut columns, wishes, &mut warnings)?;
        let metric = match &task {
            Task::Classification { .. } => "accuracy",
            Task::Regression { .. } => "rmse",
        };
        let plan = Self {
            version: Self::VERSION,
            metric: metric.into(),
            format: toml::Table::new(),
            task,
            columns,
        };
        let features = plan
            .of_role(Role::Feature)
            .chain(plan.of_role(Role::Time))
            .count();
        if features == 0 {
            return Err(
                DataError::new("has no column that says anything about the target")
                    .cure("take one in with --type COLUMN=category"),
            );
        }
        Ok((plan, warnings))
    }
}

impl ColumnPlan {
    /// Changes to what was wished.
    fn wished(&mut self, column: &ColumnProfile, wishes: &Wishes) -> Result<(), DataError> {
        let last = wishes.types.iter().rfind(|(name, _)| *name == self.name);
        if let Some((_, kind)) = last.filter(|(_, kind)| *kind != self.kind) {
            if *kind == Kind::Ordinal {
                return Err(DataError::new("has no order of its own")
                    .column(&self.name)
                    .cure(format!("name it with --ordinal {}=LOW<…<HIGH", self.name)));
            }
            self.why = format!("wished; else {}, {}", self.kind.as_str(), self.why);
            self.kind = *kind;
            if *kind == Kind::Time && self.dates.is_none() && column.odd_cells > 0 {
                let best = (0..3).rev().max_by_key(|place| column.dates[*place]);
                self.dates = best.map(|place| DateOrder::ALL[place]);
            }
            if kind.is_of_numbers() {
                let point = column.point.count >= column.comma.count;
                self.comma = !point;
            }
        }
        if let Some((_, order)) = wishes.ordinal.iter().rfind(|(name, _)| *name == self.name) {
            let different: BTreeSet<&String> = order.iter().collect();
            if different.len() < 2 || different.len() < order.len() {
                return Err(DataError::new(
                    "an order needs two different categories or more, each once",
                )
                .column(&self.name));
            }
            self.kind = Kind::Ordinal;
            self.why = format!("ordered as wished, from `{}`", order[0]);
            self.order.clone_from(order);
        }
        Ok(())
    }
}

/// Words that a person takes for missing, each once.
fn words_of(wishes: &Wishes) -> Vec<String> {
    let words: BTreeSet<&String> = wishes.missing.iter().collect();
    words.into_iter().cloned().collect()
}

/// Says why a column is not used.
fn left_out(plan: &ColumnPlan) -> Warning {
    let code = plan.kind.as_str();
    let why = match plan.kind {
        Kind::Constant => "",
        _ => ", which gives the order or the name of rows away and nothing else",
    };
    let kind = if plan.kind == Kind::Identifier {
        "category"
    } else {
        "number"
    };
    let warning =
        Warning::new(code, format!("{}{why}; it is left out", plan.why)).column(&plan.name);
    match plan.kind {
        Kind::Constant => warning,
        _ => warning.cure(format!(
            "{} takes it in",
            wish("type", &plan.name, &format!("={kind}"))
        )),
    }
}

fn check_names(profile: &Profile, wishes: &Wishes) -> Result<(), DataError> {
    if wishes.targets.is_empty() {
        return Err(DataError::new("needs a column to predict").cure("name it with --target"));
    }
    let types = wishes.types.iter().map(|(name, _)| name);
    let ordinal = wishes.ordinal.iter().map(|(name, _)| name);
    let named = wishes
        .targets
        .iter()
        .chain(&wishes.drop)
        .chain(types)
        .chain(ordinal)
        .chain(&wishes.group)
        .chain(&wishes.time);
    let known: BTreeSet<&str> = profile.names().collect();
    for name in named {
        if !known.contains(name.as_str()) {
            return Err(unknown(profile, name));
        }
    }
    let twice = wishes.targets.iter().find(|name| {
        wishes.drop.contains(name)
            || wishes.group.as_ref() == Some(*name)
            || wishes.time.as_ref() == Some(*name)
    });
    match twice {
        Some(name) => Err(DataError::new("is the target, and nothing else beside it").column(name)),
        None => Ok(()),
    }
}

/// What there is instead of a column that there is not: all of few, the nearest of many.
fn unknown(profile: &Profile, name: &str) -> DataError {
    let mut known: Vec<&str> = profile.names().collect();
    let error = DataError::new(format!("has no column `{name}`"));
    if known.len() <= MOST_NAMED {
        return error.cure(format!("it has {}", known.join(", ")));
    }
    let all = known.len();
    let wanted = name.to_lowercase();
    // Stable: equally near ones stay in the order of the file.
    known.sort_by_cached_key(|own| strsim::damerau_levenshtein(&own.to_lowercase(), &wanted));
    known.truncate(5);
    error.cure(format!("of its {all} the nearest are {}", known.join(", ")))
}

fn task(
    profile: &Profile,
    plans: &mut [ColumnPlan],
    wishes: &Wishes,
    warnings: &mut Vec<Warning>,
) -> Result<Task, DataError> {
    let mut targets = Vec::new();
    for (plan, column) in plans.iter_mut().zip(&profile.columns) {
        if plan.role == Role::Target {
            targets.push((plan, column));
        }
    }
    for (plan, column) in &targets {
        if column.present() == 0 {
            return Err(DataError::new("the target is missing in every row").column(&plan.name));
        }
    }
    let count = targets.len();
    let [(plan, column), rest @ ..] = targets.as_mut_slice() else {
        return Err(DataError::new("needs a column to predict").cure("name it with --target"));
    };
    let numbers = |plan: &ColumnPlan, column: &ColumnProfile| {
        matches!(plan.kind, Kind::Number | Kind::Integer | Kind::Counter)
            || (plan.kind == Kind::Identifier && column.point.count == column.present())
    };
    let few = plan.kind == Kind::Integer || plan.kind == Kind::Constant;
    let classify = match (wishes.kind, rest.is_empty()) {
        (Some(TaskKind::Classification), false) => {
            return Err(DataError::new("a classification has one target column"));
        }
        (Some(TaskKind::Classification), true) => true,
        (Some(TaskKind::Regression), _) | (None, false) => false,
        (None, true) => few || !numbers(plan, column),
    };
    if classify {
        let classes = classes(plan, column, &words_of(wishes), warnings)?;
        return Ok(Task::Classification { classes });
    }
    for (plan, column) in &mut targets {
        if plan.kind == Kind::Boolean || plan.kind == Kind::Time || plan.kind == Kind::Ordinal {
            continue;
        }
        if !numbers(plan, column) {
            let odd = column.odd.values().min_by_key(|seen| seen.line);
            let error = DataError::new(format!(
                "is {}, and a regression predicts numbers",
                plan.why
            ));
            return Err(odd
                .map_or(error.clone(), |seen| error.line(seen.line))
                .column(&plan.name)
                .cure("name another target, or --kind classification"));
        }
        plan.kind = Kind::Number;
        let (whole, distinct) = (column.point.fractions == 0, column.distinct());
        if count == 1 && wishes.kind.is_none() {
            let why = if whole {
                format!("more than {FEW_NUMBERS} different whole numbers")
            } else {
                format!("{distinct} different numbers")
            };
            warnings.push(
                Warning::new("regression", format!("{why}, so numbers are predicted"))
                    .column(&plan.name)
                    .cure("--kind classification takes each for a class"),
            );
        }
    }
    Ok(Task::Regression { targets: count })
}

/// The classes of a target, in the order of their numbers or texts.
fn classes(
    plan: &mut ColumnPlan,
    column: &ColumnProfile,
    wished: &[String],
    warnings: &mut Vec<Warning>,
) -> Result<Vec<String>, DataError> {
    let refuse = |problem: String| DataError::new(problem).column(&plan.name);
    let Some(values) = &column.values else {
        return Err(refuse(format!(
            "about {} different classes are too many",
            column.distinct()
        ))
        .limit(MOST_CLASSES)
        .cure("name another target, or --kind regression"));
    };
    let by_number = plan.kind.is_of_numbers();
    if !by_number {
        // Texts stay what they are: `yes` is the class's name.
        if plan.kind != Kind::Ordinal {
            plan.kind = Kind::Category;
        }
        // A word that is perhaps missing is a class if it comes again.
        let again = |word: &String| {
            super::words::perhaps_missing(word)
                && !wished.contains(word)
                && column.words.get(word).is_some_and(|seen| seen.count > 1)
        };
        let values: Vec<String> = plan
            .missing
            .iter()
            .filter(|word| again(word))
            .cloned()
            .collect();
        for word in values {
            plan.missing.retain(|own| *own != word);
            warnings.push(
                Warning::new(
                    "word-is-a-value",
                    format!("`{word}` is a class, of {} rows", column.words[&word].count),
                )
                .column(&plan.name),
            );
        }
    }
    let mut names = BTreeSet::new();
    for text in values.keys().chain(column.words.keys()) {
        let value = plan.read(Cell::Text(text));
        if value == Value::Missing {
            continue;
        }
        names.extend(target::class_name(plan, value));
    }
    let mut names: Vec<String> = names.into_iter().collect();
    if by_number {
        let number = |name: &String| name.parse::<f64>().unwrap_or(f64::NAN);
        names.sort_by(|a, b| number(a).total_cmp(&number(b)));
    } else if plan.kind == Kind::Ordinal {
        let place = |name: &String| plan.order.iter().position(|own| own == name);
        names.sort_by_key(place);
    }
    if names.len() < 2 {
        return Err(refuse(format!(
            "has {} class, and two or more can be told apart",
            names.len()
        )));
    }
    let rows = column.present();
    if names.len() as u64 * 2 > rows && rows > 20 {
        return Err(refuse(format!(
            "has {} different texts in {rows} rows, too few of each to be classes",
            names.len()
        ))
        .cure("name another target"));
    }
    Ok(names)
}
