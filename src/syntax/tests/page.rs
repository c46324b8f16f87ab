//! `grammar/README.md`: every production of the grammar with an example that has it and nothing wrong.

use super::super::grammar::{self, Pair};
use crate::source::FileId;

const PAGE: &str = include_str!("../../../grammar/README.md");
const GRAMMAR: &str = include_str!("../../../grammar/ens.pest");

/// Parts of the grammar without a row: words of the language, and what only mistakes make.
const WITHOUT_ROWS: [&str; 2] = ["// === Keywords", "// === Mistakes"];

/// Parts of texts and expressions that are mistakes, though they stand beside what they are mistaken for.
const MISTAKEN: [&str; 3] = ["bad_escape", "division", "note"];

struct Row {
    production: &'static str,
    example: String,
    stands_in: &'static str,
}

fn rows() -> Vec<Row> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split(" | ");
        let mut cell = || cells.next().unwrap_or_default().trim();
        let production = cell().trim_matches('`');
        let example = cell();
        let example = example.strip_prefix('`').and_then(|text| text.strip_suffix('`')).expect(row);
        let example = example.replace("\\|", "|").replace('⏎', "\n");
        Row { production, example, stands_in: cell() }
    })
    .collect()
}

impl Row {
    fn program(&self) -> String {
        let example = &self.example;
        match self.stands_in {
            "file" => format!("{example}\n"),
            "entry" => format!("ensemble x {{\n  {example}\n}}\n"),
            "test" => format!("test \"x\" {{\n  {example}\n}}\n"),
            "step" => format!("ensemble x {{\n  s = {example}\n}}\n"),
            "value" => format!("ensemble x {{\n  o: {example}\n}}\n"),
            "condition" => format!("ensemble x {{\n  skip when {example}\n}}\n"),
            other => panic!("`{}` stands in `{other}`", self.production),
        }
    }
}

/// The productions of a part of the grammar, in order; silent ones make no node.
fn productions(part: &str) -> impl Iterator<Item = &str> {
    let rules = part.lines().filter_map(|line| line.split_once('=').map(|(name, rule)| (name.trim(), rule)));
    let named =
        rules.filter(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_'));
    named.filter(|(_, rule)| !rule.trim_start().starts_with("_{")).map(|(name, _)| name)
}

/// The grammar in two: what valid programs are made of, and what only mistakes make.
fn parts() -> (String, &'static str) {
    let [keywords, mistakes] =
        WITHOUT_ROWS.map(|mark| GRAMMAR.find(mark).expect("the grammar has that part"));
    (GRAMMAR[..keywords].to_owned(), &GRAMMAR[mistakes..])
}

#[test]
fn every_production_has_a_row_in_the_order_of_the_grammar() {
    let (valid, _) = parts();
    let wanted: Vec<&str> = productions(&valid).filter(|name| !MISTAKEN.contains(name)).collect();
    let listed: Vec<&str> = rows().iter().map(|row| row.production).collect();
    assert_eq!(listed, wanted);
}

#[test]
fn every_example_has_its_production_and_nothing_wrong() {
    let (_, mistakes) = parts();
    for row in rows() {
        let program = row.program();
        let (_, found) = crate::syntax::parse(FileId(0), &program);
        assert!(found.is_empty(), "{program}{found:#?}");
        let mut made = Vec::new();
        for pair in grammar::pairs(&program).expect("it parses") {
            collect(pair, &mut made);
        }
        // The root is the file itself.
        made.push("file".to_owned());
        assert!(made.iter().any(|name| name == row.production), "no `{}` in {program}", row.production);
        let wrong = productions(mistakes).chain(MISTAKEN).find(|wrong| made.iter().any(|name| name == wrong));
        assert_eq!(wrong, None, "{program}");
    }
}

fn collect(pair: Pair<'_>, made: &mut Vec<String>) {
    made.push(format!("{:?}", pair.as_rule()));
    pair.into_inner().for_each(|inner| collect(inner, made));
}
