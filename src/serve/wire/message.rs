//! One message of a conversation: checked, its text taken out for templates, its bytes kept.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::serve::errors::{self, Refusal};
use crate::upstream::{Message, MessageBody, Role};

use super::envelope::Shape;

pub(super) fn decode_all(messages: Shape<'_>) -> Result<Vec<Message>, Refusal> {
    match messages {
        Shape::Absent => Err(errors::missing("messages")),
        Shape::Other => Err(errors::wrong_type("messages", "a list of messages")),
        Shape::List(list) if list.is_empty() => Err(errors::invalid("messages", "is empty")),
        Shape::List(list) => list.into_iter().enumerate().map(|(index, raw)| decode(index, raw)).collect(),
    }
}

fn decode(index: usize, raw: &RawValue) -> Result<Message, Refusal> {
    let path = format!("messages[{index}]");
    let wire: Wire<'_> =
        serde_json::from_str(raw.get()).map_err(|_| errors::invalid(&path, "is not a message"))?;
    let role = role(&path, wire.role)?;
    check_tool_answer(&path, role, wire.tool_call_id.is_some())?;
    let (text, images) = match wire.content {
        Content::Text(text) => (text, 0),
        Content::Parts(parts) => join(&path, &parts)?,
        Content::Nothing if role == Role::Assistant => (Cow::Borrowed(""), 0),
        Content::Nothing => return Err(errors::missing(&format!("{path}.content"))),
        Content::Other => {
            return Err(errors::wrong_type(&format!("{path}.content"), "a string or a list of parts"));
        }
    };
    Ok(Message { role, text: Arc::from(text), body: MessageBody::Raw(Arc::from(raw.to_owned())), images })
}

fn role(path: &str, raw: Option<&RawValue>) -> Result<Role, Refusal> {
    let path = format!("{path}.role");
    match raw.map(RawValue::get) {
        None => Err(errors::missing(&path)),
        Some("\"system\"") => Ok(Role::System),
        Some("\"developer\"") => Ok(Role::Developer),
        Some("\"user\"") => Ok(Role::User),
        Some("\"assistant\"") => Ok(Role::Assistant),
        Some("\"tool\"") => Ok(Role::Tool),
        Some(_) => Err(errors::invalid(&path, "must be system, developer, user, assistant or tool")),
    }
}

fn check_tool_answer(path: &str, role: Role, has_id: bool) -> Result<(), Refusal> {
    if role == Role::Tool && !has_id {
        return Err(errors::missing(&format!("{path}.tool_call_id")));
    }
    Ok(())
}

/// The text parts joined by line ends, and the number of images. Other parts are kept in the raw message only.
fn join<'a>(path: &str, parts: &[Part<'a>]) -> Result<(Cow<'a, str>, u32), Refusal> {
    let mut images = 0;
    let mut texts: Vec<&Cow<'a, str>> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        match part.kind.as_ref() {
            "" => return Err(errors::missing(&format!("{path}.content[{index}].type"))),
            "text" => texts.push(&part.text),
            "image_url" => images += 1,
            _ => {}
        }
    }
    let text = match texts[..] {
        [only] => only.clone(),
        _ => Cow::Owned(texts.iter().map(|text| text.as_ref()).collect::<Vec<_>>().join("\n")),
    };
    Ok((text, images))
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    role: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Content<'a>,
    #[serde(default)]
    tool_call_id: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
}

#[derive(Default)]
enum Content<'a> {
    #[default]
    Nothing,
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
    Other,
}

// === impl Content ===

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = list.next_element()? {
            parts.push(part);
        }
        Ok(Content::Parts(parts))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Content::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Content::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Content::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Content::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Content::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Content::Other)
    }
}
