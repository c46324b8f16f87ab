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

pub fn template(root: &Stmt<'_>, sizes: &Sizes<'_>) -> Size {
    stmt(root, sizes, &mut Vec::new())
}

pub fn expression(root: &Expr<'_>, sizes: &Sizes<'_>) -> Size {
    expr(root, sizes, &mut Vec::new())
}

/// Names bound inside the template, innermost last.
type Locals = Vec<(String, Size)>;

fn body(stmts: &[Stmt<'_>], sizes: &Sizes<'_>, locals: &mut Locals) -> Size {
    stmts.iter().fold(Size::default(), |sum, s| sum.plus(stmt(s, sizes, locals)))
}

fn stmt(node: &Stmt<'_>, sizes: &Sizes<'_>, locals: &mut Locals) -> Size {
    match node {
        Stmt::Template(node) => body(&node.children, sizes, locals),
        Stmt::EmitRaw(node) => Size { tokens: estimate(node.raw), ..Size::default() },
        Stmt::EmitExpr(node) => expr(&node.expr, sizes, locals),
        Stmt::ForLoop(node) => for_loop(node, sizes, locals),
        Stmt::IfCond(node) => {
            body(&node.true_body, sizes, locals).larger(body(&node.false_body, sizes, locals))
        }
        Stmt::WithBlock(node) => {
            let depth = locals.len();
            for (target, value) in &node.assignments {
                let size = expr(value, sizes, locals);
                bind(target, size, locals);
            }
            let size = body(&node.body, sizes, locals);
            locals.truncate(depth);
            size
        }
        Stmt::Set(node) => {
            let size = expr(&node.expr, sizes, locals);
            bind(&node.target, size, locals);
            Size::default()
        }
        Stmt::SetBlock(node) => {
            let size = body(&node.body, sizes, locals);
            bind(&node.target, size, locals);
            Size::default()
        }
        Stmt::FilterBlock(node) => body(&node.body, sizes, locals),
        Stmt::AutoEscape(node) => body(&node.body, sizes, locals),
        Stmt::Do(_) => Size::default(),
    }
}

/// Each round sees one element: the largest, where the list's length is known; else the whole list once.
fn for_loop(node: &minijinja::machinery::ast::ForLoop<'_>, sizes: &Sizes<'_>, locals: &mut Locals) -> Size {
    let list = expr(&node.iter, sizes, locals);
    let rounds = list.count.max(1);
    let depth = locals.len();
    let element = if list.count > 0 { Size { tokens: list.each, ..Size::default() } } else { list };
    bind(&node.target, element, locals);
    let round = body(&node.body, sizes, locals);
    locals.truncate(depth);
    round.times(rounds).larger(body(&node.else_body, sizes, locals))
}

fn bind(target: &Expr<'_>, size: Size, locals: &mut Locals) {
    match target {
        Expr::Var(var) => locals.push((var.id.to_owned(), size)),
        Expr::List(list) => list.items.iter().for_each(|item| bind(item, size, locals)),
        Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| bind(item, size, locals)),
        _ => (),
    }
}

/// A value made from others is at most as large as all of them together.
fn expr(node: &Expr<'_>, sizes: &Sizes<'_>, locals: &mut Locals) -> Size {
    match node {
        Expr::Var(var) => match locals.iter().rev().find(|(name, _)| name == var.id) {
            Some((_, size)) => *size,
            None => sizes(var.id),
        },
        Expr::Const(constant) => Size { tokens: estimate(&constant.value.to_string()), ..Size::default() },
        Expr::Slice(node) => expr(&node.expr, sizes, locals),
        Expr::UnaryOp(node) => expr(&node.expr, sizes, locals),
        Expr::BinOp(node) => expr(&node.left, sizes, locals).plus(expr(&node.right, sizes, locals)),
        // A comparison prints `true` or `false`.
        Expr::Compare(_) | Expr::Test(_) => Size { tokens: 2, ..Size::default() },
        Expr::IfExpr(node) => {
            let no = node.false_expr.as_ref().map_or_else(Size::default, |e| expr(e, sizes, locals));
            expr(&node.true_expr, sizes, locals).larger(no)
        }
        Expr::Filter(node) => {
            if matches!(node.name, "length" | "count" | "tokens") {
                return Size { tokens: 4, ..Size::default() };
            }
            let own = node.expr.as_ref().map_or_else(Size::default, |e| expr(e, sizes, locals));
            args(&node.args, sizes, locals).into_iter().fold(own, Size::plus)
        }
        Expr::GetAttr(node) => match node.name {
            "tokens" | "cost" | "seconds" | "score" | "model" | "index" | "index0" => {
                Size { tokens: 12, ..Size::default() }
            }
            _ => expr(&node.expr, sizes, locals),
        },
        Expr::GetItem(node) => expr(&node.expr, sizes, locals),
        Expr::Call(node) => args(&node.args, sizes, locals).into_iter().fold(Size::default(), |sum, size| {
            Size { count: sum.count.saturating_add(size.count), ..sum.plus(size) }
        }),
        Expr::List(node) => list(&node.items, sizes, locals),
        Expr::Tuple(node) => list(&node.items, sizes, locals),
        Expr::Map(node) => list(&node.values, sizes, locals),
    }
}

fn list(items: &[Expr<'_>], sizes: &Sizes<'_>, locals: &mut Locals) -> Size {
    let sum = items.iter().fold(Size::default(), |sum, item| sum.plus(expr(item, sizes, locals)));
    Size { count: items.len() as u32, each: sum.tokens, ..sum }
}

fn args(args: &[CallArg<'_>], sizes: &Sizes<'_>, locals: &mut Locals) -> Vec<Size> {
    args.iter()
        .map(|arg| match arg {
            CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => {
                expr(e, sizes, locals)
            }
        })
        .collect()
}
