//! What the filters, tests and functions of templates take, and whether a use of one gives it that.

use minijinja::machinery::ast::{CallArg, Expr};
use minijinja::value::ValueKind;
use std::ops::Range;

use super::fault::{Fault, FaultKind};

/// A name, and its parameters beside what it is applied to: `name:type`, by place or name; `name=type`, by name only;
/// `name/type`, by place only; with `?` it may be left out; `*` is any number of anything.
type Row = (&'static str, &'static str);

/// minijinja's filters that stay, then ours.
const FILTERS: &[Row] = &[
    ("lower", ""),
    ("upper", ""),
    ("title", ""),
    ("capitalize", ""),
    ("replace", "from/text to/text count:int?"),
    ("length", ""),
    ("count", ""),
    ("dictsort", "by=text? reverse=bool? case_sensitive=bool?"),
    ("items", ""),
    ("reverse", ""),
    ("trim", "chars/text?"),
    ("join", "d:text? attribute:text?"),
    ("split", "by/text? most/int?"),
    ("default", "value/any? for_empty/bool?"),
    ("d", "value/any? for_empty/bool?"),
    ("round", "precision:int? method:text?"),
    ("abs", ""),
    ("int", "default:any? base:int?"),
    ("float", "default:any?"),
    ("attr", "name/text"),
    ("first", ""),
    ("last", ""),
    ("min", "attribute=text? case_sensitive=bool?"),
    ("max", "attribute=text? case_sensitive=bool?"),
    ("sort", "attribute=text? reverse=bool? case_sensitive=bool?"),
    ("list", ""),
    ("string", ""),
    ("bool", ""),
    ("batch", "size/int fill/any?"),
    ("slice", "slices/int fill/any?"),
    ("sum", "attribute:text? start:number?"),
    ("indent", "width:int? first:bool? blank:bool?"),
    ("select", "test/text? *"),
    ("reject", "test/text? *"),
    ("selectattr", "attribute/text test/text? *"),
    ("rejectattr", "attribute/text test/text? *"),
    ("map", "filter/text? attribute=text? default=any? *"),
    ("groupby", "attribute:text default=any? case_sensitive=bool?"),
    ("unique", "attribute=text? case_sensitive=bool?"),
    ("tojson", "indent:int?"),
    ("after", "mark/text"),
    ("before", "mark/text"),
    ("between", "open/text close/text"),
    ("tag", "name/text"),
    ("answer", ""),
    ("lines", ""),
    ("numbers", ""),
    ("code_blocks", ""),
    ("json", ""),
    ("normalize", ""),
    ("tokens", ""),
    ("chunks", "size/int overlap/int?"),
    ("truncate_tokens", "most/int"),
    ("redact", "found/any"),
    ("restore", "found/any original/text"),
    ("raw", ""),
];

const TESTS: &[Row] = &[
    ("undefined", ""),
    ("defined", ""),
    ("none", ""),
    ("boolean", ""),
    ("odd", ""),
    ("even", ""),
    ("divisibleby", "by/int"),
    ("number", ""),
    ("integer", ""),
    ("float", ""),
    ("string", ""),
    ("sequence", ""),
    ("iterable", ""),
    ("mapping", ""),
    ("startingwith", "start/text"),
    ("endingwith", "end/text"),
    ("eq", "other/any"),
    ("ne", "other/any"),
    ("lt", "other/any"),
    ("le", "other/any"),
    ("gt", "other/any"),
    ("ge", "other/any"),
    ("in", "list/any"),
    ("true", ""),
    ("false", ""),
];

/// Where a list may come after a number, the types of both are one's own affair.
const FUNCTIONS: &[Row] = &[
    ("range", "from/int to/int? step/int?"),
    ("first", "list_or_count/any list/any?"),
    ("last", "list_or_count/any list/any?"),
    ("without", "list/any item/any"),
    ("concat", "list/any *"),
];

/// What takes arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    Filter,
    Test,
    Function,
}

struct Param {
    name: &'static str,
    kind: &'static str,
    by_place: bool,
    by_name: bool,
    needed: bool,
}

// === impl Callee ===

impl Callee {
    fn table(self) -> &'static [Row] {
        match self {
            Self::Filter => FILTERS,
            Self::Test => TESTS,
            Self::Function => FUNCTIONS,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Test => "test",
            Self::Function => "function",
        }
    }

    /// Every name, for "did you mean".
    pub fn names(self) -> Vec<&'static str> {
        self.table().iter().map(|(name, _)| *name).collect()
    }

    pub fn knows(self, name: &str) -> bool {
        self.table().iter().any(|(known, _)| *known == name)
    }

    /// What is wrong with the arguments of a use of `name`, which stands at `place`.
    pub fn judge(self, name: &str, place: &Range<usize>, args: &[CallArg<'_>]) -> Vec<Fault> {
        let Some((_, row)) = self.table().iter().find(|(known, _)| *known == name) else { return Vec::new() };
        let use_of = Use { callee: self, name, params: params(row), is_open: row.ends_with('*') };
        use_of.judge(place, args)
    }
}

fn params(row: &'static str) -> Vec<Param> {
    row.split_whitespace()
        .filter(|part| *part != "*")
        .filter_map(|part| {
            let at = part.find([':', '=', '/'])?;
            let kind = &part[at + 1..];
            Some(Param {
                name: &part[..at],
                kind: kind.trim_end_matches('?'),
                by_place: !part[at..].starts_with('='),
                by_name: !part[at..].starts_with('/'),
                needed: !kind.ends_with('?'),
            })
        })
        .collect()
}

struct Use<'a> {
    callee: Callee,
    name: &'a str,
    params: Vec<Param>,
    is_open: bool,
}

// === impl Use ===

impl Use<'_> {
    fn judge(&self, place: &Range<usize>, args: &[CallArg<'_>]) -> Vec<Fault> {
        // What a splat holds is not known.
        if args.iter().any(|arg| matches!(arg, CallArg::PosSplat(_) | CallArg::KwargSplat(_))) {
            return Vec::new();
        }
        let mut faults = Vec::new();
        let mut given: Vec<&str> = Vec::new();
        let mut by_place = self.params.iter().filter(|param| param.by_place);
        for arg in args {
            let (param, value) = match arg {
                CallArg::Pos(value) => (by_place.next(), value),
                CallArg::Kwarg(name, value) => {
                    let param = self.params.iter().find(|param| param.by_name && param.name == *name);
                    if param.is_none() && !self.is_open {
                        faults.push(self.unknown(name, value));
                        continue;
                    }
                    (param, value)
                }
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => continue,
            };
            match param {
                Some(param) => {
                    given.push(param.name);
                    faults.extend(self.misfit(param, value));
                }
                None if self.is_open => (),
                None => {
                    faults.push(self.wrong_count(range_of(value), args.len()));
                    return faults;
                }
            }
        }
        if faults.is_empty() && self.params.iter().any(|param| param.needed && !given.contains(&param.name)) {
            faults.push(self.wrong_count(place.clone(), args.len()));
        }
        faults
    }

    fn unknown(&self, argument: &str, value: &Expr<'_>) -> Fault {
        let known = self.params.iter().filter(|param| param.by_name).map(|param| param.name).collect();
        let what = FaultKind::UnknownArgument { of: self.title(), argument: argument.to_owned(), known };
        Fault { what, range: range_of(value) }
    }

    fn misfit(&self, param: &Param, value: &Expr<'_>) -> Option<Fault> {
        let Expr::Const(constant) = value else { return None };
        let kind = constant.value.kind();
        let (fits, wanted) = match param.kind {
            "text" => (kind == ValueKind::String, "a text"),
            "int" => (constant.value.is_integer(), "a whole number"),
            "number" => (kind == ValueKind::Number, "a number"),
            "bool" => (kind == ValueKind::Bool, "`true` or `false`"),
            _ => (true, ""),
        };
        let what = FaultKind::WrongArgument { of: self.title(), argument: param.name, wanted };
        // `none` stands for what is left out.
        let left_out = kind == ValueKind::None && !param.needed;
        (!fits && !left_out).then(|| Fault { what, range: range_of(value) })
    }

    fn wrong_count(&self, range: Range<usize>, found: usize) -> Fault {
        Fault { what: FaultKind::WrongCount { of: self.title(), usage: self.usage(), found }, range }
    }

    fn title(&self) -> String {
        format!("{} `{}`", self.callee.word(), self.name)
    }

    /// `chunks(size, overlap?)`
    fn usage(&self) -> String {
        let names: Vec<String> = self
            .params
            .iter()
            .map(|param| {
                let name = param.name.replace('_', " ");
                let name = if param.by_place { name } else { format!("{}=…", param.name) };
                if param.needed { name } else { format!("{name}?") }
            })
            .chain(self.is_open.then(|| "…".to_owned()))
            .collect();
        format!("{}({})", self.name, names.join(", "))
    }
}

pub fn range_of(expr: &Expr<'_>) -> Range<usize> {
    let span = expr.span();
    span.start_offset as usize..span.end_offset as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::engine;

    /// The table and the engine know the same names, and an argument that the table takes is taken.
    #[test]
    fn the_table_is_true() {
        let arg = |param: &Param| match param.kind {
            "text" if param.name == "test" => "'string'",
            "text" if param.name == "filter" => "'upper'",
            "text" if param.name == "method" => "'floor'",
            "text" if param.name == "by" => "'value'",
            "text" => "'text'",
            "int" => "2",
            "number" => "3",
            "bool" => "true",
            _ => "['x']",
        };
        for callee in [Callee::Filter, Callee::Test, Callee::Function] {
            for (name, row) in callee.table() {
                for count in 0..=params(row).len() {
                    let params = params(row);
                    if params.iter().skip(count).any(|param| param.needed) || (*name == "map" && count != 1) {
                        continue;
                    }
                    let given: Vec<String> = params[..count]
                        .iter()
                        .map(|param| match param.by_place {
                            true => arg(param).to_owned(),
                            false => format!("{}={}", param.name, arg(param)),
                        })
                        .collect();
                    let given = given.join(", ");
                    let source = match callee {
                        Callee::Filter => format!("x | {name}({given})"),
                        Callee::Test => format!("x is {name}({given})"),
                        Callee::Function => format!("{name}({given})"),
                    };
                    let expression = engine::base().compile_expression(&source).expect("compiles");
                    // Of several things to apply it to, one suits.
                    let kinds: Vec<_> = ["'1'", "['1']", "[1]", "{'text': 1}", "1", "[{'text': 1}]"]
                        .iter()
                        .filter_map(|x| {
                            let x = engine::base()
                                .compile_expression(x)
                                .expect("compiles")
                                .eval(())
                                .expect("evaluates");
                            expression.eval(minijinja::context! { x }).err()
                        })
                        .map(|error| error.kind())
                        .collect();
                    let wrong = [
                        minijinja::ErrorKind::UnknownFilter,
                        minijinja::ErrorKind::UnknownTest,
                        minijinja::ErrorKind::UnknownFunction,
                        minijinja::ErrorKind::TooManyArguments,
                        minijinja::ErrorKind::MissingArgument,
                    ];
                    assert!(!kinds.iter().any(|kind| wrong.contains(kind)), "{source}: {kinds:?}");
                }
            }
        }
    }
}
