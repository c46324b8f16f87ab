//! The environment file as systemd reads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::{read, synced};
use crate::ensembles::shipped;

/// Secrets and settings of others, in every form that systemd's reader knows.
pub const THEIRS: &str = "\
# OPENAI_API_KEY=commented out
OPENAI_API_KEY=sk-plain
; another comment
OPTILLM_API_KEY='sk-single # BEGIN ENSC AUTO'
 TWO = \"with \\\" a quote\" and more
LONG=one \\
  two\\
three
QUOTED=a\"b\"c
JOINED='x' \"y\"
no assignment
LAST=1";

/// Reads variables by the rules of `EnvironmentFile=` in systemd.exec(5).
fn parsed(text: &str) -> BTreeMap<String, String> {
    let mut chars = text.chars().peekable();
    let mut found = BTreeMap::new();
    while chars.peek().is_some() {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.next_if(|c| matches!(c, '#' | ';')).is_some() {
            while chars.next_if(|c| *c != '\n').is_some() {}
            continue;
        }
        let mut key = String::new();
        while let Some(c) = chars.next_if(|c| !matches!(c, '=' | '\n')) {
            key.push(c);
        }
        if chars.next() == Some('=') {
            found.insert(key.trim().to_owned(), value(&mut chars));
        }
    }
    found
}

fn value(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let (mut value, mut kept, mut has_begun) = (String::new(), 0, false);
    while let Some(c) = chars.next() {
        match c {
            '\n' => break,
            '\\' => {
                has_begun = true;
                value.extend(chars.next().filter(|c| *c != '\n'));
                kept = value.len();
            }
            '\'' if !has_begun => {
                value.extend(chars.by_ref().take_while(|c| *c != '\''));
                kept = value.len();
            }
            '"' if !has_begun => {
                double(chars, &mut value);
                kept = value.len();
            }
            c if c.is_whitespace() && !has_begun => {}
            c => {
                has_begun = true;
                value.push(c);
                if !c.is_whitespace() {
                    kept = value.len();
                }
            }
        }
    }
    // Blanks at the end do not count, unless they are quoted.
    value.truncate(kept);
    value
}

fn double(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, value: &mut String) {
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('"', _) => return,
            ('\\', Some('\n')) => drop(chars.next()),
            ('\\', Some('"' | '\\' | '`' | '$')) => value.extend(chars.next()),
            _ => value.push(c),
        }
    }
}

#[test]
fn every_selector_is_a_variable_and_nothing_of_others_changes() {
    let text = read(&synced(), "env");
    let (before, after) = (parsed(THEIRS), parsed(&text));
    assert_eq!(before["OPTILLM_API_KEY"], "sk-single # BEGIN ENSC AUTO");
    assert_eq!(before["TWO"], "with \" a quoteand more");
    assert_eq!(
        (&*before["LONG"], &*before["QUOTED"], &*before["JOINED"]),
        ("one   twothree", "a\"b\"c", "xy")
    );
    assert!(before.iter().all(|(name, value)| after[name] == *value), "{after:?}");
    let ours: BTreeMap<&str, &str> = after
        .iter()
        .filter(|(name, _)| !before.contains_key(*name))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let wanted: Vec<(String, String)> = shipped()
        .iter()
        .map(|plan| (plan.handle.to_uppercase().replace('-', "_") + "_MODEL", plan.selector.clone()))
        .collect();
    assert_eq!(ours, wanted.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect());
    assert_eq!(ours["OPT_ARCHITECT_HIGH_XL_MODEL"], "moa-architect-high-xl");
    systemd_agrees(&text, &after);
}

/// Where systemd is installed, its own reader of such files must see what ours sees.
fn systemd_agrees(text: &str, parsed: &BTreeMap<String, String>) {
    let reader = Path::new("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator");
    if !reader.exists() {
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    fs::create_dir(home.path().join("environment.d")).expect("a folder");
    fs::write(home.path().join("environment.d/1.conf"), text).expect("a file");
    let done = Command::new(reader)
        .env_clear()
        .envs([("HOME", home.path()), ("XDG_CONFIG_HOME", home.path())])
        .output()
        .expect("it starts");
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    for (name, value) in parsed {
        // It prints a value that is not plain in double quotes.
        let is_plain = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let shown = if is_plain { value.clone() } else { format!("\"{}\"", value.replace('"', "\\\"")) };
        let line = format!("{name}={shown}");
        assert!(printed.lines().any(|it| it == line), "systemd does not read {line}\n{printed}");
    }
}
