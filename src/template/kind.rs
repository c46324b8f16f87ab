//! What a value of a template is, as far as that matters for its fields and for what it is compared with.

/// What a name or an expression is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An answer; nothing is known of its value.
    Answer,
    /// A list of answers, with the names of its members, if they have some, and what each of those is.
    Answers(Vec<(String, Kind)>),
    /// An answer, or a list of answers, of which it is known what the `value` is.
    Typed(Box<Kind>, Box<Returned>),
    Text,
    Number,
    Bool,
    /// One of these words, as `returns: one_of` gives it.
    Choice(Vec<String>),
    /// A map that has these fields, and no others.
    Object(Vec<(String, Kind)>),
    /// A role that holds a model.
    Model,
    List,
    /// A list of such elements.
    ListOf(Box<Kind>),
    Request,
    Message,
    Loop,
    /// Not known: every use is allowed.
    Any,
}

/// What the `value` of an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Returned {
    /// There is none: its step declares no `returns`.
    Nothing,
    Value(Kind),
}

pub const ANSWER_FIELDS: &[&str] = &[
    "text",
    "model",
    "tokens",
    "cost",
    "seconds",
    "score",
    "value",
    "json",
    "error",
    "finish_reason",
    "fits",
];
pub const REQUEST_FIELDS: &[&str] =
    &["messages", "turns", "system", "last", "tokens", "images", "tools", "model", "user"];
pub const MESSAGE_FIELDS: &[&str] = &["role", "text"];
pub const MODEL_FIELDS: &[&str] = &["name", "context", "max_output"];
pub const LOOP_FIELDS: &[&str] = &[
    "index",
    "index0",
    "revindex",
    "revindex0",
    "first",
    "last",
    "length",
    "depth",
    "depth0",
    "previtem",
    "nextitem",
    "cycle",
    "changed",
];

/// What a field of a kind is.
pub enum Field {
    Of(Kind),
    /// It would be the value of an answer whose step returns none.
    NoValue,
    /// There is none of that name.
    Unknown {
        owner: &'static str,
        known: Vec<String>,
    },
}

// === impl Kind ===

impl Kind {
    /// The same, with a `value` that is known; for answers only.
    #[must_use]
    pub fn returning(self, returned: Returned) -> Self {
        match self {
            Self::Answer | Self::Answers(_) => Self::Typed(Box::new(self), Box::new(returned)),
            other => other,
        }
    }

    /// What one of its elements is.
    #[must_use]
    pub fn element(&self) -> Self {
        match self {
            Self::Answers(_) => Self::Answer,
            Self::Typed(list, returned) => Self::Typed(Box::new(list.element()), returned.clone()),
            Self::ListOf(element) => (**element).clone(),
            _ => Self::Any,
        }
    }

    /// Some of its elements: a list without names.
    #[must_use]
    pub fn some(self) -> Self {
        match self {
            Self::Answers(_) => Self::Answers(Vec::new()),
            Self::Typed(list, returned) => Self::Typed(Box::new(list.some()), returned),
            Self::List | Self::ListOf(_) => self,
            _ => Self::Any,
        }
    }

    /// What is one of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Any }
    }

    /// Whether it is one answer, whatever its value is.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Answer => true,
            Self::Typed(kind, _) => kind.is_answer(),
            _ => false,
        }
    }

    #[must_use]
    pub fn field(&self, field: &str) -> Field {
        let (owner, known): (&'static str, &'static [&'static str]) = match self {
            Self::Typed(kind, returned) if kind.is_answer() => return typed_field(returned, field),
            Self::Typed(kind, returned) => {
                return match kind.field(field) {
                    // A member that is known by itself, else like all.
                    Field::Of(Self::Answer) => Field::Of(Self::Answer.returning((**returned).clone())),
                    other => other,
                };
            }
            Self::Answer => ("an answer", ANSWER_FIELDS),
            Self::Answers(members) => return member(members, field, "a list of answers"),
            Self::Object(fields) => return member(fields, field, "this value"),
            Self::Request => ("`request`", REQUEST_FIELDS),
            Self::Message => ("a message", MESSAGE_FIELDS),
            Self::Model => ("a model", MODEL_FIELDS),
            Self::Loop => ("`loop`", LOOP_FIELDS),
            Self::Text | Self::Choice(_) => ("a text", &[]),
            Self::Number => ("a number", &[]),
            Self::Bool => ("true or false", &[]),
            Self::List | Self::ListOf(_) | Self::Any => return Field::Of(Self::Any),
        };
        if !known.contains(&field) {
            return Field::Unknown { owner, known: known.iter().map(|name| (*name).to_owned()).collect() };
        }
        Field::Of(match (self, field) {
            (Self::Request, "messages") => Self::ListOf(Box::new(Self::Message)),
            (Self::Request, "turns") => Self::ListOf(Box::new(Self::ListOf(Box::new(Self::Message)))),
            (Self::Request, "last" | "system" | "model" | "user") => Self::Text,
            (Self::Request, "tokens" | "images") => Self::Number,
            (Self::Answer, "text" | "model" | "finish_reason") | (Self::Message, _) => Self::Text,
            (Self::Answer, "tokens" | "cost" | "seconds") => Self::Number,
            _ => Self::Any,
        })
    }

    /// What a filter makes of it.
    #[must_use]
    pub fn filtered(self, filter: &str) -> Self {
        match filter {
            "length" | "count" | "tokens" | "int" | "float" | "round" | "abs" | "sum" => Self::Number,
            "trim" | "lower" | "upper" | "title" | "capitalize" | "replace" | "join" | "after" | "before"
            | "between" | "tag" | "answer" | "normalize" | "truncate_tokens" | "redact" | "restore"
            | "raw" | "string" | "indent" | "tojson" => Self::Text,
            "lines" | "code_blocks" | "chunks" | "split" => Self::ListOf(Box::new(Self::Text)),
            "numbers" => Self::ListOf(Box::new(Self::Number)),
            "batch" | "slice" => Self::ListOf(Box::new(self.some())),
            "sort" | "reverse" | "list" | "select" | "reject" | "selectattr" | "rejectattr" | "unique" => {
                self.some()
            }
            "first" | "last" | "min" | "max" => self.element(),
            _ => Self::Any,
        }
    }
}

fn typed_field(returned: &Returned, field: &str) -> Field {
    match (field, returned) {
        ("value", Returned::Nothing) => Field::NoValue,
        ("value", Returned::Value(kind)) => Field::Of(kind.clone()),
        // The text of an answer that is one of several words is that word.
        ("text", Returned::Value(kind @ Kind::Choice(_))) => Field::Of(kind.clone()),
        _ => Kind::Answer.field(field),
    }
}

fn member(members: &[(String, Kind)], name: &str, owner: &'static str) -> Field {
    match members.iter().find(|(member, _)| member == name) {
        Some((_, kind)) => Field::Of(kind.clone()),
        None => Field::Unknown { owner, known: members.iter().map(|(member, _)| member.clone()).collect() },
    }
}
