//! Which options exist, where they may stand, and what they take.

use crate::diagnostic::Diagnostic;
use crate::syntax::ast::{Setting, Value};

use super::errors;
use super::values::Reader;

/// A kind of block that holds options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Model,
    Defaults,
    Tier,
    Profile,
    Ensemble,
    /// `ask`, `merge`.
    Call,
    /// `parallel LIST`, `sample`.
    Group,
    /// `parallel { … }`, `parallel for`.
    Block,
    Pick,
    Score,
    Vote,
    Route,
    Cascade,
    Race,
    Repeat,
    Text,
    /// A name or a list function.
    Plain,
    /// An ensemble or technique used as a step.
    Inline,
    Technique,
}

pub const RUNTIMES: &[&str] = &["mlx", "ov", "remote"];
pub const EFFORTS: &[&str] = &["none", "minimal", "low", "medium", "high", "xhigh"];
pub const TOOLS: &[&str] = &["pass", "show", "none"];
pub const STREAMS: &[&str] = &["answer", "progress"];

const MODEL: &[&str] = &["runtime", "memory", "context", "max_output", "price", "concurrency"];
const CALL: &[&str] = &[
    "prompt",
    "system",
    "history",
    "temperature",
    "top_p",
    "max_tokens",
    "stop",
    "seed",
    "reasoning_effort",
    "params",
    "timeout",
    "first_token",
    "retries",
    "tools",
    "returns",
    "soft",
];
const GROUP: &[&str] = &["need", "grace"];
const PICK: &[&str] = &["rubric", "method"];
const VOTE: &[&str] = &["key", "match", "ties", "weights", "min_share"];
const HANDLE: &[&str] = &["limit", "selector", "stream"];

/// Which lints do not count in a block, each with the reason. May stand in every block; the lints read it.
pub const ALLOW: &str = "allow";

/// Options of a step that take a number or a text, and so a role or parameter that holds one.
pub const TAKE_ROLES: &[&str] =
    &["temperature", "top_p", "max_tokens", "seed", "retries", "need", "accept", "min_share", "rubric"];

/// Fields that a seed, a temperature and their like make; deciders inherit none of them.
pub const SAMPLING: &[&str] = &["temperature", "top_p", "stop", "seed", "params"];

// === impl Place ===

impl Place {
    /// Whether `accept when` may stand there.
    pub fn accepts(self) -> bool {
        matches!(
            self,
            Self::Call | Self::Group | Self::Pick | Self::Cascade | Self::Race | Self::Plain | Self::Inline
        )
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Model => "a model",
            Self::Defaults => "`defaults`",
            Self::Tier => "a tier",
            Self::Profile => "a profile",
            Self::Ensemble => "an ensemble",
            Self::Call => "a call",
            Self::Group => "a group of calls",
            Self::Block => "a group of steps",
            Self::Pick => "`pick`",
            Self::Score => "`score`",
            Self::Route => "`route`",
            Self::Cascade => "`cascade`",
            Self::Race => "`race`",
            Self::Repeat => "`repeat`",
            Self::Inline => "an ensemble or technique used as a step",
            Self::Technique => "a technique",
            Self::Vote => "`vote`",
            Self::Text => "`text`",
            Self::Plain => "a name",
        }
    }

    pub fn options(self) -> Vec<&'static str> {
        let parts: &[&[&'static str]] = match self {
            Self::Model => &[MODEL],
            Self::Defaults => &[&["handle"], HANDLE, CALL, GROUP],
            Self::Tier => &[&["memory"], HANDLE, CALL, GROUP],
            Self::Profile | Self::Ensemble => &[HANDLE, CALL, GROUP],
            Self::Call => &[CALL],
            Self::Group | Self::Block => &[GROUP, CALL],
            Self::Score => &[&["rubric", "method", "own"], CALL],
            Self::Route | Self::Race | Self::Repeat | Self::Technique => &[CALL],
            Self::Cascade => &[&["accept", "rubric"], CALL],
            Self::Inline => &[&["prompt", "system", "history"]],
            Self::Pick => &[PICK, CALL],
            Self::Vote => &[VOTE],
            Self::Text | Self::Plain => &[],
        };
        parts.iter().copied().flatten().copied().collect()
    }
}

pub fn is_option_of(place: Place, name: &str) -> bool {
    place.options().contains(&name)
}

/// Whether some block has an option of that name: then it is no role.
pub fn is_option(name: &str) -> bool {
    [CALL, GROUP, HANDLE, &["handle", "memory", "accept", ALLOW]].iter().any(|list| list.contains(&name))
}

/// Reports unknown and repeated options, and values of the wrong kind. What needs names (prompts, `ties`) is read
/// where the names are known.
pub fn judge(place: Place, settings: &[&Setting], diagnostics: &mut Vec<Diagnostic>) {
    let known = place.options();
    for (index, setting) in settings.iter().enumerate() {
        let name = setting.name.text.as_str();
        if !known.contains(&name) && name != ALLOW {
            diagnostics.push(errors::unknown_option(&setting.name, place.title(), &known));
            continue;
        }
        if let Some(first) = settings[..index].iter().find(|first| first.name.text == name) {
            diagnostics.push(errors::option_twice(&setting.name, first.name.span));
        }
        match (place, name) {
            (Place::Score, "method") => {
                let mut reader = Reader { option: name, diagnostics };
                drop(reader.word(&setting.value, &["grade", "rank"]));
            }
            _ => value(name, &setting.value, diagnostics),
        }
    }
}

fn value(name: &str, value: &Value, diagnostics: &mut Vec<Diagnostic>) {
    let mut reader = Reader { option: name, diagnostics };
    match name {
        "runtime" => drop(reader.word(value, RUNTIMES)),
        "memory" => drop(reader.size(value)),
        "context" | "max_output" | "max_tokens" => drop(reader.tokens(value)),
        "price" => drop(reader.price(value)),
        "concurrency" => drop(reader.whole(value, 1, 8192)),
        "temperature" => drop(reader.number(value, 0.0, 2.0)),
        "top_p" | "min_share" => drop(reader.number(value, 0.0, 1.0)),
        "seed" => drop(reader.integer(value)),
        "stop" => drop(reader.texts(value)),
        "reasoning_effort" => drop(reader.word(value, EFFORTS)),
        "params" => drop(reader.json(value)),
        "timeout" | "first_token" => drop(reader.wait(value)),
        "grace" => drop(reader.duration(value)),
        "retries" => drop(reader.whole(value, 0, 10)),
        "need" => drop(reader.whole(value, 0, 1000)),
        "tools" => drop(reader.word(value, TOOLS)),
        "soft" => drop(reader.words(value)),
        "handle" | "selector" => drop(reader.text(value)),
        "rubric" => drop(reader.text(value)),
        "stream" => drop(reader.word(value, STREAMS)),
        "method" => drop(reader.word(value, &["choose", "score", "pairwise"])),
        "own" => drop(reader.word(value, &["skip", "count"])),
        "accept" => drop(reader.number(value, 0.0, 1.0)),
        "key" => drop(reader.text(value)),
        "limit" => limit(value, diagnostics),
        ALLOW => allow(value, diagnostics),
        _ => (),
    }
}

fn limit(value: &Value, diagnostics: &mut Vec<Diagnostic>) {
    const KNOWN: &[&str] = &["calls", "tokens", "cost", "request"];
    let Value::Map(map) = value else {
        if !matches!(value, Value::Bad(_)) {
            let expected = "a map such as `{ calls: 12, tokens: 200k }`";
            diagnostics.push(errors::wrong_value("limit", value.span(), expected));
        }
        return;
    };
    for (name, value) in &map.pairs {
        let mut reader = Reader { option: &name.text, diagnostics };
        match name.text.as_str() {
            "calls" => drop(reader.whole(value, 1, 100_000)),
            "tokens" | "request" => drop(reader.tokens(value)),
            "cost" => drop(reader.money(value)),
            _ => diagnostics.push(errors::unknown_option(name, "`limit`", KNOWN)),
        }
    }
}

/// Whether its names are lints is judged by the lints.
fn allow(value: &Value, diagnostics: &mut Vec<Diagnostic>) {
    let expected = "lints with reasons, such as `{ L004: \"one model is enough here\" }`";
    let Value::Map(map) = value else {
        if !matches!(value, Value::Bad(_)) {
            diagnostics.push(errors::wrong_value(ALLOW, value.span(), expected));
        }
        return;
    };
    for (name, value) in &map.pairs {
        match value {
            Value::Text(text) if !text.value.trim().is_empty() => (),
            Value::Bad(_) => (),
            _ => diagnostics.push(errors::no_reason(&name.text, value.span())),
        }
    }
}
