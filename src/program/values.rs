//! Values read as what an option wants: numbers in range, durations, sizes, words, texts.
//!
//! Each reader gives the value, or a diagnostic, or nothing where the parser has already complained.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Quantity, Text, Value};
use crate::units::{Bytes, MicroUsd, Millis, Price, Tokens};

use super::errors;

/// Reads values of the option `name`, collecting what is wrong.
pub struct Reader<'a> {
    pub option: &'a str,
    pub diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn wrong<T>(&mut self, value: &Value, expected: &str) -> Option<T> {
        if !matches!(value, Value::Bad(_)) {
            self.diagnostics.push(errors::wrong_value(self.option, value.span(), expected));
        }
        None
    }

    fn unit<T>(&mut self, quantity: &Quantity, expected: &str, example: &str) -> Option<T> {
        self.diagnostics.push(errors::wrong_unit(
            self.option,
            quantity.span,
            &quantity.unit,
            expected,
            example,
        ));
        None
    }

    fn range<T>(&mut self, span: Span, range: &str) -> Option<T> {
        self.diagnostics.push(errors::out_of_range(self.option, span, range));
        None
    }

    /// A bare number from `low` to `high`.
    pub fn number(&mut self, value: &Value, low: f64, high: f64) -> Option<f64> {
        let Value::Quantity(q) = value else { return self.wrong(value, "a number") };
        if !q.unit.is_empty() || q.dollar {
            self.diagnostics.push(
                errors::wrong_value(self.option, q.span, "a bare number")
                    .help("it has no unit: leave the unit out"),
            );
            return None;
        }
        if q.number < low || q.number > high {
            return self.range(q.span, &format!("between {low} and {high}"));
        }
        Some(q.number)
    }

    /// A whole number from `low` to `high`.
    pub fn whole(&mut self, value: &Value, low: u32, high: u32) -> Option<u32> {
        if let Value::Quantity(q) = value
            && (!q.whole && q.unit.is_empty())
        {
            return self.wrong(value, "a whole number");
        }
        self.number(value, f64::from(low), f64::from(high)).map(|n| n as u32)
    }

    /// Any whole number, for `seed`.
    pub fn integer(&mut self, value: &Value) -> Option<i64> {
        match value {
            Value::Quantity(q) if q.whole && q.unit.is_empty() && !q.dollar => Some(q.number as i64),
            other => self.wrong(other, "a whole number"),
        }
    }

    pub fn duration(&mut self, value: &Value) -> Option<Millis> {
        let Value::Quantity(q) = value else { return self.wrong(value, "a duration such as `90s`") };
        let factor = match q.unit.as_str() {
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 60e3,
            "h" => 3600e3,
            _ => return self.unit(q, "a duration", "500ms`, `90s`, `3m` or `1h"),
        };
        if q.dollar || q.number < 0.0 {
            return self.range(q.span, "a duration that is not negative");
        }
        let millis = q.number * factor;
        if millis > 24.0 * 3600e3 {
            return self.range(q.span, "at most 24h");
        }
        Some(Millis(millis.round() as u64))
    }

    /// A duration above zero.
    pub fn wait(&mut self, value: &Value) -> Option<Millis> {
        let millis = self.duration(value)?;
        if millis.0 == 0 { self.range(value.span(), "longer than nothing") } else { Some(millis) }
    }

    pub fn tokens(&mut self, value: &Value) -> Option<Tokens> {
        let Value::Quantity(q) = value else { return self.wrong(value, "a number of tokens such as `8k`") };
        let factor = match q.unit.as_str() {
            "" => 1.0,
            "k" => 1e3,
            _ => return self.unit(q, "a number of tokens", "4096` or `128k"),
        };
        let tokens = q.number * factor;
        if q.dollar || !(1.0..=1e9).contains(&tokens) {
            return self.range(q.span, "between 1 and 1_000_000k tokens");
        }
        Some(Tokens(tokens.round() as u64))
    }

    pub fn size(&mut self, value: &Value) -> Option<Bytes> {
        let Value::Quantity(q) = value else { return self.wrong(value, "a size such as `65GB`") };
        let factor = match q.unit.as_str() {
            "MB" => 1e6,
            "GB" => 1e9,
            "TB" => 1e12,
            "MiB" => f64::from(1 << 20),
            "GiB" => f64::from(1 << 30),
            "TiB" => (1_u64 << 40) as f64,
            _ => return self.unit(q, "a size", "65GB` or `64GiB"),
        };
        if q.dollar || q.number < 0.0 || q.number * factor > 1e16 {
            return self.range(q.span, "between 0 and 10_000TB");
        }
        Some(Bytes((q.number * factor).round() as u64))
    }

    pub fn money(&mut self, value: &Value) -> Option<MicroUsd> {
        match value {
            Value::Quantity(q) => self.dollars(q),
            other => self.wrong(other, "an amount such as `$0.75`"),
        }
    }

    fn dollars(&mut self, q: &Quantity) -> Option<MicroUsd> {
        if !q.dollar || !q.unit.is_empty() {
            return self.unit(q, "an amount of money", "$0.75");
        }
        if !(0.0..=1e9).contains(&q.number) {
            return self.range(q.span, "between $0 and $1_000_000_000");
        }
        Some(MicroUsd((q.number * 1e6).round() as u64))
    }

    pub fn price(&mut self, value: &Value) -> Option<Price> {
        match value {
            Value::Price { input, output, .. } => {
                let (input, output) = (self.dollars(input), self.dollars(output));
                Some(Price { input: input?, output: output? })
            }
            other => self.wrong(other, "two amounts per million tokens, in / out, such as `$0.15 / $0.60`"),
        }
    }

    /// One of `words`, bare.
    pub fn word(&mut self, value: &Value, words: &[&str]) -> Option<String> {
        let expected =
            format!("one of {}", words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", "));
        if let Value::Name(member) = value
            && let Some(name) = member.word()
        {
            if words.contains(&name.text.as_str()) {
                return Some(name.text.clone());
            }
            let near = crate::diagnostic::suggest::did_you_mean(&name.text, words.iter().copied());
            self.diagnostics.push(errors::wrong_value(self.option, name.span, &expected).help_if(near));
            return None;
        }
        self.wrong(value, &expected)
    }

    pub fn text<'v>(&mut self, value: &'v Value) -> Option<&'v Text> {
        match value {
            Value::Text(text) => Some(text),
            other => self.wrong(other, "a quoted text"),
        }
    }

    /// A text or a list of texts.
    pub fn texts(&mut self, value: &Value) -> Option<Vec<String>> {
        match value {
            Value::Text(text) => Some(vec![text.value.clone()]),
            Value::List(list) => {
                let texts: Vec<_> =
                    list.items.iter().map(|item| self.text(item).map(|t| t.value.clone())).collect();
                texts.into_iter().collect()
            }
            other => self.wrong(other, "a quoted text or a list of them"),
        }
    }

    /// A list of bare words or texts.
    pub fn words(&mut self, value: &Value) -> Option<Vec<(String, Span)>> {
        let Value::List(list) = value else { return self.wrong(value, "a list of words") };
        let words: Vec<_> = list
            .items
            .iter()
            .map(|item| match item {
                Value::Name(member) if member.word().is_some() => {
                    member.word().map(|name| (name.text.clone(), name.span))
                }
                Value::Text(text) => Some((text.value.clone(), text.span)),
                other => self.wrong(other, "words or quoted texts"),
            })
            .collect();
        words.into_iter().collect()
    }

    /// Any value as JSON, for `params`.
    pub fn json(&mut self, value: &Value) -> Option<serde_json::Value> {
        use serde_json::json;
        Some(match value {
            Value::Quantity(q) if q.unit.is_empty() && !q.dollar && q.whole => json!(q.number as i64),
            Value::Quantity(q) if q.unit.is_empty() && !q.dollar => json!(q.number),
            Value::Quantity(q) if q.unit == "k" && !q.dollar => json!((q.number * 1e3) as i64),
            Value::Text(text) => json!(text.value),
            Value::Name(member) => match member.word().map(|name| name.text.as_str()) {
                Some("true") => json!(true),
                Some("false") => json!(false),
                Some("null" | "none") => json!(null),
                Some(word) => json!(word),
                None => return self.wrong(value, "plain JSON values"),
            },
            Value::List(list) => {
                let items: Option<Vec<_>> = list.items.iter().map(|item| self.json(item)).collect();
                json!(items?)
            }
            Value::Map(map) => {
                let mut object = serde_json::Map::new();
                for (name, item) in &map.pairs {
                    object.insert(name.text.clone(), self.json(item)?);
                }
                serde_json::Value::Object(object)
            }
            other => return self.wrong(other, "plain JSON values"),
        })
    }
}
