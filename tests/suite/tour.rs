//! Every handle of the tour, and of every row of its table, is run: the simulator answers, and the plan's bounds hold.

use std::sync::Arc;

use ensc::lint::Policy;
use ensc::plan::Plan;
use ensc::source::{SourceFile, Sources};

use crate::stage::{play, request, script};

const PAGE: &str = include_str!("../../docs/language.md");

/// Long, since the simulator repeats it and one example wants long answers.
const QUESTION: &str = "We have two machines, one of them loud. They stand in rooms that share a wall, and someone wants to \
                        sleep behind that wall from ten in the evening until six. What would you change first, and why?";

const ITEMS: &[&str] = &["model", "tier", "profile", "defaults", "prompt", "technique", "ensemble", "test"];

/// The blocks of the page; the first is what the others build on.
fn blocks() -> Vec<&'static str> {
    PAGE.split("```ens\n")
        .skip(1)
        .map(|block| block.split_once("```").expect("a block is closed").0)
        .collect()
}

/// The examples of the table, as programs.
fn rows() -> Vec<String> {
    let table = PAGE.split("## Every form").nth(1).expect("the page has its table");
    let rows = table.lines().filter_map(|line| line.strip_suffix("` |")?.split_once(" | `"));
    rows.map(|(_, example)| {
        let example = example.replace("\\|", "|");
        let is_item = example.split_whitespace().next().is_some_and(|word| ITEMS.contains(&word));
        if is_item { example } else { format!("ensemble row at high-l {{ {example} }}") }
    })
    .collect()
}

/// Plans that `own` adds to the first program.
fn plans(own: &str) -> Vec<Plan> {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("base.ens", blocks()[0]));
    sources.add(SourceFile::new("own.ens", own));
    let compiled = ensc::compile(&sources, &Policy::default());
    compiled.plans.into_iter().filter(|plan| own.is_empty() || plan.ensemble != "advice").collect()
}

#[test]
fn every_handle_of_the_tour_answers_within_its_bounds() {
    let mut run = 0;
    let blocks = blocks();
    let programs = std::iter::once(String::new()).chain(blocks[1..].iter().map(|block| (*block).to_owned()));
    for program in programs.chain(rows()) {
        for plan in plans(&program) {
            let plan = Arc::new(plan);
            let played = play(&plan, script(""), request(QUESTION));
            let (receipt, bounds) = (&played.finished.receipt, &plan.bounds);
            assert!(
                played.finished.result.is_ok(),
                "{}: {:?}\n{program}",
                plan.handle,
                played.finished.result
            );
            assert!(receipt.totals.calls <= bounds.calls, "{}: {receipt:?}", plan.handle);
            assert!(receipt.totals.waves <= bounds.waves, "{}: {receipt:?}", plan.handle);
            assert_eq!(played.alive, 0, "{}", plan.handle);
            run += 1;
        }
    }
    assert!(run > 50, "{run} handles were run");
}
