//! The page about clients: its table is that of the suites in `tests/clients`, which play every row, and its versions are theirs.
//!
//! `ENSC_BLESS=1 cargo test --test suite clients` writes the table; read the change before you commit it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const HEAD: &str = "\
| what is wrong | the daemon | Python | Node | sent, run | both, through LiteLLM | sent, run |
| --- | --- | --- | --- | --- | --- | --- |
";

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn read(relative: &str) -> String {
    fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("`{name}` in {value}"))
}

fn counts(value: &Value) -> String {
    format!("{}, {}", value["requests"], value["runs"])
}

/// As the pages show it.
fn code(row: &Value) -> String {
    row["code"].as_str().map_or_else(|| "no body".to_owned(), |code| format!("`{code}`"))
}

fn rows() -> Vec<Value> {
    serde_json::from_str(&read("tests/clients/lab/statuses.json")).expect("it is JSON")
}

fn table() -> String {
    rows().iter().fold(HEAD.to_owned(), |mut table, row| {
        let wait = row["retry_after"].as_u64().map(|s| format!(", `Retry-After: {s}`")).unwrap_or_default();
        let (litellm, litellm_counts) = match &row["litellm"] {
            Value::Null => ("–".to_owned(), "–".to_owned()),
            seen => {
                let status = seen["status"].as_u64().map(|status| format!("{status} ")).unwrap_or_default();
                let python = word(seen, "python");
                let also = match seen["node"].as_str() {
                    None => " (Python)".to_owned(),
                    Some(node) if node == python => String::new(),
                    Some(node) => format!(", `{node}`"),
                };
                (format!("{status}`{python}`{also}"), counts(seen))
            }
        };
        let (what, python, node) = (word(row, "what"), word(row, "python"), word(row, "node"));
        let (status, code, own) = (&row["status"], code(row), counts(row));
        let _ = writeln!(
            table,
            "| {what} | {status} {code}{wait} | `{python}` | `{node}` | {own} | {litellm} | {litellm_counts} |"
        );
        table
    })
}

#[test]
fn the_page_about_clients_shows_what_the_suites_play() {
    let page = read("docs/clients.md");
    let at = page.find("| what is wrong |").expect("the table is there");
    let shown: String = page[at..].split_inclusive('\n').take_while(|line| line.starts_with('|')).collect();
    let table = table();
    if std::env::var_os("ENSC_BLESS").is_some() {
        let written = format!("{}{table}{}", &page[..at], &page[at + shown.len()..]);
        return fs::write(path("docs/clients.md"), written).expect("the page can be written");
    }
    assert!(shown == table, "docs/clients.md does not show the table; ENSC_BLESS=1 writes it:\n{table}");
}

#[test]
fn every_error_of_the_daemon_is_played_with_its_status() {
    let page = read("docs/daemon.md");
    let section = page.split("\n## Errors\n").nth(1).and_then(|rest| rest.split("\n## ").next());
    let told: BTreeSet<String> = section
        .expect("the section is there")
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "))
        .filter(|(status, _)| status.parse::<u16>().is_ok())
        .map(|(status, rest)| format!("{status} {}", rest.split(" |").next().unwrap_or_default()))
        .collect();
    assert!(told.len() >= 20, "{told:?}");
    let whole = rows().into_iter().filter(|row| row["ask"]["stream"] != true);
    let played: BTreeSet<String> = whole.map(|row| format!("{} {}", row["status"], code(&row))).collect();
    assert_eq!(played, told);
}

#[test]
fn the_page_about_clients_names_the_pinned_versions() {
    let page = read("docs/clients.md");
    let node: Value = serde_json::from_str(&read("tests/clients/node/package.json")).expect("it is JSON");
    let python = read("tests/clients/requirements.in");
    let pin = |name: &str| {
        let line = python.lines().find(|line| line.starts_with(name)).expect(name);
        line.split("==").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a pin").to_owned()
    };
    for version in [
        format!("LiteLLM {}", pin("litellm")),
        format!("`openai` {} for Python", pin("openai")),
        format!("`openai` {} for Node", word(&node["devDependencies"], "openai")),
    ] {
        assert!(page.contains(&version), "docs/clients.md does not name {version}");
    }
}
