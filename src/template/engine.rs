//! The one minijinja environment that all templates grow from: strict, without loader, with fuel.

use std::borrow::Cow;
use std::sync::OnceLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::{FUEL, blocks, filters, redact, value};

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
        env.set_formatter(|out, _state, value| value::print(out, value));
        for name in ["safe", "escape", "e", "pprint", "format", "chain", "zip", "urlencode"] {
            env.remove_filter(name);
        }
        for name in ["dict", "debug", "namespace"] {
            env.remove_global(name);
        }
        // Texts as `Cow`: it takes an answer for its text, which `&str` refuses.
        env.add_filter("after", |text: Cow<'_, str>, mark: &str| filters::after(&text, mark));
        env.add_filter("before", |text: Cow<'_, str>, mark: &str| filters::before(&text, mark));
        env.add_filter("between", |text: Cow<'_, str>, open: &str, close: &str| {
            filters::between(&text, open, close)
        });
        env.add_filter("tag", |text: Cow<'_, str>, name: &str| filters::tag(&text, name));
        env.add_filter("answer", |text: Cow<'_, str>| filters::answer(&text));
        env.add_filter("lines", |text: Cow<'_, str>| filters::lines(&text));
        env.add_filter("numbers", |text: Cow<'_, str>| filters::numbers(&text));
        env.add_filter("code_blocks", |text: Cow<'_, str>| blocks::code_blocks(&text));
        env.add_filter("json", |text: Cow<'_, str>| value::json_in(&text));
        env.add_filter("normalize", |text: Cow<'_, str>| filters::normalize(&text));
        env.add_filter("tokens", |text: Cow<'_, str>| filters::tokens(&text));
        env.add_filter("chunks", |text: Cow<'_, str>, size: u32, overlap: Option<u32>| {
            filters::chunks(&text, size, overlap)
        });
        env.add_filter("truncate_tokens", |text: Cow<'_, str>, most: u32| {
            filters::truncate_tokens(&text, most)
        });
        env.add_filter("redact", |text: Cow<'_, str>, found: &Value| redact::redact(&text, found));
        env.add_filter("restore", |text: Cow<'_, str>, found: &Value, original: Cow<'_, str>| {
            redact::restore(&text, found, &original)
        });
        env.add_filter("raw", |text: Cow<'_, str>| Value::from_safe_string(text.into_owned()));
        env.add_function("first", filters::list_first);
        env.add_function("last", filters::list_last);
        env.add_function("without", filters::list_without);
        env.add_function("concat", filters::list_concat);
        env
    })
}
