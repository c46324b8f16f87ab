//! The one minijinja environment that all templates grow from: strict, without loader, with fuel.

use std::sync::OnceLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::{FUEL, filters};

/// minijinja's own filters that stay; what is not named here is an unknown filter.
pub const FILTERS_KEPT: &[&str] = &[
    "lower",
    "upper",
    "title",
    "capitalize",
    "replace",
    "length",
    "count",
    "dictsort",
    "items",
    "reverse",
    "trim",
    "join",
    "split",
    "default",
    "d",
    "round",
    "abs",
    "int",
    "float",
    "attr",
    "first",
    "last",
    "min",
    "max",
    "sort",
    "list",
    "string",
    "bool",
    "batch",
    "slice",
    "sum",
    "indent",
    "select",
    "reject",
    "selectattr",
    "rejectattr",
    "map",
    "groupby",
    "unique",
    "tojson",
];

/// Our own.
pub const FILTERS_OURS: &[&str] = &[
    "after",
    "before",
    "between",
    "tag",
    "answer",
    "lines",
    "numbers",
    "code_blocks",
    "json",
    "normalize",
    "tokens",
    "chunks",
    "truncate_tokens",
    "redact",
    "raw",
];

pub const TESTS: &[&str] = &[
    "undefined",
    "defined",
    "none",
    "boolean",
    "odd",
    "even",
    "divisibleby",
    "number",
    "integer",
    "float",
    "string",
    "sequence",
    "iterable",
    "mapping",
    "startingwith",
    "endingwith",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "in",
    "true",
    "false",
];

pub const FUNCTIONS: &[&str] = &["range", "first", "last", "without", "concat"];

pub fn syntax() -> SyntaxConfig {
    SyntaxConfig::default()
}

pub fn base() -> &'static Environment<'static> {
    static BASE: OnceLock<Environment<'static>> = OnceLock::new();
    BASE.get_or_init(|| {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_fuel(Some(FUEL));
        env.set_debug(false);
        env.set_auto_escape_callback(|_| AutoEscape::None);
        env.set_formatter(|out, _state, value| super::value::print(out, value));
        for name in ["safe", "escape", "e", "pprint", "format", "chain", "zip", "urlencode"] {
            env.remove_filter(name);
        }
        for name in ["dict", "debug", "namespace"] {
            env.remove_global(name);
        }
        env.add_filter("after", filters::after);
        env.add_filter("before", filters::before);
        env.add_filter("between", filters::between);
        env.add_filter("tag", filters::tag);
        env.add_filter("answer", filters::answer);
        env.add_filter("lines", filters::lines);
        env.add_filter("numbers", filters::numbers);
        env.add_filter("code_blocks", filters::code_blocks);
        env.add_filter("json", filters::json);
        env.add_filter("normalize", filters::normalize);
        env.add_filter("tokens", filters::tokens);
        env.add_filter("chunks", filters::chunks);
        env.add_filter("truncate_tokens", filters::truncate_tokens);
        env.add_filter("redact", filters::redact);
        env.add_filter("raw", |text: String| Value::from_safe_string(text));
        env.add_function("first", filters::list_first);
        env.add_function("last", filters::list_last);
        env.add_function("without", filters::list_without);
        env.add_function("concat", filters::list_concat);
        env
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_that_the_checker_knows_compiles() {
        for name in FILTERS_KEPT.iter().chain(FILTERS_OURS) {
            let source = format!("x | {name}");
            let env = base();
            let found =
                env.compile_expression(&source).expect("parses").eval(minijinja::context! { x => "1" });
            if let Err(error) = found {
                assert_ne!(error.kind(), minijinja::ErrorKind::UnknownFilter, "{name}");
            }
        }
    }
}
