//! Mends what is valid on the wire for some servers and not for a JSON parser: lone surrogates, broken UTF-8.
//!
//! Only called after parsing failed, so that sound answers pay nothing for it.

/// The text with each lone surrogate escape and each invalid byte turned into U+FFFD, or `None` if there was none.
#[must_use]
pub fn repair(json: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(json);
    let mut mended = text.as_bytes().to_vec();
    let mut changed = text.as_bytes() != json;
    let mut at = 0;
    while at < mended.len() {
        if mended[at] != b'\\' {
            at += 1;
            continue;
        }
        match (escape(&mended[at..]), escape(mended.get(at + 6..).unwrap_or_default())) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at += 12,
            (Some(0xD800..=0xDFFF), _) => {
                mended[at + 2..at + 6].copy_from_slice(b"FFFD");
                changed = true;
                at += 6;
            }
            (Some(_), _) => at += 6,
            // Any other escape is two bytes long, `\\` above all.
            (None, _) => at += 2,
        }
    }
    changed.then_some(mended)
}

/// The code unit of a `\uXXXX` at the start of `text`.
fn escape(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | (digit as char).to_digit(16)? as u16))
}
