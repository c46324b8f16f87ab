//! The static check: every name, field, filter and test of a template is known before it runs.

use minijinja::machinery::ast::{CallArg, Expr, Stmt};
use std::ops::Range;

use super::engine;

/// What a name is, as far as it matters for its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Answer,
    /// A list of answers, with the names of its members, if they have some, and what each of those is.
    Answers(Vec<(String, Kind)>),
    Text,
    Number,
    /// A role that holds a model.
    Model,
    List,
    Request,
    Message,
    Loop,
    /// Not known: every use is allowed.
    Any,
}

/// A name that is used, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    pub name: String,
    pub range: Range<usize>,
}

/// What is wrong, and where in the template's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub what: FaultKind,
    pub range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    Syntax(String),
    UnknownName(String),
    UnknownField {
        of: &'static str,
        field: String,
        known: Vec<String>,
    },
    UnknownFilter(String),
    UnknownTest(String),
    UnknownFunction(String),
    /// Part of the language, but not of this version.
    NotYet(&'static str),
    /// `include` and its like.
    Forbidden(&'static str),
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

const STATEMENTS_FORBIDDEN: &[&str] = &["macro", "include", "import", "from", "extends", "block", "call"];

// === impl Fault ===

impl Fault {
    /// From an error of the compiler. Its words are made ours where they are known.
    pub fn syntax(error: &minijinja::Error, source: &str) -> Self {
        let range = error.range().unwrap_or(0..source.len());
        // The engine counts one byte for a character that has more.
        let range = source.floor_char_boundary(range.start)..source.ceil_char_boundary(range.end);
        let detail = error.detail().unwrap_or("this cannot be read").to_owned();
        let forbidden = STATEMENTS_FORBIDDEN
            .iter()
            .find(|word| detail.starts_with("unknown statement") && detail.ends_with(&format!(" {word}")));
        let what = match forbidden {
            Some(word) => FaultKind::Forbidden(word),
            None => FaultKind::Syntax(detail),
        };
        Self { what, range }
    }
}

pub fn template(
    root: &Stmt<'_>,
    source: &str,
    visible: &dyn Fn(&str) -> Option<Kind>,
) -> (Vec<Mention>, Vec<Fault>) {
    let mut checker = Checker::new(source, visible);
    checker.stmt(root);
    (checker.mentions, checker.faults)
}

pub fn expression(
    root: &Expr<'_>,
    source: &str,
    visible: &dyn Fn(&str) -> Option<Kind>,
) -> (Vec<Mention>, Vec<Fault>) {
    let mut checker = Checker::new(source, visible);
    checker.expr(root);
    (checker.mentions, checker.faults)
}

/// What an item of the expression's value is.
pub fn element_of(root: &Expr<'_>, source: &str, visible: &dyn Fn(&str) -> Option<Kind>) -> Kind {
    element(&Checker::new(source, visible).expr(root))
}

struct Checker<'a> {
    source: &'a str,
    visible: &'a dyn Fn(&str) -> Option<Kind>,
    locals: Vec<(String, Kind)>,
    mentions: Vec<Mention>,
    faults: Vec<Fault>,
}

// === impl Checker ===

impl<'a> Checker<'a> {
    fn new(source: &'a str, visible: &'a dyn Fn(&str) -> Option<Kind>) -> Self {
        Self { source, visible, locals: Vec::new(), mentions: Vec::new(), faults: Vec::new() }
    }

    fn body(&mut self, stmts: &[Stmt<'_>]) {
        for stmt in stmts {
            self.stmt(stmt);
        }
    }

    fn scoped(&mut self, stmts: &[Stmt<'_>]) {
        let depth = self.locals.len();
        self.body(stmts);
        self.locals.truncate(depth);
    }

    fn stmt(&mut self, node: &Stmt<'_>) {
        match node {
            Stmt::Template(node) => self.body(&node.children),
            Stmt::EmitExpr(node) => {
                self.expr(&node.expr);
            }
            Stmt::EmitRaw(_) => (),
            Stmt::ForLoop(node) => {
                let list = self.expr(&node.iter);
                let depth = self.locals.len();
                self.bind(&node.target, element(&list));
                self.locals.push(("loop".to_owned(), Kind::Loop));
                if let Some(filter) = &node.filter_expr {
                    self.expr(filter);
                }
                self.body(&node.body);
                self.locals.truncate(depth);
                self.scoped(&node.else_body);
            }
            Stmt::IfCond(node) => {
                self.expr(&node.expr);
                self.body(&node.true_body);
                self.body(&node.false_body);
            }
            Stmt::WithBlock(node) => {
                let depth = self.locals.len();
                for (target, value) in &node.assignments {
                    let kind = self.expr(value);
                    self.bind(target, kind);
                }
                self.body(&node.body);
                self.locals.truncate(depth);
            }
            Stmt::Set(node) => {
                let kind = self.expr(&node.expr);
                self.bind(&node.target, kind);
            }
            Stmt::SetBlock(node) => {
                self.scoped(&node.body);
                self.bind(&node.target, Kind::Text);
            }
            Stmt::AutoEscape(node) => self.scoped(&node.body),
            Stmt::FilterBlock(node) => {
                self.scoped(&node.body);
                self.expr(&node.filter);
            }
            Stmt::Do(node) => self.args(&node.call.args),
        }
    }

    fn bind(&mut self, target: &Expr<'_>, kind: Kind) {
        match target {
            Expr::Var(var) => self.locals.push((var.id.to_owned(), kind)),
            Expr::List(list) => list.items.iter().for_each(|item| self.bind(item, Kind::Any)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.bind(item, Kind::Any)),
            _ => (),
        }
    }

    fn expr(&mut self, node: &Expr<'_>) -> Kind {
        let span = node.span();
        let range = span.start_offset as usize..span.end_offset as usize;
        match node {
            Expr::Var(var) => self.name(var.id, range),
            Expr::Const(_) => Kind::Any,
            Expr::Slice(node) => {
                for part in [&node.start, &node.stop, &node.step].into_iter().flatten() {
                    self.expr(part);
                }
                match self.expr(&node.expr) {
                    Kind::Answers(_) => Kind::Answers(Vec::new()),
                    kind => kind,
                }
            }
            Expr::UnaryOp(node) => {
                self.expr(&node.expr);
                Kind::Any
            }
            Expr::BinOp(node) => {
                self.expr(&node.left);
                self.expr(&node.right);
                Kind::Any
            }
            Expr::Compare(node) => {
                self.expr(&node.expr);
                for operand in &node.ops {
                    self.expr(&operand.expr);
                }
                Kind::Any
            }
            Expr::IfExpr(node) => {
                self.expr(&node.test_expr);
                let kind = self.expr(&node.true_expr);
                if let Some(other) = &node.false_expr {
                    self.expr(other);
                }
                kind
            }
            Expr::Filter(node) => {
                let input = node.expr.as_ref().map_or(Kind::Text, |e| self.expr(e));
                self.args(&node.args);
                if node.name == "restore" {
                    self.fault(FaultKind::NotYet("restore"), self.word(&range, node.name));
                } else if !engine::FILTERS_KEPT.contains(&node.name)
                    && !engine::FILTERS_OURS.contains(&node.name)
                {
                    let what = FaultKind::UnknownFilter(node.name.to_owned());
                    self.fault(what, self.word(&range, node.name));
                }
                filtered(node.name, input)
            }
            Expr::Test(node) => {
                self.expr(&node.expr);
                self.args(&node.args);
                if !engine::TESTS.contains(&node.name) {
                    let what = FaultKind::UnknownTest(node.name.to_owned());
                    self.fault(what, self.word(&range, node.name));
                }
                Kind::Any
            }
            Expr::GetAttr(node) => {
                let of = self.expr(&node.expr);
                self.field(&of, node.name, &range)
            }
            Expr::GetItem(node) => {
                self.expr(&node.subscript_expr);
                element(&self.expr(&node.expr))
            }
            Expr::Call(node) => {
                self.args(&node.args);
                self.callee(&node.expr)
            }
            Expr::List(node) => {
                for item in &node.items {
                    self.expr(item);
                }
                Kind::List
            }
            Expr::Tuple(node) => {
                for item in &node.items {
                    self.expr(item);
                }
                Kind::List
            }
            Expr::Map(node) => {
                for item in node.keys.iter().chain(&node.values) {
                    self.expr(item);
                }
                Kind::Any
            }
        }
    }

    fn callee(&mut self, callee: &Expr<'_>) -> Kind {
        match callee {
            Expr::Var(var) if engine::FUNCTIONS.contains(&var.id) => match var.id {
                "range" => Kind::List,
                _ => Kind::Any,
            },
            Expr::Var(var) => {
                let span = callee.span();
                let range = span.start_offset as usize..span.end_offset as usize;
                self.fault(FaultKind::UnknownFunction(var.id.to_owned()), self.word(&range, var.id));
                Kind::Any
            }
            // `loop.cycle(…)`, and methods that fail when they run.
            other => {
                self.expr(other);
                Kind::Any
            }
        }
    }

    fn args(&mut self, args: &[CallArg<'_>]) {
        for arg in args {
            match arg {
                CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => {
                    self.expr(e);
                }
            }
        }
    }

    fn name(&mut self, name: &str, range: Range<usize>) -> Kind {
        if let Some((_, kind)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return kind.clone();
        }
        match (self.visible)(name) {
            Some(kind) => {
                self.mentions.push(Mention { name: name.to_owned(), range });
                kind
            }
            None => {
                self.fault(FaultKind::UnknownName(name.to_owned()), range);
                Kind::Any
            }
        }
    }

    fn field(&mut self, of: &Kind, field: &str, range: &Range<usize>) -> Kind {
        let (owner, known): (&'static str, &'static [&'static str]) = match of {
            Kind::Answer => ("an answer", ANSWER_FIELDS),
            Kind::Request => ("`request`", REQUEST_FIELDS),
            Kind::Message => ("a message", MESSAGE_FIELDS),
            Kind::Model => ("a model", MODEL_FIELDS),
            Kind::Loop => ("`loop`", LOOP_FIELDS),
            Kind::Answers(members) => return self.member(members, field, range),
            Kind::Text => ("a text", &[]),
            Kind::Number => ("a number", &[]),
            Kind::List | Kind::Any => return Kind::Any,
        };
        if !known.contains(&field) {
            let known = known.iter().map(|name| (*name).to_owned()).collect();
            let what = FaultKind::UnknownField { of: owner, field: field.to_owned(), known };
            self.fault(what, self.word(range, field));
            return Kind::Any;
        }
        match (of, field) {
            (Kind::Request, "messages") => Kind::List,
            (Kind::Request, "last" | "system" | "model" | "user") => Kind::Text,
            (Kind::Answer, "text" | "model" | "finish_reason") => Kind::Text,
            _ => Kind::Any,
        }
    }

    /// `drafts.a`
    fn member(&mut self, members: &[(String, Kind)], name: &str, range: &Range<usize>) -> Kind {
        if let Some((_, kind)) = members.iter().find(|(member, _)| member == name) {
            return kind.clone();
        }
        let known = members.iter().map(|(member, _)| member.clone()).collect();
        let what = FaultKind::UnknownField { of: "a list of answers", field: name.to_owned(), known };
        self.fault(what, self.word(range, name));
        Kind::Any
    }

    fn fault(&mut self, what: FaultKind, range: Range<usize>) {
        self.faults.push(Fault { what, range });
    }

    /// The place of `word` inside `range`: its last occurrence, since names follow what they apply to.
    fn word(&self, range: &Range<usize>, word: &str) -> Range<usize> {
        let end = range.end.min(self.source.len());
        match self.source.get(range.start..end).and_then(|text| text.rfind(word)) {
            Some(at) => range.start + at..range.start + at + word.len(),
            None => range.clone(),
        }
    }
}

fn element(list: &Kind) -> Kind {
    match list {
        Kind::Answers(_) => Kind::Answer,
        _ => Kind::Any,
    }
}

fn filtered(filter: &str, input: Kind) -> Kind {
    match filter {
        "length" | "count" | "tokens" | "int" | "float" | "round" | "abs" | "sum" => Kind::Number,
        "trim" | "lower" | "upper" | "title" | "capitalize" | "replace" | "join" | "after" | "before"
        | "between" | "tag" | "answer" | "normalize" | "truncate_tokens" | "redact" | "restore" | "raw"
        | "string" | "indent" | "tojson" => Kind::Text,
        "sort" | "reverse" | "list" | "select" | "reject" | "selectattr" | "rejectattr" | "unique" => {
            match input {
                Kind::Answers(_) => Kind::Answers(Vec::new()),
                _ => Kind::Any,
            }
        }
        "first" | "last" | "min" | "max" => element(&input),
        _ => Kind::Any,
    }
}
