//! The filters that answers need and minijinja does not bring.
//!
//! Each is total: where nothing matches, the whole text comes back.

use minijinja::value::{Rest, Value};
use minijinja::{Error, ErrorKind};

use super::size::estimate;

/// What follows the last `mark`.
pub fn after(text: &str, mark: &str) -> String {
    text.rsplit_once(mark).map_or(text, |(_, rest)| rest).to_owned()
}

/// What stands before the first `mark`.
pub fn before(text: &str, mark: &str) -> String {
    text.split_once(mark).map_or(text, |(rest, _)| rest).to_owned()
}

/// What stands between the first `open` and the next `close`.
pub fn between(text: &str, open: &str, close: &str) -> String {
    let inner = text.split_once(open).and_then(|(_, rest)| rest.split_once(close));
    inner.map_or(text, |(inner, _)| inner).to_owned()
}

/// The content of the last `<name>…</name>`; a missing closer is taken as the end of the text.
pub fn tag(text: &str, name: &str) -> String {
    let Some((_, rest)) = text.rsplit_once(&format!("<{name}>")) else { return text.to_owned() };
    rest.split_once(&format!("</{name}>")).map_or(rest, |(inner, _)| inner).trim().to_owned()
}

/// The final answer: after the last "answer:", inside the last `\boxed{}`, else the last number or lone letter,
/// else the last line.
pub fn answer(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    if let Some(at) = lower.rfind("answer:") {
        let rest = text[at + "answer:".len()..].trim();
        return rest.lines().next().unwrap_or("").trim().to_owned();
    }
    if let Some(inner) = boxed(text) {
        return inner.to_owned();
    }
    let word = |w: &str| w.trim_matches(|c: char| !c.is_alphanumeric() && c != '-').to_owned();
    let last = text.split_whitespace().rev().map(word).find(|w| {
        w.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit())
            || (w.chars().count() == 1 && w.chars().all(|c| c.is_ascii_uppercase()))
    });
    last.unwrap_or_else(|| text.trim().lines().next_back().unwrap_or("").trim().to_owned())
}

/// Inside the last `\boxed{…}`.
#[must_use]
pub fn boxed(text: &str) -> Option<&str> {
    let (_, rest) = text.rsplit_once("\\boxed{")?;
    let mut depth = 1;
    for (at, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => (),
        }
        if depth == 0 {
            return Some(&rest[..at]);
        }
    }
    None
}

/// Lines with text on them, trimmed.
pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Numbers in order; a `-` belongs to one only if nothing stands right before it: `3-5` is two.
pub fn numbers(text: &str) -> Vec<f64> {
    let bytes = text.as_bytes();
    let before = |at: usize| at.checked_sub(1).map(|at| bytes[at]);
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let mut start = at;
        if before(start) == Some(b'.') {
            start -= 1;
        }
        if before(start) == Some(b'-') && !before(start - 1).is_some_and(|byte| byte.is_ascii_alphanumeric())
        {
            start -= 1;
        }
        let length =
            bytes[at..].iter().take_while(|byte| byte.is_ascii_digit() || b".,".contains(byte)).count();
        at += length;
        let word = text[start..at].trim_end_matches(['.', ',']).replace(',', "");
        found.extend(word.parse::<f64>());
    }
    found
}

/// Lower case, white space folded, trailing punctuation dropped: for comparing.
pub fn normalize(text: &str) -> String {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    folded.trim_end_matches(['.', ',', ';', '!', '?']).to_owned()
}

pub fn tokens(text: &str) -> u64 {
    estimate(text)
}

/// Pieces of at most `size` tokens, each beginning `overlap` tokens before the end of the one before.
pub fn chunks(text: &str, size: u32, overlap: Option<u32>) -> Result<Vec<String>, Error> {
    let overlap = overlap.unwrap_or(0);
    if size == 0 || overlap >= size {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "chunks: the overlap must be smaller than the size",
        ));
    }
    let chars: Vec<char> = text.chars().collect();
    let (size, step) = (tokens_to_chars(size), tokens_to_chars(size) - tokens_to_chars(overlap));
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < chars.len() {
        let end = (start + size).min(chars.len());
        pieces.push(chars[start..end].iter().collect());
        if end == chars.len() {
            break;
        }
        start += step.max(1);
    }
    Ok(pieces)
}

pub fn truncate_tokens(text: &str, most: u32) -> String {
    text.chars().take(tokens_to_chars(most)).collect()
}

fn tokens_to_chars(tokens: u32) -> usize {
    (tokens as usize * 36) / 10
}

/// `first(xs)`, `first(n, xs)`
pub fn list_first(args: Rest<Value>) -> Result<Value, Error> {
    pick(&args, |items, count| items[..count.min(items.len())].to_vec(), "first")
}

/// `last(xs)`, `last(n, xs)`
pub fn list_last(args: Rest<Value>) -> Result<Value, Error> {
    pick(&args, |items, count| items[items.len().saturating_sub(count)..].to_vec(), "last")
}

fn pick(args: &[Value], take: fn(&[Value], usize) -> Vec<Value>, name: &str) -> Result<Value, Error> {
    match args {
        [list] => {
            let items: Vec<Value> = list.try_iter()?.collect();
            let none = || Error::new(ErrorKind::InvalidOperation, format!("{name} of an empty list"));
            take(&items, 1).into_iter().next().ok_or_else(none)
        }
        [count, list] => {
            let items: Vec<Value> = list.try_iter()?.collect();
            let wrong = || Error::new(ErrorKind::InvalidOperation, format!("{name}(n, list): n is a number"));
            Ok(Value::from(take(&items, count.as_usize().ok_or_else(wrong)?)))
        }
        _ => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("{name} takes a list, or a number and a list"),
        )),
    }
}

/// `without(xs, x)`
pub fn list_without(list: &Value, item: &Value) -> Result<Value, Error> {
    Ok(Value::from(list.try_iter()?.filter(|value| value != item).collect::<Vec<_>>()))
}

/// `concat(xs, ys, …)`
pub fn list_concat(lists: Rest<Value>) -> Result<Value, Error> {
    let mut all = Vec::new();
    for list in lists.iter() {
        all.extend(list.try_iter()?);
    }
    Ok(Value::from(all))
}
