//! A body's top level: which fields stand there, each as its bytes.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::serve::errors::{self, Refusal};
use crate::serve::limits::FIELDS_MAX;

/// What the reader says, first, of an object with more than [`FIELDS_MAX`] fields.
pub(super) const TOO_MANY_FIELDS: &str = "too many fields";

/// The body's top level. What is wrong with it in our terms is kept, for JSON's own errors cannot name a field.
pub(super) struct Envelope<'a> {
    pub messages: Shape<'a>,
    pub fields: Vec<(Cow<'a, str>, &'a RawValue)>,
    pub refusal: Option<Refusal>,
}

/// `messages`, as far as its own type goes.
pub(super) enum Shape<'a> {
    Absent,
    List(Vec<&'a RawValue>),
    Other,
}

// === impl Envelope ===

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope { messages: Shape::Absent, fields: Vec::new(), refusal: None };
        let mut count = 0;
        while let Some(Name(name)) = map.next_key()? {
            count += 1;
            if count > FIELDS_MAX {
                return Err(A::Error::custom(TOO_MANY_FIELDS));
            }
            if name == "messages" && matches!(envelope.messages, Shape::Absent) {
                envelope.messages = map.next_value()?;
                continue;
            }
            let is_known = name == "messages" || envelope.fields.iter().any(|(other, _)| *other == name);
            envelope.fields.push((name.clone(), map.next_value()?));
            if is_known {
                envelope.refusal.get_or_insert(errors::invalid(&errors::quoted(&name), "stands twice"));
            }
        }
        Ok(envelope)
    }
}

/// A key, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);
        Borrowed::deserialize(deserializer).map(|Borrowed(name)| Self(name))
    }
}

// === impl Shape ===

impl<'de> Deserialize<'de> for Shape<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Shape::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shape::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }
}

/// Whether brackets are nested deeper than `most`. Raw values are skipped without recursion by our reader, not by
/// those behind us. Text that is not JSON gets any answer: it is refused by the reader.
pub(super) fn depth_exceeds(body: &[u8], most: usize) -> bool {
    let (mut depth, mut bytes) = (0_usize, body.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
        if depth > most {
            return true;
        }
    }
    false
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}
