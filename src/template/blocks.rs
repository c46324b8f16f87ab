//! What stands in a text between its words: code blocks and JSON.

/// The contents of fenced code blocks, in order; a missing closer is taken as the end of the text.
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
    blocks.extend(open.filter(|block| !block.is_empty()).map(|block| block.join("\n")));
    blocks
}

/// The first JSON value in a text, if there is one.
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
