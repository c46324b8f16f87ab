//! How much a template can print at most, counted in tokens before anything has run.

use minijinja::machinery::ast::{CallArg, Expr, Stmt};

/// Tokens of text: a constant, and so many times the client's conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    pub tokens: u64,
    pub conversations: u32,
    /// Elements, if it is a list whose length is known.
    pub count: u32,
    /// The largest element of such a list.
    pub each: u64,
}

/// What each name holds at most.
pub type Sizes<'a> = dyn Fn(&str) -> Size + 'a;

/// Tokens of a text: one for 3.6 characters, rounded up, as measured on English prose and code.
#[must_use]
pub fn estimate(text: &str) -> u64 {
    (text.chars().count() as u64 * 10).div_ceil(36)
}

impl Size {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            conversations: self.conversations.saturating_add(other.conversations),
            count: self.count.max(other.count),
            each: self.each.max(other.each),
        }
    }

    fn times(self, n: u32) -> Self {
        Self {
            tokens: self.tokens.saturating_mul(u64::from(n)),
            conversations: self.conversations.saturating_mul(n),
            count: self.count,
            each: self.each,
        }
    }

    fn larger(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.max(other.tokens),
            conversations: self.conversations.max(other.conversations),
            count: self.count.max(other.count),
            each: self.each.max(other.each),
        }
    }
}

/// How the size of a template follows from the sizes of its names. Read once; asked in each cell of an ensemble and for
/// each use of a technique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula {
    Tokens(u64),
    Name(String),
    /// A value made from others is at most as large as all of them together.
    Sum(Vec<Formula>),
    /// One of the two.
    Either(Box<Formula>, Box<Formula>),
    /// What a function makes of its arguments: their elements, too.
    Call(Vec<Formula>),
    List(Vec<Formula>),
    For {
        list: Box<Formula>,
        names: Vec<String>,
        body: Box<Formula>,
        otherwise: Box<Formula>,
    },
    /// A name for what follows, to the end of the block.
    Let {
        names: Vec<String>,
        value: Box<Formula>,
    },
    /// Names given inside it end with it.
    Block(Box<Formula>),
}

/// Names bound inside the template, innermost last.
type Locals<'f> = Vec<(&'f str, Size)>;

// === impl Formula ===

impl Default for Formula {
    fn default() -> Self {
        Self::Tokens(0)
    }
}

impl Formula {
    pub fn of_template(root: &Stmt<'_>) -> Self {
        stmt(root)
    }

    pub fn of_expression(root: &Expr<'_>) -> Self {
        expr(root)
    }

    /// The size itself.
    pub fn size(&self, sizes: &Sizes<'_>) -> Size {
        self.within(sizes, &mut Vec::new())
    }

    fn within<'f>(&'f self, sizes: &Sizes<'_>, locals: &mut Locals<'f>) -> Size {
        match self {
            Self::Tokens(tokens) => Size { tokens: *tokens, ..Size::default() },
            Self::Name(name) => match locals.iter().rev().find(|(local, _)| local == name) {
                Some((_, size)) => *size,
                None => sizes(name),
            },
            Self::Sum(parts) => sum(parts, sizes, locals),
            Self::Either(one, other) => one.within(sizes, locals).larger(other.within(sizes, locals)),
            Self::Call(args) => args.iter().fold(Size::default(), |sum, arg| {
                let size = arg.within(sizes, locals);
                Size { count: sum.count.saturating_add(size.count), ..sum.plus(size) }
            }),
            Self::List(items) => {
                let sum = sum(items, sizes, locals);
                Size { count: items.len() as u32, each: sum.tokens, ..sum }
            }
            Self::For { list, names, body, otherwise } => {
                let list = list.within(sizes, locals);
                // Each round sees one element: the largest, where the list's length is known; else the whole list once.
                let element = match list.count {
                    0 => list,
                    _ => Size { tokens: list.each, ..Size::default() },
                };
                let depth = locals.len();
                locals.extend(names.iter().map(|name| (name.as_str(), element)));
                let round = body.within(sizes, locals);
                locals.truncate(depth);
                round.times(list.count.max(1)).larger(otherwise.within(sizes, locals))
            }
            Self::Let { names, value } => {
                let size = value.within(sizes, locals);
                locals.extend(names.iter().map(|name| (name.as_str(), size)));
                Size::default()
            }
            Self::Block(inner) => {
                let depth = locals.len();
                let size = inner.within(sizes, locals);
                locals.truncate(depth);
                size
            }
        }
    }

    /// As large as all of `parts`; constants are added up at once.
    fn sum(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut constant = 0_u64;
        let mut rest = Vec::new();
        for part in parts {
            match part {
                Self::Tokens(tokens) => constant = constant.saturating_add(tokens),
                other => rest.push(other),
            }
        }
        if constant > 0 || rest.is_empty() {
            rest.push(Self::Tokens(constant));
        }
        match rest.len() {
            1 => rest.remove(0),
            _ => Self::Sum(rest),
        }
    }
}

fn sum<'f>(parts: &'f [Formula], sizes: &Sizes<'_>, locals: &mut Locals<'f>) -> Size {
    parts.iter().fold(Size::default(), |sum, part| sum.plus(part.within(sizes, locals)))
}

fn body(stmts: &[Stmt<'_>]) -> Formula {
    Formula::sum(stmts.iter().map(stmt))
}

fn stmt(node: &Stmt<'_>) -> Formula {
    match node {
        Stmt::Template(node) => body(&node.children),
        Stmt::EmitRaw(node) => Formula::Tokens(estimate(node.raw)),
        Stmt::EmitExpr(node) => expr(&node.expr),
        Stmt::ForLoop(node) => Formula::For {
            list: Box::new(expr(&node.iter)),
            names: bound(&node.target),
            body: Box::new(body(&node.body)),
            otherwise: Box::new(body(&node.else_body)),
        },
        Stmt::IfCond(node) => {
            Formula::Either(Box::new(body(&node.true_body)), Box::new(body(&node.false_body)))
        }
        Stmt::WithBlock(node) => {
            let given = node.assignments.iter().map(|(target, value)| given(target, expr(value)));
            Formula::Block(Box::new(Formula::sum(given.chain([body(&node.body)]))))
        }
        Stmt::Set(node) => given(&node.target, expr(&node.expr)),
        Stmt::SetBlock(node) => given(&node.target, body(&node.body)),
        Stmt::FilterBlock(node) => body(&node.body),
        Stmt::AutoEscape(node) => body(&node.body),
        Stmt::Do(_) => Formula::default(),
    }
}

fn given(target: &Expr<'_>, value: Formula) -> Formula {
    Formula::Let { names: bound(target), value: Box::new(value) }
}

/// The names that a target binds.
fn bound(target: &Expr<'_>) -> Vec<String> {
    match target {
        Expr::Var(var) => vec![var.id.to_owned()],
        Expr::List(list) => list.items.iter().flat_map(bound).collect(),
        Expr::Tuple(tuple) => tuple.items.iter().flat_map(bound).collect(),
        _ => Vec::new(),
    }
}

fn expr(node: &Expr<'_>) -> Formula {
    match node {
        Expr::Var(var) => Formula::Name(var.id.to_owned()),
        Expr::Const(constant) => Formula::Tokens(estimate(&constant.value.to_string())),
        Expr::Slice(node) => expr(&node.expr),
        Expr::UnaryOp(node) => expr(&node.expr),
        Expr::BinOp(node) => Formula::sum([expr(&node.left), expr(&node.right)]),
        // A comparison prints `true` or `false`.
        Expr::Compare(_) | Expr::Test(_) => Formula::Tokens(2),
        Expr::IfExpr(node) => {
            let no = node.false_expr.as_ref().map_or_else(Formula::default, expr);
            Formula::Either(Box::new(expr(&node.true_expr)), Box::new(no))
        }
        Expr::Filter(node) if matches!(node.name, "length" | "count" | "tokens") => Formula::Tokens(4),
        Expr::Filter(node) => Formula::sum(node.expr.iter().map(expr).chain(args(&node.args))),
        Expr::GetAttr(node) => match node.name {
            "tokens" | "cost" | "seconds" | "score" | "model" | "index" | "index0" => Formula::Tokens(12),
            _ => expr(&node.expr),
        },
        Expr::GetItem(node) => expr(&node.expr),
        Expr::Call(node) => Formula::Call(args(&node.args).collect()),
        Expr::List(node) => Formula::List(node.items.iter().map(expr).collect()),
        Expr::Tuple(node) => Formula::List(node.items.iter().map(expr).collect()),
        Expr::Map(node) => Formula::List(node.values.iter().map(expr).collect()),
    }
}

fn args<'e>(args: &'e [CallArg<'_>]) -> impl Iterator<Item = Formula> + 'e {
    args.iter().map(|arg| match arg {
        CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => expr(e),
    })
}
