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

pub fn numbers(text: &str) -> Vec<f64> {
    text.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | ',')))
        .filter_map(|word| word.trim_matches(['.', ',']).replace(',', "").parse().ok())
        .collect()
}

/// The contents of fenced code blocks, in order.
pub fn code_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<Vec<&str>> = None;
    for line in text.lines() {
        match (&mut open, line.trim_start().starts_with("```")) {
            (None, true) => open = Some(Vec::new()),
            (Some(block), true) => {
                blocks.push(block.join("\n"));
                open = None;
            }
            (Some(block), false) => block.push(line),
            (None, false) => (),
        }
    }
    blocks
}

/// The first balanced JSON value in the text, fences and prose around it passed over; none if there is none.
pub fn json(text: &str) -> Value {
    find_json(text)
        .map_or_else(|| Value::from(()), |json| super::value::to_value(&super::Data::from_json(&json)))
}

/// The same as plain JSON.
#[must_use]
pub fn find_json(text: &str) -> Option<serde_json::Value> {
    json_values(text).next()
}

/// Places in a text where a JSON value is looked for.
const JSON_STARTS_MAX: usize = 64;

/// The JSON in a text, in order: the whole of it, else what stands alone in code blocks, then every balanced list and
/// object.
pub fn json_values(text: &str) -> impl Iterator<Item = serde_json::Value> + '_ {
    let whole: Option<serde_json::Value> = serde_json::from_str(text.trim()).ok();
    let parts = whole.is_none().then(|| {
        let blocks = code_blocks(text).into_iter().filter_map(|block| serde_json::from_str(&block).ok());
        blocks.chain(balanced(text))
    });
    whole.into_iter().chain(parts.into_iter().flatten())
}

/// Lists and objects, none inside another. A text has few places where one can begin; the first 64 are tried.
fn balanced(text: &str) -> impl Iterator<Item = serde_json::Value> + '_ {
    let mut end = 0;
    text.match_indices(['{', '[']).take(JSON_STARTS_MAX).filter_map(move |(at, _)| {
        if at < end {
            return None;
        }
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<serde_json::Value>();
        let value = values.next()?.ok()?;
        end = at + values.byte_offset();
        Some(value)
    })
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

/// Replaces every value of `found` by `[KIND n]`, numbered by place. Where values overlap, all that they cover goes,
/// under the longest one's name. Case, kind of blank, dash and quote do not matter: models seldom copy them exactly.
///
/// `found` is a text, a list of texts, of `{kind, text}`, or of answers that hold such lists as JSON.
pub fn redact(text: &str, found: &Value) -> String {
    let mut items = Vec::new();
    collect(found, &mut items);
    items.retain(|(_, value)| !value.trim().is_empty());
    items.sort_by(|a, b| b.1.chars().count().cmp(&a.1.chars().count()).then_with(|| a.1.cmp(&b.1)));
    items.dedup_by(|a, b| a.1 == b.1);
    let folded: Vec<(usize, char)> = text.char_indices().map(|(at, c)| (at, fold(c))).collect();
    let mut hits: Vec<(usize, usize, usize)> = Vec::new();
    for (index, (_, value)) in items.iter().enumerate() {
        let words: Vec<Vec<char>> = value.split_whitespace().map(|w| w.chars().map(fold).collect()).collect();
        for start in 0..folded.len() {
            if let Some(stop) = match_at(&folded, start, &words) {
                let end = folded.get(stop).map_or(text.len(), |&(at, _)| at);
                hits.push((folded[start].0, end, index));
            }
        }
    }
    place(text, &union(hits), &items)
}

/// Where the words that begin at `start` end, any blanks between them.
fn match_at(text: &[(usize, char)], start: usize, words: &[Vec<char>]) -> Option<usize> {
    let mut at = start;
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            let blanks = text[at..].iter().take_while(|(_, c)| c.is_whitespace()).count();
            if blanks == 0 {
                return None;
            }
            at += blanks;
        }
        let here = text.get(at..at + word.len())?;
        if here.iter().zip(word).any(|((_, a), b)| a != b) {
            return None;
        }
        at += word.len();
    }
    Some(at)
}

/// What stands for `c` when values are looked for.
fn fold(c: char) -> char {
    match c {
        '‘' | '’' | '‚' | 'ʼ' | '`' | '´' => '\'',
        '“' | '”' | '„' | '«' | '»' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '−' => '-',
        _ => {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(lower), None) => lower,
                _ => c,
            }
        }
    }
}

/// Overlapping hits made one, which keeps the first item: the longest.
fn union(mut hits: Vec<(usize, usize, usize)>) -> Vec<(usize, usize, usize)> {
    hits.sort_unstable();
    let mut apart: Vec<(usize, usize, usize)> = Vec::new();
    for (from, to, index) in hits {
        match apart.last_mut() {
            Some(last) if from < last.1 => *last = (last.0, last.1.max(to), last.2.min(index)),
            _ => apart.push((from, to, index)),
        }
    }
    apart
}

fn place(text: &str, hits: &[(usize, usize, usize)], items: &[(String, String)]) -> String {
    let mut numbers: Vec<usize> = Vec::new();
    let mut out = String::new();
    let mut copied = 0;
    for &(from, to, index) in hits {
        let number = numbers.iter().position(|&known| known == index).unwrap_or_else(|| {
            numbers.push(index);
            numbers.len() - 1
        });
        out.push_str(&text[copied..from]);
        out.push_str(&format!("[{} {}]", items[index].0, number + 1));
        copied = to;
    }
    out.push_str(&text[copied..]);
    out
}

/// `(KIND, value)` pairs of whatever a finder gave.
fn collect(found: &Value, items: &mut Vec<(String, String)>) {
    use minijinja::value::ValueKind;
    let field = |name: &str| found.get_attr(name).ok().filter(|v| !v.is_undefined() && !v.is_none());
    match found.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            found.try_iter().into_iter().flatten().for_each(|item| collect(&item, items));
        }
        ValueKind::String => items.push(("PRIVATE".to_owned(), found.to_string())),
        ValueKind::Map | ValueKind::Plain => match (field("kind"), field("text"), field("json")) {
            (Some(kind), Some(text), _) => {
                items.push((kind.to_string().to_uppercase().replace(['[', ']'], ""), text.to_string()));
            }
            // An answer: the list that its text holds.
            (None, Some(_), Some(json)) => collect(&json, items),
            _ => (),
        },
        _ => (),
    }
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
