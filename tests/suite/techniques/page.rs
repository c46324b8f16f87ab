//! `docs/techniques.md`, made of the techniques and of what is said about all of them.

use ensc::prelude::Piece;

use super::{COSTS, Cost, is_of_one_model};

/// The page with a mark for each part that is made.
const FRAME: &str = include_str!("page.md");

/// Which techniques belong together, by the first of each chapter.
const CHAPTERS: &[(&str, &str)] = &[
    ("moa", "Several models"),
    ("bon", "Several answers of one model"),
    ("re2", "One model, more steps"),
    ("refine", "Round after round"),
    ("ladder", "As much as the question is worth"),
    ("map-reduce", "What the text needs"),
];

pub fn page(techniques: &[Piece]) -> String {
    let each: Vec<String> = techniques.iter().map(section).collect();
    FRAME
        .replace("{alone}", &alone(techniques))
        .replace("{overview}\n", &overview(techniques))
        .replace("{techniques}\n", &each.join("\n"))
}

fn cost(name: &str) -> &'static Cost {
    COSTS.iter().find(|cost| cost.name == name).expect("each technique has a row in the table of costs")
}

/// Those that the policy refuses as ensembles.
fn alone(techniques: &[Piece]) -> String {
    let names = techniques.iter().map(|technique| technique.name.as_str());
    let alone: Vec<String> =
        names.filter(|name| is_of_one_model(name)).map(|name| format!("`{name}`")).collect();
    alone.join(", ")
}

fn overview(techniques: &[Piece]) -> String {
    let rows = techniques.iter().map(|technique| {
        let Cost { name, calls, waves, at_default } = cost(&technique.name);
        let what = technique.doc.split_once("\n\n").map_or(technique.doc.as_str(), |(what, _)| what);
        let (most, in_waves) = at_default;
        let what = what.replace('\n', " ");
        format!("| [`{name}`](#{name}) | {what} | {calls} / {waves} | {most} / {in_waves} |\n")
    });
    let head = "| technique | what happens | calls / waves | as it comes |\n| --- | --- | --- | --- |\n";
    std::iter::once(head.to_owned()).chain(rows).collect()
}

fn section(technique: &Piece) -> String {
    let name = technique.name.as_str();
    let Cost { calls, waves, at_default: (most, in_waves), .. } = cost(name);
    let chapter = CHAPTERS.iter().find(|(first, _)| *first == name);
    let chapter = chapter.map_or_else(String::new, |(_, title)| format!("## {title}\n\n"));
    let code =
        technique.source.lines().filter(|line| !line.starts_with("///")).collect::<Vec<_>>().join("\n");
    let mut prompts =
        technique.prompts.iter().map(|prompt| format!("`{prompt}`")).collect::<Vec<_>>().join(", ");
    if prompts.is_empty() {
        prompts = "none of its own".to_owned();
    }
    format!(
        "{chapter}### {name}\n\n{doc}\n\nCalls / waves: {calls} / {waves}; as it comes, with a panel of three, at most \
         {most} / {in_waves}. Prompts: {prompts}.\n\n```text\n{code}\n```\n",
        doc = technique.doc,
    )
}
