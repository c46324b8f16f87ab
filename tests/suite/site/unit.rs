//! Unit files of systemd, environment files, and how their lines become words.

/// Section, key and value, in order; an empty value takes away what was said before.
#[derive(Clone)]
pub struct Unit(Vec<(String, String, String)>);

// === impl Unit ===

impl Unit {
    pub fn read(text: &str) -> Self {
        Self(Vec::new()).and(text)
    }

    /// With a drop-in.
    pub fn and(mut self, text: &str) -> Self {
        let joined = text.replace("\\\n", " ");
        let mut section = String::new();
        for line in
            joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
        {
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']').to_owned();
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("`{line}` says nothing"));
            let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
            match value.is_empty() {
                true => self.0.retain(|(of, name, _)| (of, name) != (&section, &key)),
                false => self.0.push((section.clone(), key, value)),
            }
        }
        self
    }

    pub fn values(&self, section: &str, key: &str) -> impl Iterator<Item = &str> {
        let here = move |it: &&(String, String, String)| it.0 == section && it.1 == key;
        self.0.iter().filter(here).map(|(_, _, value)| value.as_str())
    }

    /// The last that was said.
    pub fn value(&self, section: &str, key: &str) -> Option<&str> {
        self.values(section, key).last()
    }
}

/// A command line as systemd splits it: words by blanks, quotes of both kinds around a word, backslashes. Specifiers and
/// variables are not known here, and so not allowed.
pub fn words(line: &str) -> Vec<String> {
    assert!(!line.contains(['%', '$']), "what `{line}` stands for is known to systemd only");
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while chars.peek().is_some() {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let quote = chars.next_if(|c| matches!(c, '"' | '\''));
        let mut word = String::new();
        while let Some(c) = chars.next_if(|c| quote.is_some() || !c.is_whitespace()) {
            match c {
                '\\' => word.push(match chars.next().expect("a backslash is before something") {
                    'n' => '\n',
                    't' => '\t',
                    's' => ' ',
                    other => other,
                }),
                c if Some(c) == quote => break,
                c => word.push(c),
            }
        }
        if quote.is_some() || !word.is_empty() {
            words.push(word);
        }
    }
    words
}

/// The variables of an environment file.
pub fn variables(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    lines
        .map(|line| {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("`{line}` is no variable"));
            (name.to_owned(), words(value).join(" "))
        })
        .collect()
}

#[test]
fn words_are_split_as_systemd_does() {
    assert_eq!(words(r#"a  "b c" 'd "e"' f\sg "h\"i" """#), ["a", "b c", "d \"e\"", "f g", "h\"i", ""]);
}

#[test]
fn a_drop_in_adds_and_takes_away() {
    let unit = Unit::read("[A]\n# no\nx=1\nx=2 \\\n 3\ny=4\n").and("[A]\ny=\n[B]\nx=5\n");
    assert_eq!(unit.values("A", "x").collect::<Vec<_>>(), ["1", "2   3"]);
    assert_eq!((unit.value("A", "y"), unit.value("B", "x")), (None, Some("5")));
}
