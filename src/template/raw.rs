//! What a template prints without a fence.

use std::ops::Range;

use minijinja::machinery::ast::{CallArg, Expr, Stmt};

/// An expression that is printed as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPrint {
    /// The names that it is made of; for what a loop or a `set` binds, the names behind that.
    pub names: Vec<String>,
    /// The ` | raw` in the template's text.
    pub filter: Range<usize>,
}

/// In the order of the text.
pub fn prints(root: &Stmt<'_>, source: &str) -> Vec<RawPrint> {
    let mut finder = Finder { source, locals: Vec::new(), prints: Vec::new() };
    finder.stmt(root);
    finder.prints
}

struct Finder<'a> {
    source: &'a str,
    /// Names bound inside the template, innermost last, with what they are made of.
    locals: Vec<(String, Vec<String>)>,
    prints: Vec<RawPrint>,
}

// === impl Finder ===

impl Finder<'_> {
    fn body(&mut self, stmts: &[Stmt<'_>]) {
        stmts.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, node: &Stmt<'_>) {
        match node {
            Stmt::Template(node) => self.body(&node.children),
            Stmt::EmitExpr(node) => self.raw_in(&node.expr),
            Stmt::ForLoop(node) => {
                let depth = self.locals.len();
                self.bind(&node.target, &node.iter);
                self.body(&node.body);
                self.locals.truncate(depth);
                self.body(&node.else_body);
            }
            Stmt::IfCond(node) => {
                self.body(&node.true_body);
                self.body(&node.false_body);
            }
            Stmt::WithBlock(node) => {
                let depth = self.locals.len();
                node.assignments.iter().for_each(|(target, value)| self.bind(target, value));
                self.body(&node.body);
                self.locals.truncate(depth);
            }
            Stmt::Set(node) => {
                self.raw_in(&node.expr);
                self.bind(&node.target, &node.expr);
            }
            Stmt::SetBlock(node) => self.body(&node.body),
            Stmt::AutoEscape(node) => self.body(&node.body),
            Stmt::FilterBlock(node) => self.body(&node.body),
            Stmt::EmitRaw(_) | Stmt::Do(_) => (),
        }
    }

    /// Each `| raw` in an expression: what it marks stays so however it is passed on.
    fn raw_in(&mut self, node: &Expr<'_>) {
        if let Expr::Filter(filter) = node
            && filter.name == "raw"
            && let Some(inner) = &filter.expr
        {
            let mut names = Vec::new();
            self.names(inner, &mut names);
            let (start, end) = (inner.span().end_offset as usize, node.span().end_offset as usize);
            self.prints.push(RawPrint { names, filter: self.filter(start, end) });
        }
        each_part(node, &mut |part| self.raw_in(part));
    }

    /// From the end of what is filtered, brackets left alone, to the end of the filter.
    fn filter(&self, start: usize, end: usize) -> Range<usize> {
        let end = end.min(self.source.len());
        let text = self.source.get(start..end).unwrap_or("");
        let bar = text.rfind('|').map_or(start, |at| start + at);
        let blank = self.source[..bar].trim_end().len();
        blank.max(start)..end
    }

    fn bind(&mut self, target: &Expr<'_>, value: &Expr<'_>) {
        let mut names = Vec::new();
        self.names(value, &mut names);
        let mut targets = Vec::new();
        variables(target, &mut targets);
        self.locals.extend(targets.into_iter().map(|target| (target, names.clone())));
    }

    fn names(&self, node: &Expr<'_>, names: &mut Vec<String>) {
        let mut found = Vec::new();
        variables(node, &mut found);
        for name in found {
            match self.locals.iter().rev().find(|(local, _)| *local == name) {
                Some((_, behind)) => names.extend(behind.iter().cloned()),
                None => names.push(name),
            }
        }
    }
}

/// Every variable of an expression.
fn variables(node: &Expr<'_>, names: &mut Vec<String>) {
    if let Expr::Var(var) = node {
        names.push(var.id.to_owned());
    }
    each_part(node, &mut |part| variables(part, names));
}

/// The expressions right inside an expression.
fn each_part(node: &Expr<'_>, visit: &mut dyn FnMut(&Expr<'_>)) {
    match node {
        Expr::Var(_) | Expr::Const(_) => (),
        Expr::Slice(node) => {
            visit(&node.expr);
            [&node.start, &node.stop, &node.step].into_iter().flatten().for_each(visit);
        }
        Expr::UnaryOp(node) => visit(&node.expr),
        Expr::BinOp(node) => {
            visit(&node.left);
            visit(&node.right);
        }
        Expr::Compare(node) => {
            visit(&node.expr);
            node.ops.iter().for_each(|operand| visit(&operand.expr));
        }
        Expr::IfExpr(node) => {
            visit(&node.test_expr);
            visit(&node.true_expr);
            node.false_expr.iter().for_each(visit);
        }
        Expr::Filter(node) => {
            node.expr.iter().for_each(&mut *visit);
            args(&node.args, visit);
        }
        Expr::Test(node) => {
            visit(&node.expr);
            args(&node.args, visit);
        }
        Expr::GetAttr(node) => visit(&node.expr),
        Expr::GetItem(node) => {
            visit(&node.expr);
            visit(&node.subscript_expr);
        }
        Expr::Call(node) => {
            visit(&node.expr);
            args(&node.args, visit);
        }
        Expr::List(node) => node.items.iter().for_each(visit),
        Expr::Tuple(node) => node.items.iter().for_each(visit),
        Expr::Map(node) => node.keys.iter().chain(&node.values).for_each(visit),
    }
}

fn args(args: &[CallArg<'_>], visit: &mut dyn FnMut(&Expr<'_>)) {
    for arg in args {
        match arg {
            CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => {
                visit(e);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::template::{Fence, Template};

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let template = Template::compile(text, Fence::On).expect("it compiles");
        let found: Vec<(String, &str)> =
            template.raw_prints().iter().map(|it| (it.names.join(" "), &text[it.filter.clone()])).collect();
        let found: Vec<(&str, &str)> =
            found.iter().map(|(names, filter)| (names.as_str(), *filter)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn raw_is_found_wherever_it_is_printed() {
        check("{{ a }} {{ b | trim }}", &[]);
        check("{{ a | raw }}", &[("a", " | raw")]);
        check("{{ (a ~ b.text)|raw }}", &[("a b", "|raw")]);
        check("{{ a | raw | trim }} {{ b|trim | raw}}", &[("a", " | raw"), ("b", " | raw")]);
        check("{% for d in drafts %}<d>{{ d.text | raw }}</d>{% endfor %}", &[("drafts", " | raw")]);
        check("{% set x = a | raw %}{% if b %}{{ x }}{% endif %}", &[("a", " | raw")]);
        check("{{ a | join(b | raw) }}", &[("b", " | raw")]);
    }
}
