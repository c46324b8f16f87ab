//! Server-sent events out of chunks of bytes, wherever those were cut.
//!
//! Knows nothing of what the data of an event means. Only `data` is kept; comments, names, ids and retry times
//! are passed over.

use bytes::{Buf, Bytes, BytesMut};

/// Largest event, in bytes of its lines; also the largest line.
pub const EVENT_SIZE_MAX: usize = 1 << 20;

/// Takes chunks in, gives events out. An event whose line arrived in one chunk is a slice of it.
#[derive(Debug, Default)]
pub struct Decoder {
    /// What has not been looked at.
    rest: Bytes,
    /// The start of a line whose end has not come.
    line: BytesMut,
    data: Data,
    /// The last line ended with CR: an LF now belongs to it.
    after_cr: bool,
    /// A line has been read; a byte-order mark can only stand before it.
    begun: bool,
}

/// An event, or its unfinished rest, was larger than [`EVENT_SIZE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// The data lines of the event so far.
#[derive(Debug, Default)]
enum Data {
    #[default]
    None,
    One(Bytes),
    Many(BytesMut),
}

// === impl Decoder ===

impl Decoder {
    /// Adds a chunk. All events of the chunk before must have been taken out with [`Self::next`].
    pub fn push(&mut self, chunk: Bytes) {
        debug_assert!(self.rest.is_empty(), "events were left in the decoder");
        self.rest = chunk;
    }

    /// The data of the next event that is complete.
    ///
    /// # Errors
    ///
    /// [`TooLarge`]; the decoder is of no more use then.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is asked again after each `push`, unlike an iterator"
    )]
    pub fn next(&mut self) -> Result<Option<Bytes>, TooLarge> {
        while let Some(line) = self.next_line()? {
            if !line.is_empty() {
                self.data.add(value(&line))?;
            } else if let Some(event) = self.data.take() {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// What stood at the end without the empty line that ends an event. By the standard it is not an event, but
    /// some servers close right after the last `data: [DONE]`.
    pub fn finish(&mut self) -> Option<Bytes> {
        let line = self.line.split().freeze();
        if !line.is_empty() {
            self.data.add(value(&line)).ok()?;
        }
        self.data.take()
    }

    fn next_line(&mut self) -> Result<Option<Bytes>, TooLarge> {
        if self.after_cr && !self.rest.is_empty() {
            self.after_cr = false;
            if self.rest[0] == b'\n' {
                self.rest.advance(1);
            }
        }
        let Some(end) = self.rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            if self.line.len() + self.rest.len() > EVENT_SIZE_MAX {
                return Err(TooLarge);
            }
            self.line.extend_from_slice(&self.rest);
            self.rest = Bytes::new();
            return Ok(None);
        };
        let mut line = self.rest.split_to(end);
        self.after_cr = self.rest[0] == b'\r';
        self.rest.advance(1);
        if !self.line.is_empty() {
            self.line.extend_from_slice(&line);
            line = self.line.split().freeze();
        }
        if line.len() > EVENT_SIZE_MAX {
            return Err(TooLarge);
        }
        if !self.begun {
            self.begun = true;
            if line.starts_with("\u{feff}".as_bytes()) {
                line.advance("\u{feff}".len());
            }
        }
        Ok(Some(line))
    }
}

/// The value of a `data` line, without the one space that may stand before it.
fn value(line: &Bytes) -> Option<Bytes> {
    let after = line.strip_prefix(b"data")?;
    let value = match after {
        [] => after,
        [b':', b' ', value @ ..] | [b':', value @ ..] => value,
        _ => return None,
    };
    Some(line.slice_ref(value))
}

// === impl Data ===

impl Data {
    fn add(&mut self, value: Option<Bytes>) -> Result<(), TooLarge> {
        let Some(value) = value else { return Ok(()) };
        *self = match std::mem::take(self) {
            Self::None => Self::One(value),
            Self::One(first) => {
                let mut lines = BytesMut::from(&first[..]);
                lines.extend_from_slice(b"\n");
                lines.extend_from_slice(&value);
                Self::Many(lines)
            }
            Self::Many(mut lines) => {
                lines.extend_from_slice(b"\n");
                lines.extend_from_slice(&value);
                Self::Many(lines)
            }
        };
        match self {
            Self::Many(lines) if lines.len() > EVENT_SIZE_MAX => Err(TooLarge),
            _ => Ok(()),
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        match std::mem::take(self) {
            Self::None => None,
            Self::One(data) => Some(data),
            Self::Many(lines) => Some(lines.freeze()),
        }
    }
}

#[cfg(test)]
mod tests;
