//! What differs between two sets of plans: bounds, steps, settings.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::explain::json::node::Step;
use crate::explain::json::{BoundsOut, Document, SettingOut};
use crate::explain::text::WIDTH;
use crate::explain::words::{joined, money, plural, signed};
use crate::units::{Millis, Tokens};

/// Fields of a node that follow from others, or only count.
const DERIVED: [&str; 6] =
    ["id", "wave", "waves_left", "call.number", "call.tokens_in_conversations", "call.tokens_in_constant"];

/// Longest value that a line shows.
const VALUE_WIDTH: usize = 36;

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// Handles that both sides have, or the two that were named; only those that differ.
    pub changed: Vec<Pair>,
    /// Handles that only the second side has.
    pub added: Vec<String>,
    /// Handles that only the first side has.
    pub removed: Vec<String>,
    /// How many are the same on both sides.
    pub same: usize,
}

/// Two plans that differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    pub from: String,
    pub to: String,
    /// Only bounds that differ.
    pub bounds: Vec<Bound>,
    pub models_added: Vec<String>,
    pub models_removed: Vec<String>,
    pub steps_added: Vec<Brief>,
    pub steps_removed: Vec<Brief>,
    /// Steps with the same changes stand together.
    pub steps_changed: Vec<Changed>,
    pub settings: Vec<SettingChange>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    pub name: String,
    pub from: String,
    pub to: String,
    /// `+2 calls`, `-90s`
    pub change: String,
}

/// A step in few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    pub step: String,
    pub verb: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    pub steps: Vec<String>,
    pub fields: Vec<FieldChange>,
}

/// A field of the document; null where it is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// `need`, `call.fields.temperature`
    pub field: String,
    pub from: Value,
    pub to: Value,
}

/// A setting; a side without it is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<SettingOut>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<SettingOut>,
}

// === impl Diff ===

impl Diff {
    /// One document on each side is a pair whatever they are called; of several, those with the same handle are.
    #[must_use]
    pub fn of(from: &[Document], to: &[Document]) -> Self {
        let mut diff = Self::default();
        if let ([from], [to]) = (from, to) {
            diff.add(from, to);
            return diff;
        }
        for old in from {
            match to.iter().find(|new| new.handle == old.handle) {
                Some(new) => diff.add(old, new),
                None => diff.removed.push(old.handle.clone()),
            }
        }
        let is_new = |new: &&Document| !from.iter().any(|old| old.handle == new.handle);
        diff.added = to.iter().filter(is_new).map(|new| new.handle.clone()).collect();
        diff
    }

    fn add(&mut self, from: &Document, to: &Document) {
        let pair = Pair::of(from, to);
        if pair.is_empty() { self.same += 1 } else { self.changed.push(pair) }
    }

    /// Indented JSON with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        super::pretty(self)
    }

    /// A page, at most [`WIDTH`] columns where names allow it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for pair in &self.changed {
            lines.extend((!lines.is_empty()).then(String::new));
            lines.extend(pair.lines());
        }
        let others: Vec<String> = (self.removed.iter().map(|handle| format!("- {handle}")))
            .chain(self.added.iter().map(|handle| format!("+ {handle}")))
            .collect();
        if !others.is_empty() {
            lines.extend((!lines.is_empty()).then(String::new));
            lines.push("handles".to_owned());
            lines.extend(others.into_iter().map(|line| format!("  {line}")));
        }
        let is_alone = self.same == 1 && lines.is_empty();
        if self.same > 0 {
            lines.extend((!lines.is_empty()).then(String::new));
            let same = u32::try_from(self.same).unwrap_or(u32::MAX);
            lines.push(if is_alone {
                "no difference".to_owned()
            } else {
                format!("{} without a difference", plural(same, "handle"))
            });
        }
        lines.into_iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

// === impl Pair ===

impl Pair {
    fn of(from: &Document, to: &Document) -> Self {
        let (old, new) = (from.by_id(), to.by_id());
        let only = |nodes: &[Step], other: &BTreeMap<&str, &Step>| {
            let of_note = |step: &&Step| step.name.is_some() || step.model.is_some() || !step.free;
            let lone = nodes.iter().filter(|step| !other.contains_key(step.id.as_str()));
            lone.filter(of_note).map(Brief::of).collect()
        };
        let missing = |models: &[String], other: &[String]| {
            models.iter().filter(|model| !other.contains(model)).cloned().collect()
        };
        Self {
            from: from.handle.clone(),
            to: to.handle.clone(),
            bounds: bounds(&from.bounds, &to.bounds),
            models_added: missing(&to.members, &from.members),
            models_removed: missing(&from.members, &to.members),
            steps_added: only(&to.nodes, &old),
            steps_removed: only(&from.nodes, &new),
            steps_changed: changed(&from.nodes, &new),
            settings: settings(&from.settings, &to.settings),
        }
    }

    fn is_empty(&self) -> bool {
        let Self { bounds, steps_added, steps_removed, steps_changed, settings, .. } = self;
        let models = [&self.models_added, &self.models_removed];
        bounds.is_empty()
            && steps_added.is_empty()
            && steps_removed.is_empty()
            && steps_changed.is_empty()
            && settings.is_empty()
            && models.iter().all(|models| models.is_empty())
    }

    fn lines(&self) -> Vec<String> {
        let title =
            if self.from == self.to { self.from.clone() } else { format!("{} -> {}", self.from, self.to) };
        let mut lines = vec![title];
        let changes: Vec<String> = self.bounds.iter().map(|bound| bound.change.clone()).collect();
        let summary = if changes.is_empty() { vec!["the same bounds".to_owned()] } else { changes };
        lines.extend(joined("", &[summary.join(", ")], WIDTH));
        let mut block = |title: &str, rows: Vec<String>| {
            if !rows.is_empty() {
                lines.extend([String::new(), title.to_owned()]);
                lines.extend(rows.into_iter().map(|row| format!("  {row}")));
            }
        };
        let row =
            |bound: &Bound| vec![format!("~ {}", bound.name), format!("{} -> {}", bound.from, bound.to)];
        block("bounds", columns(self.bounds.iter().map(row).collect()));
        let removed = self.models_removed.iter().map(|model| format!("- {model}"));
        block("models", removed.chain(self.models_added.iter().map(|model| format!("+ {model}"))).collect());
        block("steps", self.steps());
        block("settings", columns(self.settings.iter().map(SettingChange::row).collect()));
        lines
    }

    fn steps(&self) -> Vec<String> {
        let brief = |sign: &str, step: &Brief| {
            let words = [Some(step.verb.as_str()), step.model.as_deref()];
            vec![format!("{sign} {}", step.step), words.into_iter().flatten().collect::<Vec<_>>().join(" ")]
        };
        let removed = self.steps_removed.iter().map(|step| brief("-", step));
        let mut rows = columns(removed.chain(self.steps_added.iter().map(|step| brief("+", step))).collect());
        for changed in &self.steps_changed {
            let steps = joined("", &[changed.steps.join(", ")], WIDTH).join(" ");
            rows.push(format!("~ {steps}"));
            rows.extend(changed.fields.iter().map(FieldChange::line));
        }
        rows
    }
}

/// A bound: its name, both sides, and how a size of it is said.
type Row<'a> = (&'a str, i64, i64, &'a dyn Fn(i64) -> String);

/// `+2 calls`, `-90s`, `+12k tokens out`
fn change(name: &str, difference: i64, say: &dyn Fn(i64) -> String) -> String {
    let amount = signed(difference, say);
    match name {
        // The unit says it.
        "time" | "cost" => amount,
        "conversations in" => format!("{amount} in"),
        "calls" | "attempts" | "waves" if difference.abs() == 1 => {
            format!("{amount} {}", &name[..name.len() - 1])
        }
        _ => format!("{amount} {name}"),
    }
}

/// All that differ, each with its change in words.
fn bounds(from: &BoundsOut, to: &BoundsOut) -> Vec<Bound> {
    let count = |value: u32| i64::from(value);
    let size = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let micros = |usd: f64| (usd * 1e6).round() as i64;
    let counted = |n: i64| n.to_string();
    let time = |n: i64| Millis(n.unsigned_abs()).to_string();
    let tokens = |n: i64| Tokens(n.unsigned_abs()).to_string();
    let conversations = |n: i64| format!("{n}c");
    let cost = |n: i64| money(n as f64 / 1e6);
    let rows: [Row<'_>; 9] = [
        ("calls", count(from.calls), count(to.calls), &counted),
        ("attempts", count(from.attempts), count(to.attempts), &counted),
        ("waves", count(from.waves), count(to.waves), &counted),
        ("time", size(from.time_ms), size(to.time_ms), &time),
        ("tokens out", size(from.tokens_out), size(to.tokens_out), &tokens),
        (
            "conversations in",
            count(from.tokens_in_conversations),
            count(to.tokens_in_conversations),
            &conversations,
        ),
        ("tokens in", size(from.tokens_in_constant), size(to.tokens_in_constant), &tokens),
        ("cost", micros(from.cost_usd), micros(to.cost_usd), &cost),
        ("longest conversation", size(from.request_max), size(to.request_max), &tokens),
    ];
    rows.into_iter()
        .filter(|(_, from, to, _)| from != to)
        .map(|(name, from, to, say)| Bound {
            name: name.to_owned(),
            from: say(from),
            to: say(to),
            change: change(name, to - from, say),
        })
        .collect()
}

/// Those that both sides have and that differ, the same changes together.
fn changed(from: &[Step], to: &BTreeMap<&str, &Step>) -> Vec<Changed> {
    let mut groups: Vec<Changed> = Vec::new();
    for old in from {
        let Some(new) = to.get(old.id.as_str()) else { continue };
        let fields = fields(old, new);
        if fields.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|group| group.fields == fields) {
            Some(group) => group.steps.push(old.id.clone()),
            None => groups.push(Changed { steps: vec![old.id.clone()], fields }),
        }
    }
    groups
}

fn fields(from: &Step, to: &Step) -> Vec<FieldChange> {
    let (old, new) = (flat(from), flat(to));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |name: &String| {
        let (from, to) =
            (old.get(name).cloned().unwrap_or_default(), new.get(name).cloned().unwrap_or_default());
        (from != to).then(|| FieldChange { field: name.clone(), from, to })
    };
    names.into_iter().filter(|name| !DERIVED.contains(&name.as_str())).filter_map(change).collect()
}

/// The fields of a node by their path; lists stay whole.
fn flat(step: &Step) -> BTreeMap<String, Value> {
    let mut open = vec![(String::new(), serde_json::to_value(step).expect("a node is JSON"))];
    let mut fields = BTreeMap::new();
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(map) => {
                let below = |name: String| if path.is_empty() { name } else { format!("{path}.{name}") };
                open.extend(map.into_iter().map(|(name, value)| (below(name), value)));
            }
            // Texts of a prompt one by one; of inputs the nodes.
            Value::Array(items) if path == "call.prompt" => {
                let place = |(at, item)| (format!("{path}[{at}]"), item);
                open.extend(items.into_iter().enumerate().map(place));
            }
            Value::Array(items) if path == "inputs" => {
                let nodes = items.iter().map(|input| input["node"].clone()).collect();
                fields.insert(path, Value::Array(nodes));
            }
            other => _ = fields.insert(path, other),
        }
    }
    fields
}

fn settings(from: &[SettingOut], to: &[SettingOut]) -> Vec<SettingChange> {
    let find = |list: &[SettingOut], name: &str| list.iter().find(|setting| setting.name == name).cloned();
    let names = from.iter().chain(to.iter().filter(|new| !from.iter().any(|old| old.name == new.name)));
    names
        .map(|setting| SettingChange {
            name: setting.name.clone(),
            from: find(from, &setting.name),
            to: find(to, &setting.name),
        })
        .filter(|change| match (&change.from, &change.to) {
            // Where it was written may move.
            (Some(from), Some(to)) => (&from.value, &from.layer) != (&to.value, &to.layer),
            _ => true,
        })
        .collect()
}

// === impl Brief ===

impl Brief {
    fn of(step: &Step) -> Self {
        Self { step: step.id.clone(), verb: step.verb.clone(), model: step.model.clone() }
    }
}

// === impl FieldChange ===

impl FieldChange {
    fn line(&self) -> String {
        format!("    {}: {} -> {}", self.field, shown(&self.from), shown(&self.to))
    }
}

/// On one line; of a long text how long it is.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => return "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let line = text.lines().next().unwrap_or_default();
    if line.len() == text.len() && text.chars().count() <= VALUE_WIDTH {
        return text;
    }
    let start: String = line.chars().take(VALUE_WIDTH - 12).collect();
    format!("{start}… ({} characters)", text.chars().count())
}

// === impl SettingChange ===

impl SettingChange {
    fn row(&self) -> Vec<String> {
        let side = |setting: &SettingOut| {
            format!("{} ({})", shown(&Value::from(setting.value.as_str())), setting.layer)
        };
        let (sign, words) = match (&self.from, &self.to) {
            (Some(from), Some(to)) => ("~", format!("{} -> {}", side(from), side(to))),
            (Some(from), None) => ("-", side(from)),
            (None, Some(to)) => ("+", side(to)),
            (None, None) => ("~", String::new()),
        };
        vec![format!("{sign} {}", self.name), words]
    }
}

/// Rows of two with their second parts below each other.
fn columns(rows: Vec<Vec<String>>) -> Vec<String> {
    let width = rows.iter().map(|row| row[0].chars().count()).max().unwrap_or(0);
    rows.into_iter().map(|row| format!("{:width$}   {}", row[0], row[1])).collect()
}
