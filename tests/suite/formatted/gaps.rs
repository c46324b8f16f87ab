//! Gaps between the words and signs of a text, and comments put into them.

/// Lines of a long text, and characters of a line of it or of a comment, that are kept: more takes longer and tells
/// no more.
const TEXT_LINES: usize = 2;
const TEXT_WIDTH: usize = 24;

/// The items of a text, each with the comments above it, their long texts cut short.
pub fn items(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut has_word = false;
    let mut inside: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let begins = inside.is_none() && line.starts_with(|c: char| c.is_ascii_alphabetic());
        if begins && std::mem::replace(&mut has_word, true) {
            items.push(String::new());
        }
        let closes = line.matches("\"\"\"").count() % 2 == 1;
        inside = match inside {
            None => closes.then_some(0),
            Some(_) if closes => None,
            Some(lines) => Some(lines + 1),
        };
        let item = items.last_mut().expect("there is one");
        let is_text = inside.is_some_and(|lines| lines > 0) || line.trim_start().starts_with("//");
        match (is_text, line.char_indices().nth(TEXT_WIDTH)) {
            _ if inside.is_some_and(|lines| lines > TEXT_LINES) => {}
            (true, Some((end, _))) => item.extend([&line[..end], "\n"]),
            _ => item.push_str(line),
        }
    }
    items
}

/// A gap, and what it is between: two signs before and two after, words made alike, and the bracket around it.
#[derive(Clone)]
pub struct Gap {
    pub at: usize,
    pub kind: String,
}

/// Every gap of a text.
pub fn gaps(text: &str) -> Vec<Gap> {
    let mut signs: Vec<(usize, usize, char)> = Vec::new();
    let mut arounds = vec![vec!['f']];
    let mut at = 0;
    while at < text.len() {
        let end = token_end(text, at);
        if let Some(sign) = sign(&text[at..end]) {
            signs.push((at, end, sign));
            let mut around = arounds.last().expect("there is one").clone();
            match sign {
                '{' | '[' | '(' => around.push(sign),
                '}' | ']' | ')' => _ = around.pop(),
                _ => {}
            }
            arounds.push(around);
        }
        at = end;
    }
    let mut gaps = Vec::new();
    for index in 0..=signs.len() {
        let near = &signs[index.saturating_sub(2)..(index + 2).min(signs.len())];
        let near: String = near.iter().map(|(_, _, sign)| *sign).collect();
        let kind = format!("{near} {} {:?}", index.min(2), arounds[index].last());
        let (before, after) = (index.checked_sub(1).map_or(0, |index| signs[index].1), signs.get(index));
        gaps.push(Gap { at: before, kind: format!("{kind} before blanks") });
        gaps.extend(after.filter(|after| after.0 > before).map(|after| Gap { at: after.0, kind }));
    }
    gaps
}

/// One letter for a word, a text or a comment, the sign itself for a sign, nothing for blanks.
fn sign(token: &str) -> Option<char> {
    match token.chars().next()? {
        c if c.is_whitespace() => token.contains('\n').then_some('n'),
        c if c.is_alphanumeric() => Some(match token {
            "else" | "when" | "by" | "of" | "at" | "after" | "fail" => {
                token.chars().next()?.to_ascii_uppercase()
            }
            _ => 'w',
        }),
        '"' | '\'' => Some('t'),
        '/' if token.starts_with("///") => Some('d'),
        '/' if token.starts_with("//") => Some('c'),
        sign => Some(sign),
    }
}

fn token_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let first = rest.chars().next().expect("there is more");
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let length = match first {
        '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
        '"' => {
            let quotes = rest.len() - rest.trim_start_matches('"').len();
            match quotes {
                1 => 1 + line_text(&rest[1..], '"'),
                2 | 6 => quotes,
                _ => template(rest, if quotes == 3 { 3 } else { 4 }),
            }
        }
        '\'' => 1 + line_text(&rest[1..], '\''),
        c if c.is_whitespace() => rest.len() - rest.trim_start().len(),
        c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
        c => c.len_utf8(),
    };
    at + length
}

fn line_text(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            '\n' => return at,
            _ => {}
        }
    }
    rest.len()
}

fn template(rest: &str, quotes: usize) -> usize {
    let closer = &"\"\"\"\""[..quotes];
    let found = rest[quotes..].find(closer).map_or(rest.len(), |at| quotes + at);
    let run = rest[found..].len() - rest[found..].trim_start_matches('"').len();
    found + run
}

/// The text with a comment in each of these gaps, in one of several forms, and the marks to look for.
pub fn with_comments(text: &str, places: &[(usize, usize)]) -> (String, Vec<String>) {
    let mut out = String::new();
    let mut marks = Vec::new();
    let mut from = 0;
    for (index, (gap, form)) in places.iter().enumerate() {
        out.push_str(&text[from..*gap]);
        from = *gap;
        let mark = format!("<{index}>");
        out.push_str(&match form % 5 {
            0 => format!(" // {mark}\n"),
            1 => format!("\n// {mark}\n"),
            2 => format!("// {mark} \"it's\r\n"),
            3 => format!("\n\n\t//{mark}\n\n"),
            _ => format!("\n/// {mark}\n"),
        });
        marks.push(mark);
    }
    out.push_str(&text[from..]);
    (out, marks)
}
