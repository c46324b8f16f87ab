//! The tree: what was written, with its places. Nothing is resolved and nothing is judged here.
//!
//! A part that could not be read is a `Bad` node; its diagnostic was already given by the parser, so later
//! phases pass over it in silence.

use std::fmt;

use crate::source::FileId;
use crate::source::Span;

/// One file.
#[derive(Clone, Debug)]
pub struct File {
    pub id: FileId,
    pub items: Vec<Item>,
}

#[derive(Clone, Debug)]
pub enum Item {
    Model(Titled),
    Tier(Titled),
    Profile(Titled),
    Defaults(Defaults),
    Prompt(Prompt),
    Technique(Technique),
    Ensemble(Ensemble),
    Test(Test),
    Bad(Span),
}

/// `model NAME { … }`, `tier NAME { … }`, `profile NAME { … }`.
#[derive(Clone, Debug)]
pub struct Titled {
    pub doc: Option<Doc>,
    pub name: Name,
    pub block: Block,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Defaults {
    pub doc: Option<Doc>,
    pub block: Block,
    pub span: Span,
}

/// `prompt NAME(params) """…"""`.
#[derive(Clone, Debug)]
pub struct Prompt {
    pub doc: Option<Doc>,
    pub name: Name,
    pub params: Vec<Param>,
    /// A text, or a list of turns.
    pub body: Value,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Technique {
    pub doc: Option<Doc>,
    pub name: Name,
    pub params: Vec<Param>,
    pub block: Block,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Ensemble {
    pub doc: Option<Doc>,
    pub name: Name,
    /// Empty: every cell.
    pub cells: Vec<Cell>,
    pub body: EnsembleBody,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum EnsembleBody {
    /// `ensemble NAME { … }`
    Steps(Block),
    /// `ensemble NAME = TECHNIQUE(args) { options }`
    Technique { member: Member, block: Option<Block> },
}

#[derive(Clone, Debug)]
pub struct Test {
    pub doc: Option<Doc>,
    pub title: Text,
    pub block: Block,
    pub span: Span,
}

/// The lines of `///`, without the slashes and one space, joined by line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doc {
    pub text: String,
    pub span: Span,
}

/// `NAME: TYPE = DEFAULT`
#[derive(Clone, Debug)]
pub struct Param {
    pub name: Name,
    pub kind: Option<Name>,
    pub default: Option<Value>,
}

/// Any word taken as a name, as it was written. Whether its form is allowed is judged later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// `high-xl`, `*-m`, `high`: the words between the dashes. How many there may be is judged later.
#[derive(Clone, Debug)]
pub struct Cell {
    pub words: Vec<Name>,
    pub span: Span,
}

// === Blocks ===

/// What stands between braces, braces included in the span.
#[derive(Clone, Debug)]
pub struct Block {
    pub entries: Vec<Entry>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Entry {
    /// `name: value`
    Option(Setting),
    /// `name = …`
    Step(Step),
    /// `stop when EXPR`, `skip when EXPR`, `accept when EXPR`
    Clause(Clause),
    /// An arm of a `route`.
    Arm(Arm),
    /// Of a `test`.
    Run(Run),
    Mock(Mock),
    Expect(Expr),
    /// `user "…"` and its like, in a test.
    Turn(Turn),
    Bad(Span),
}

#[derive(Clone, Debug)]
pub struct Setting {
    pub name: Name,
    pub value: Value,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub doc: Option<Doc>,
    pub name: Name,
    pub rhs: Rhs,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClauseKind {
    Stop,
    Skip,
    Accept,
}

#[derive(Clone, Debug)]
pub struct Clause {
    pub kind: ClauseKind,
    pub expr: Expr,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Arm {
    pub head: ArmHead,
    pub rhs: Rhs,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ArmHead {
    When(Expr),
    Else(Span),
    Label { label: Name, meaning: Text },
}

#[derive(Clone, Debug)]
pub struct Run {
    pub member: Member,
    pub cell: Option<Cell>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Mock {
    pub target: Path,
    pub replies: Vec<Reply>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Reply {
    pub what: ReplyWhat,
    pub after: Option<Quantity>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ReplyWhat {
    Text(Text),
    /// `fail timeout`, `fail 429 (retry_after: 3s)`
    Fail {
        fault: Value,
        args: Vec<Arg>,
    },
    /// `tool "name" """{…}"""`
    Tool {
        name: Text,
        arguments: Text,
    },
}

#[derive(Clone, Debug)]
pub struct Turn {
    pub role: Name,
    pub text: Text,
    pub span: Span,
}

// === Right-hand sides ===

/// `A else B else C`: the first is the step, the rest are its fallbacks in order. Never empty.
#[derive(Clone, Debug)]
pub struct Rhs {
    pub alts: Vec<Alt>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Alt {
    pub verb: Verb,
    pub block: Option<Block>,
    /// The verb's own word, e.g. `merge`; for a plain value, its place.
    pub verb_span: Span,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Verb {
    Ask {
        model: Member,
    },
    Parallel {
        list: Value,
    },
    /// `parallel { a = …, b = … }`: the steps stand in the block.
    Group,
    Over {
        list: Value,
        prev: Value,
    },
    ForEach {
        name: Name,
        items: Expr,
        most: Count,
    },
    Sample {
        count: Count,
        of: Member,
    },
    Merge {
        list: Value,
        by: Member,
    },
    Score {
        list: Value,
        by: Value,
    },
    Pick {
        count: Option<Count>,
        list: Value,
        by: Option<Value>,
    },
    Vote {
        list: Value,
    },
    Route {
        by: Option<Member>,
    },
    Cascade {
        list: Value,
        by: Option<Member>,
    },
    Race {
        list: Value,
    },
    Repeat {
        name: Name,
        most: Count,
    },
    Text {
        template: Text,
    },
    /// A name, a call, a list function, or the value of a role.
    Plain {
        value: Value,
    },
    Bad(Span),
}

/// `3`, or the name of a role or parameter that holds a number.
#[derive(Clone, Debug)]
pub enum Count {
    Number(Quantity),
    Name(Path),
}

// === Values ===

#[derive(Clone, Debug)]
pub enum Value {
    Quantity(Quantity),
    /// `$0.15 / $0.60`
    Price {
        input: Quantity,
        output: Quantity,
        span: Span,
    },
    Text(Text),
    List(List),
    Map(Map),
    /// A bare word, a path, `name(args)`, `name@cell`.
    Name(Member),
    /// A word with something after it: `one_of [a, b]`, `json """…"""`, `last 4`, `user """…"""`.
    Tagged {
        word: Member,
        payload: Box<Value>,
        span: Span,
    },
    /// `b after 2s`
    After {
        member: Member,
        wait: Quantity,
        span: Span,
    },
    Bad(Span),
}

#[derive(Clone, Debug)]
pub struct List {
    pub items: Vec<Value>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Map {
    pub pairs: Vec<(Name, Value)>,
    pub span: Span,
}

/// `a`, `a.b[0]`, `f(x, y: 2)`, `solver@high-l`.
#[derive(Clone, Debug)]
pub struct Member {
    pub path: Path,
    pub args: Option<Vec<Arg>>,
    pub cell: Option<Cell>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Arg {
    pub name: Option<Name>,
    pub value: Value,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Path {
    pub head: Name,
    pub tail: Vec<Access>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Access {
    Field(Name),
    Index { index: i64, span: Span },
}

/// A number with what stood around it: `-0.5`, `$0.75`, `65GB`, `128k`, `50%`. Units are judged later.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// With its sign; `_` taken out.
    pub number: f64,
    /// Whether it was written without a decimal point.
    pub whole: bool,
    pub dollar: bool,
    /// Letters (or `%`) right after the digits; empty if none.
    pub unit: String,
    pub span: Span,
}

/// A minijinja expression, verbatim, trimmed.
#[derive(Clone)]
pub struct Expr {
    pub text: String,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextForm {
    /// `"…"`: escapes are replaced.
    Plain,
    /// `"""…"""`: dedented, no escapes.
    Template,
}

/// A quoted text, cooked, with the way back to the file.
#[derive(Clone, Debug)]
pub struct Text {
    pub form: TextForm,
    pub value: String,
    /// Quotes included.
    pub span: Span,
    /// Where runs of `value` came from, in order: byte `value` of the text was byte `source` of the file, and
    /// so on until the next run. Empty only for an empty text.
    pub runs: Vec<TextRun>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TextRun {
    pub value: u32,
    pub source: u32,
}

// === impl File ===

impl File {
    /// The tree without its places, printed: files that say the same in another layout have the same meaning, and
    /// other files have another. Line ends are a matter of layout, too; comments are not in the tree.
    #[must_use]
    pub fn meaning(&self) -> String {
        format!("{:-?}", self.items)
    }
}

// === impl Expr ===

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, span } = self;
        let text = if f.sign_minus() { text.replace("\r\n", "\n") } else { text.clone() };
        f.debug_struct("Expr").field("text", &text).field("span", span).finish()
    }
}

// === impl TextRun ===

impl fmt::Debug for TextRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.sign_minus() {
            return f.write_str("_");
        }
        let Self { value, source } = self;
        f.debug_struct("TextRun").field("value", value).field("source", source).finish()
    }
}

// === impl Item ===

impl Item {
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Model(titled) | Self::Tier(titled) | Self::Profile(titled) => titled.span,
            Self::Defaults(defaults) => defaults.span,
            Self::Prompt(prompt) => prompt.span,
            Self::Technique(technique) => technique.span,
            Self::Ensemble(ensemble) => ensemble.span,
            Self::Test(test) => test.span,
            Self::Bad(span) => *span,
        }
    }
}

// === impl Entry ===

impl Entry {
    /// All of it; an expectation without its word.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Option(setting) => setting.span,
            Self::Step(step) => step.span,
            Self::Clause(clause) => clause.span,
            Self::Arm(arm) => arm.span,
            Self::Run(run) => run.span,
            Self::Mock(mock) => mock.span,
            Self::Expect(expr) => expr.span,
            Self::Turn(turn) => turn.span,
            Self::Bad(span) => *span,
        }
    }
}

// === impl Text ===

impl Text {
    /// The place in the file of bytes `range` of the cooked text.
    #[must_use]
    pub fn place(&self, range: std::ops::Range<usize>) -> Span {
        let back = |offset: usize| {
            let index = self.runs.partition_point(|run| run.value as usize <= offset);
            match index.checked_sub(1).map(|i| self.runs[i]) {
                Some(run) => run.source + (offset as u32 - run.value),
                None => self.span.start,
            }
        };
        let start = back(range.start).clamp(self.span.start, self.span.end);
        // The end is found from the last byte inside, so that it never jumps over a line's dedent.
        let end = if range.end > range.start { back(range.end - 1) + 1 } else { start };
        Span { file: self.span.file, start, end: end.clamp(start, self.span.end) }
    }
}

// === impl Value ===

impl Value {
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Quantity(quantity) => quantity.span,
            Self::Text(text) => text.span,
            Self::List(list) => list.span,
            Self::Map(map) => map.span,
            Self::Name(member) => member.span,
            Self::Price { span, .. }
            | Self::Tagged { span, .. }
            | Self::After { span, .. }
            | Self::Bad(span) => *span,
        }
    }
}

// === impl Member ===

impl Member {
    /// The name, if this is a bare word: no field, argument or cell.
    #[must_use]
    pub fn word(&self) -> Option<&Name> {
        (self.path.tail.is_empty() && self.args.is_none() && self.cell.is_none()).then_some(&self.path.head)
    }
}
