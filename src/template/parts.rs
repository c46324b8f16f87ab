//! What an expression is made of: what it reads of its names, and the values that a condition compares.

use std::ops::Range;

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, UnaryOpKind};

/// `drafts[0].text`: a name, and what is read of it as far as that is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The name first; of `drafts[0].text` they are `drafts`, `0`, `text`. Never empty.
    pub words: Vec<Word>,
}

/// One part of a [`Reading`] and its place in the expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    /// Written in brackets, as a number or a text.
    pub is_index: bool,
    pub range: Range<usize>,
}

/// Every reading, in order.
pub fn readings(root: &Expr<'_>, source: &str) -> Vec<Reading> {
    let mut found = Vec::new();
    walk(root, source, &mut found);
    found
}

fn walk(node: &Expr<'_>, source: &str, found: &mut Vec<Reading>) {
    if let Some(parts) = chain(node, source) {
        found.push(Reading { words: parts });
        return;
    }
    for child in children(node) {
        walk(child, source, found);
    }
}

/// A name with fields and constant indices behind it.
fn chain(node: &Expr<'_>, source: &str) -> Option<Vec<Word>> {
    match node {
        Expr::Var(var) => {
            Some(vec![Word { text: var.id.to_owned(), is_index: false, range: extent(node, source) }])
        }
        Expr::GetAttr(attr) => {
            let mut parts = chain(&attr.expr, source)?;
            let end = node.span().end_offset as usize;
            let range = end.saturating_sub(attr.name.len())..end;
            parts.push(Word { text: attr.name.to_owned(), is_index: false, range });
            Some(parts)
        }
        Expr::GetItem(item) => {
            let mut parts = chain(&item.expr, source)?;
            let index = item.subscript_expr.as_const()?;
            let range = extent(&item.subscript_expr, source);
            parts.push(Word { text: index.to_string(), is_index: true, range });
            Some(parts)
        }
        _ => None,
    }
}

fn children<'e, 'a>(node: &'e Expr<'a>) -> Vec<&'e Expr<'a>> {
    let args = |args: &'e [CallArg<'a>]| {
        args.iter().map(|arg| match arg {
            CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => e,
        })
    };
    match node {
        Expr::Var(_) | Expr::Const(_) => Vec::new(),
        Expr::Slice(node) => {
            let ends = [&node.start, &node.stop, &node.step];
            std::iter::once(&node.expr).chain(ends.into_iter().flatten()).collect()
        }
        Expr::UnaryOp(node) => vec![&node.expr],
        Expr::BinOp(node) => vec![&node.left, &node.right],
        Expr::Compare(node) => {
            std::iter::once(&node.expr).chain(node.ops.iter().map(|op| &op.expr)).collect()
        }
        Expr::IfExpr(node) => {
            [&node.test_expr, &node.true_expr].into_iter().chain(node.false_expr.as_ref()).collect()
        }
        Expr::Filter(node) => node.expr.iter().chain(args(&node.args)).collect(),
        Expr::Test(node) => std::iter::once(&node.expr).chain(args(&node.args)).collect(),
        Expr::GetAttr(node) => vec![&node.expr],
        Expr::GetItem(node) => vec![&node.expr, &node.subscript_expr],
        Expr::Call(node) => std::iter::once(&node.expr).chain(args(&node.args)).collect(),
        Expr::List(node) => node.items.iter().collect(),
        Expr::Tuple(node) => node.items.iter().collect(),
        Expr::Map(node) => node.keys.iter().chain(&node.values).collect(),
    }
}

/// The parts of `a and b and c`, or the whole.
pub fn conjuncts(root: &Expr<'_>, source: &str) -> Vec<Range<usize>> {
    match root {
        Expr::BinOp(node) if matches!(node.op, BinOpKind::ScAnd) => {
            let mut parts = conjuncts(&node.left, source);
            parts.extend(conjuncts(&node.right, source));
            parts
        }
        other => vec![extent(other, source)],
    }
}

/// The places of the values that decide a condition: both sides of its comparisons, what a test is asked of, else the
/// condition itself.
pub fn sides(root: &Expr<'_>, source: &str) -> Vec<Range<usize>> {
    let both = |nodes: [&Expr<'_>; 2]| nodes.into_iter().flat_map(|node| sides(node, source)).collect();
    match root {
        Expr::UnaryOp(node) if matches!(node.op, UnaryOpKind::Not) => sides(&node.expr, source),
        Expr::BinOp(node) => match node.op {
            BinOpKind::ScAnd | BinOpKind::ScOr => both([&node.left, &node.right]),
            BinOpKind::Eq
            | BinOpKind::Ne
            | BinOpKind::Lt
            | BinOpKind::Lte
            | BinOpKind::Gt
            | BinOpKind::Gte
            | BinOpKind::In => vec![extent(&node.left, source), extent(&node.right, source)],
            _ => vec![extent(root, source)],
        },
        Expr::Compare(node) => {
            let operands = std::iter::once(&node.expr).chain(node.ops.iter().map(|op| &op.expr));
            operands.map(|operand| extent(operand, source)).collect()
        }
        Expr::Test(node) => vec![extent(&node.expr, source)],
        other => vec![extent(other, source)],
    }
}

/// All of a node's text, its brackets included: the tree's own places begin late for some nodes.
fn extent(node: &Expr<'_>, source: &str) -> Range<usize> {
    let (mut start, mut end) = (begin(node), (node.span().end_offset as usize).min(source.len()));
    // An opening bracket that belongs to the first operand stands before it, a closing one behind the last.
    while let Some(text) = source.get(start..end) {
        let count = |sign: char| text.matches(sign).count();
        if count(')') > count('(') {
            let Some(at) = source[..start].rfind('(') else { break };
            start = at;
        } else if count('(') > count(')') {
            let Some(at) = source[end..].find(')') else { break };
            end += at + 1;
        } else {
            break;
        }
    }
    start..end
}

fn begin(node: &Expr<'_>) -> usize {
    match node {
        Expr::Filter(node) if node.expr.is_some() => node.expr.as_ref().map_or(0, begin),
        Expr::Test(node) => begin(&node.expr),
        Expr::BinOp(node) => begin(&node.left),
        Expr::Compare(node) => begin(&node.expr),
        Expr::IfExpr(node) => begin(&node.true_expr),
        Expr::Slice(node) => begin(&node.expr),
        Expr::GetAttr(node) => begin(&node.expr),
        Expr::GetItem(node) => begin(&node.expr),
        Expr::Call(node) => begin(&node.expr),
        other => other.span().start_offset as usize,
    }
}

#[cfg(test)]
mod tests {
    use minijinja::machinery::parse_expr;

    use super::*;

    #[test]
    fn readings_are_names_with_what_is_read_of_them() {
        let source =
            "drafts[0].text == reply.prompt and first(2, xs) | length > d.a.calls and \"x.y\" in z['w']";
        let root = parse_expr(source).expect("it parses");
        let found: Vec<String> = readings(&root, source)
            .iter()
            .map(|reading| {
                reading
                    .words
                    .iter()
                    .for_each(|part| assert!(source[part.range.clone()].contains(&part.text)));
                reading.words.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(".")
            })
            .collect();
        assert_eq!(found, ["drafts.0.text", "reply.prompt", "first", "xs", "d.a.calls", "z.w"]);
    }

    #[test]
    fn a_condition_shows_what_it_compares() {
        let check = |source: &str, expected: &[&str]| {
            let root = parse_expr(source).expect("it parses");
            let found: Vec<&str> = sides(&root, source).into_iter().map(|range| &source[range]).collect();
            assert_eq!(found, expected, "{source}");
        };
        check("drafts | length == 2", &["drafts | length", "2"]);
        check("\"a b\" in reply.prompt", &["\"a b\"", "reply.prompt"]);
        check("x not in y.z", &["x", "y.z"]);
        check("not tries.ran", &["tries.ran"]);
        check("(a or b) | length == 1", &["(a or b) | length", "1"]);
        check("1 < calls < 3", &["1", "calls", "3"]);
        check("reply.text is startingwith(\"x\")", &["reply.text"]);
        check("a.x == 1 or b.y == 2", &["a.x", "1", "b.y", "2"]);
    }

    #[test]
    fn the_parts_of_an_and_are_told_apart() {
        let source = "calls == 4 and (a or b) and elapsed < 180";
        let root = parse_expr(source).expect("it parses");
        let found: Vec<&str> = conjuncts(&root, source).into_iter().map(|range| &source[range]).collect();
        assert_eq!(found, ["calls == 4", "a or b", "elapsed < 180"]);
    }
}
