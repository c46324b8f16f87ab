//! Property lists as XML, as far as launchd's are made of it.

/// A value.
#[derive(Debug, PartialEq)]
pub enum Plist {
    Dict(Vec<(String, Plist)>),
    Array(Vec<Plist>),
    /// Strings, numbers, truth.
    Plain(String),
}

// === impl Plist ===

impl Plist {
    #[track_caller]
    pub fn at(&self, key: &str) -> &Self {
        let Self::Dict(pairs) = self else { panic!("{self:?} has no keys") };
        &pairs.iter().find(|(name, _)| name == key).unwrap_or_else(|| panic!("there is no {key}")).1
    }

    pub fn items(&self) -> &[Self] {
        let Self::Array(items) = self else { panic!("{self:?} is no list") };
        items
    }

    pub fn text(&self) -> &str {
        let Self::Plain(text) = self else { panic!("{self:?} is no text") };
        text
    }
}

pub fn read(text: &str) -> Plist {
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC"), "{text}");
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        if before.contains("<plist") {
            break;
        }
        rest = after.split_once("-->").expect("a comment ends").1;
    }
    let (_, body) = rest.split_once("<plist version=\"1.0\">").expect("a property list");
    let mut reader = Reader(body);
    let value = reader.value();
    reader.take("</plist>");
    assert_eq!(reader.rest(), "", "there is something behind the list");
    value
}

/// What is still to be read.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    /// Behind blanks and comments.
    fn rest(&mut self) -> &'a str {
        self.0 = self.0.trim_start();
        while let Some(comment) = self.0.strip_prefix("<!--") {
            self.0 = comment.split_once("-->").expect("a comment ends").1.trim_start();
        }
        self.0
    }

    fn has(&mut self, tag: &str) -> bool {
        let rest = self.rest().strip_prefix(tag);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    #[track_caller]
    fn take(&mut self, tag: &str) {
        assert!(self.has(tag), "{tag} is missing before {:.40}", self.0);
    }

    fn inside(&mut self, tag: &str) -> Option<String> {
        self.has(&format!("<{tag}>")).then(|| {
            let (text, rest) = self.0.split_once(&format!("</{tag}>")).expect(tag);
            self.0 = rest;
            assert!(!text.contains(['<', '&']), "{text} is more than this reader knows");
            text.to_owned()
        })
    }

    fn value(&mut self) -> Plist {
        if self.has("<dict>") {
            let mut pairs = Vec::new();
            while !self.has("</dict>") {
                let key = self.inside("key").expect("a key");
                assert!(pairs.iter().all(|(name, _)| *name != key), "{key} is there twice");
                pairs.push((key, self.value()));
            }
            return Plist::Dict(pairs);
        }
        if self.has("<array>") {
            let mut items = Vec::new();
            while !self.has("</array>") {
                items.push(self.value());
            }
            return Plist::Array(items);
        }
        for truth in ["true", "false"] {
            if self.has(&format!("<{truth}/>")) {
                return Plist::Plain(truth.to_owned());
            }
        }
        if let Some(number) = self.inside("integer") {
            assert!(number.parse::<i64>().is_ok(), "{number} is no number");
            return Plist::Plain(number);
        }
        Plist::Plain(self.inside("string").unwrap_or_else(|| panic!("no value: {:.40}", self.0)))
    }
}
