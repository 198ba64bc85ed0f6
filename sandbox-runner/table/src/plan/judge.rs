//! What a column is, by what is in it. No rule draws a random number or depends on the order of
//! rows that is not itself the evidence.

use std::collections::HashMap;

use super::kind::Kind;
use super::moment::DateOrder;
use super::profile::{ColumnProfile, FEW_NUMBERS, Numbers, Seen, Separators};
use super::warning::{Warning, wish};
use super::{number, words};

/// What a column is and how its cells are read.
#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    pub(crate) kind: Kind,
    pub(crate) why: String,
    pub(crate) comma: bool,
    pub(crate) affix: String,
    pub(crate) dates: Option<DateOrder>,
    /// Words of the column that count as missing.
    pub(crate) missing: Vec<String>,
    pub(crate) warnings: Vec<Warning>,
}

/// Different texts that are words of a list rather than names.
const FEW_TEXTS: u64 = 64;

impl Judgement {
    /// Of a column, whose cells `more` are missing too.
    pub(crate) fn of(column: &ColumnProfile, more: &[String]) -> Self {
        let mut judgement = Self {
            kind: Kind::Category,
            why: String::new(),
            comma: false,
            affix: String::new(),
            dates: None,
            missing: Vec::new(),
            warnings: Vec::new(),
        };
        let extra = judgement.missing_words(column, more);
        let present = column.present() - extra;
        let mut say = |kind, why: String| (judgement.kind, judgement.why) = (kind, why);
        if present == 0 {
            say(Kind::Constant, "has no values".into());
        } else if column.times > 0 && column.times == present {
            say(Kind::Time, "the file says that they are times".into());
        } else if column.booleans > 0 && column.booleans == present {
            say(Kind::Boolean, "the file says yes or no".into());
        } else if !judgement.number(column, present) && !judgement.date(column, present) {
            judgement.texts(column, present, more);
        }
        let missing = column.rows - present;
        if column.distinct() == 1 && missing == 0 {
            judgement.kind = Kind::Constant;
            judgement.why = "has the same value in every row".into();
        }
        judgement
    }

    /// The words that are missing here, and how many cells beyond the usual words they take.
    fn missing_words(&mut self, column: &ColumnProfile, more: &[String]) -> u64 {
        self.missing = column.words.keys().cloned().collect();
        let mut extra = 0;
        for word in more.iter().filter(|word| !column.words.contains_key(*word)) {
            let odd = column.odd.get(word).map(|seen| seen.count);
            let value = column.values.as_ref().and_then(|values| values.get(word));
            extra += value.copied().or(odd).unwrap_or(0);
            self.missing.push(word.clone());
        }
        extra
    }

    /// Whether it is one of numbers.
    fn number(&mut self, column: &ColumnProfile, present: u64) -> bool {
        let count = |separators| -> u64 {
            let forms = column.forms.iter().filter(|((_, s), _)| *s == separators);
            forms.map(|(_, seen)| seen.count).sum()
        };
        self.comma = count(Separators::Comma) > count(Separators::Point);
        let fits =
            |s: Separators| s == Separators::Either || (s == Separators::Comma) == self.comma;
        // The affix that most have.
        let mut affixes: Vec<(u64, &str)> = Vec::new();
        for ((affix, s), seen) in column
            .forms
            .iter()
            .filter(|((affix, _), _)| !affix.is_empty())
        {
            match affixes.iter_mut().find(|(_, own)| own == affix) {
                _ if !fits(*s) => {}
                Some((count, _)) => *count += seen.count,
                None => affixes.push((seen.count, affix)),
            }
        }
        let most = affixes.iter().max_by_key(|(count, _)| *count);
        if let Some((_, affix)) = most.filter(|(count, _)| count * 100 > present) {
            self.affix = (*affix).to_owned();
        }
        let affix = self.affix.as_str();
        let is_read = |own: &str, s: Separators| fits(s) && (own.is_empty() || own == affix);
        let read = column.forms.iter().filter(|((own, s), _)| is_read(own, *s));
        let good: u64 = read.map(|(_, seen)| seen.count).sum();
        let numbers = if self.comma {
            &column.comma
        } else {
            &column.point
        };
        if good == 0 {
            return false;
        }
        let not_missing = |word: &&String| !self.missing.contains(word);
        let others: Vec<&Seen> = column
            .odd
            .iter()
            .filter(|(word, _)| not_missing(word))
            .map(|(_, seen)| seen)
            .chain(
                column
                    .forms
                    .iter()
                    .filter(|((own, s), _)| !is_read(own, *s))
                    .map(|(_, seen)| seen),
            )
            .collect();
        let odd = present - good.min(present);
        let many = numbers.few.len() > FEW_NUMBERS;
        let word = others
            .first()
            .filter(|_| others.len() == 1 && column.odd.len() == 1);
        let is_word = word.is_some_and(|seen| seen.count > 1) && good > odd;
        if odd > 0 && !(many && (odd * 100 <= present || is_word)) {
            return false;
        }
        let decides = |seen: &Option<Seen>| seen.as_ref().is_some_and(|s| s.count * 100 > present);
        if numbers.fractions == 0 && (decides(&column.zeros) || decides(&column.beyond)) {
            return false;
        }
        self.odd_cells(column, &others, odd);
        self.rare_words(column, present);
        self.kind_of_numbers(column, numbers, present - odd);
        true
    }

    fn odd_cells(&mut self, column: &ColumnProfile, others: &[&Seen], odd: u64) {
        let Some(first) = others.iter().min_by_key(|seen| seen.line) else {
            return;
        };
        let text = if odd == 1 {
            format!("`{}` is no number and counts as missing", first.text)
        } else {
            format!(
                "{odd} cells are no numbers and count as missing, `{}` on this line the first of them",
                first.text
            )
        };
        self.warnings.push(
            Warning::new("odd-cells", text)
                .column(&column.name)
                .line(first.line)
                .cure(format!(
                    "correct it, or take the column as a text with {}",
                    wish("type", &column.name, "=category")
                )),
        );
    }

    /// Names what is rare among numbers: how it is read is right as a rule, and may be a slip.
    fn rare_words(&mut self, column: &ColumnProfile, present: u64) {
        if let Some(seen) = &column.unusual
            && seen.count * 100 <= present
            && let Some(value) = number::read(&seen.text, self.comma, &self.affix)
        {
            let text = format!("`{}` is read as {value}", seen.text);
            self.warnings.push(
                Warning::new("read-as", text)
                    .column(&column.name)
                    .line(seen.line),
            );
        }
        let rare = column
            .words
            .iter()
            .filter(|(word, seen)| !word.is_empty() && seen.count * 100 <= present);
        if let Some((word, seen)) = rare.min_by_key(|(_, seen)| seen.line) {
            let text = format!("`{word}` counts as missing");
            self.warnings.push(
                Warning::new("missing-word", text)
                    .column(&column.name)
                    .line(seen.line),
            );
        }
    }

    fn kind_of_numbers(&mut self, column: &ColumnProfile, numbers: &Numbers, good: u64) {
        let whole = numbers.fractions == 0;
        let all_different = column.distinct() == good && column.values.is_some();
        let like_an_index = matches!(
            column.name.to_ascii_lowercase().as_str(),
            "" | "id"
                | "index"
                | "idx"
                | "row"
                | "rowid"
                | "row_id"
                | "rownames"
                | "__index_level_0__"
        ) || column.name.starts_with("Unnamed: ");
        (self.kind, self.why) = if whole && numbers.count_up() && numbers.count == good {
            (
                Kind::Counter,
                format!("counts the rows from {}", numbers.min),
            )
        } else if whole && good > 29 && all_different && numbers.fill_a_range() {
            (
                Kind::Identifier,
                format!(
                    "has every number from {} to {} once",
                    numbers.min, numbers.max
                ),
            )
        } else if whole && all_different && like_an_index && good > 1 {
            (
                Kind::Identifier,
                "has another number in every row, and an index's name".into(),
            )
        } else if is_a_bit(column) {
            (Kind::Boolean, "0 or 1".into())
        } else if whole && numbers.few.len() <= FEW_NUMBERS {
            (
                Kind::Integer,
                format!(
                    "{} whole numbers from {} to {}",
                    numbers.few.len(),
                    numbers.min,
                    numbers.max
                ),
            )
        } else {
            let what = if whole { "whole numbers" } else { "numbers" };
            (
                Kind::Number,
                format!("{what} from {} to {}", numbers.min, numbers.max),
            )
        };
        if self.comma {
            self.why.push_str(", with decimal commas");
        } else if let Some((_, seen)) = column
            .forms
            .iter()
            .find(|(_, seen)| seen.text.contains(','))
        {
            self.why.push_str(&format!(
                ", with commas between thousands such as `{}`",
                seen.text
            ));
        }
        if !self.affix.is_empty() {
            self.why.push_str(&format!(", in `{}`", self.affix));
        }
    }

    /// Whether it is one of dates.
    fn date(&mut self, column: &ColumnProfile, present: u64) -> bool {
        let mut best = 0;
        for place in 1..3 {
            if column.dates[place] > column.dates[best] {
                best = place;
            }
        }
        let (good, order) = (column.dates[best], DateOrder::ALL[best]);
        let odd = present - good.min(present);
        if good == 0 || odd * 100 > present {
            return false;
        }
        self.kind = Kind::Time;
        self.dates = Some(order);
        self.why = format!("dates as {}", order.as_str());
        let cure = format!(
            "take it as a text with {}",
            wish("type", &column.name, "=category")
        );
        if best == 1 && column.dates[1] == column.dates[2] {
            let dots = column
                .values
                .as_ref()
                .is_some_and(|values| values.keys().all(|v| v.contains('.')));
            if !dots {
                let text =
                    "no date tells whether the day or the month comes first; the day is taken to";
                self.warnings.push(
                    Warning::new("date-order", text)
                        .column(&column.name)
                        .cure(cure.clone()),
                );
            }
        }
        if let Some(first) = column.no_date.as_ref().filter(|_| odd > 0) {
            let text = format!(
                "{odd} cells are no dates and count as missing, such as `{}`",
                first.text
            );
            self.warnings.push(
                Warning::new("odd-cells", text)
                    .column(&column.name)
                    .line(first.line)
                    .cure(cure),
            );
        }
        true
    }

    /// It is one of texts.
    fn texts(&mut self, column: &ColumnProfile, present: u64, more: &[String]) {
        let values = column.values.as_ref();
        // `None` may be a value where there are few others.
        let perhaps = self
            .missing
            .iter()
            .filter(|word| words::perhaps_missing(word) && !more.contains(word));
        let perhaps: Vec<(String, u64)> = perhaps
            .filter_map(|word| Some((word.clone(), column.words.get(word)?.count)))
            .filter(|(_, count)| column.distinct() <= FEW_TEXTS && count * 20 >= column.rows)
            .collect();
        for (word, count) in perhaps {
            self.missing.retain(|own| *own != word);
            let text = format!(
                "`{word}` in {count} rows is taken for a value, because the column has few others"
            );
            self.warnings.push(
                Warning::new("word-is-a-value", text)
                    .column(&column.name)
                    .cure(format!("--missing '{word}' takes it for missing")),
            );
        }
        let distinct = column.distinct();
        let mut texts: Vec<&str> = values
            .into_iter()
            .flatten()
            .map(|(text, _)| text.as_str())
            .filter(|text| !self.missing.iter().any(|word| word == text))
            .collect();
        texts.sort_unstable();
        if let [one, other] = texts.as_slice()
            && words::are_a_pair(one, other)
        {
            (self.kind, self.why) = (Kind::Boolean, format!("`{one}` or `{other}`"));
            return;
        }
        let why = if let Some(seen) = column.beyond.as_ref().filter(|s| s.count * 100 > present) {
            format!(
                "whole numbers such as `{}`, which a number would merge with others",
                seen.text
            )
        } else if let Some(seen) = column.zeros.as_ref().filter(|s| s.count * 100 > present) {
            format!(
                "codes such as `{}`, whose zeros a number would lose",
                seen.text
            )
        } else {
            String::new()
        };
        let present_texts = column.texts.max(1) as f64;
        let blanks = column.blanks as f64 / present_texts;
        let unique = distinct as f64 >= present as f64 * 0.95 && present > 20;
        let code = !why.is_empty();
        (self.kind, self.why) =
            if !code && (blanks >= 3.0 && distinct > FEW_TEXTS || blanks >= 2.0 && unique) {
                (
                    Kind::Text,
                    format!("{distinct} different texts of {:.0} words", blanks + 1.0),
                )
            } else if unique {
                let why = if code { why } else { "texts".into() };
                (
                    Kind::Identifier,
                    format!("{why}, another in nearly every row"),
                )
            } else {
                let about = if values.is_some() { "" } else { "about " };
                let why = if code {
                    format!(", {why}")
                } else {
                    String::new()
                };
                (
                    Kind::Category,
                    format!("{about}{distinct} different texts{why}"),
                )
            };
    }
}

/// Whether all values are written 0 or 1, and there are both.
fn is_a_bit(column: &ColumnProfile) -> bool {
    let bits = |values: &HashMap<String, u64>| {
        values.len() == 2 && values.contains_key("0") && values.contains_key("1")
    };
    column.values.as_ref().is_some_and(bits)
}
