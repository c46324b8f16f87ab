//! `ensc explain`: what a handle will do, or what a code means.

use crate::cli::config::Place;
use crate::cli::list;
use crate::cli::output::{Format, Output, Stop, bold, dim};
use crate::diagnostic::catalogue;
use crate::explain::grid::Grid;
use crate::plan::Plan;
use crate::prelude::{self, PieceKind};
use crate::source::{SourceFile, Sources};
use crate::{diagnostic, explain, lint};

/// Show what a handle will do, and cost at most
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc explain opt-architect-high-xl               the plan as a page
  ensc explain opt-architect-high-xl --full        with every built-in setting
  ensc explain opt-architect-high-xl --format json with everything, for programs
  ensc explain architect                           the handles of an ensemble, side by side
  ensc explain N001                                what an error means, with an example
  ensc explain L101                                the manual page of a rule of sense or policy
  ensc explain --prelude moa                       the source of a technique or prompt that comes with ensc")]
pub struct Args {
    /// A handle, selector or ensemble, or the code of a finding
    #[arg(value_name = "NAME")]
    name: String,

    /// How it is printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Also show settings that nobody wrote
    #[arg(long)]
    full: bool,

    /// Print a technique with the prompts that it sends, or a prompt, as it is written
    #[arg(long, conflicts_with_all = ["full", "format"])]
    prelude: bool,

    #[command(flatten)]
    place: Place,
}

impl Args {
    /// # Errors
    ///
    /// A name that is not known, or a program that gives no plans.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        if self.prelude {
            return source(&self.name).and_then(|text| out.print(&text));
        }
        if is_code(&self.name) || lint::rule(&self.name).is_some() {
            return code(&self.name, out);
        }
        let loaded = self.place.load_plans(out)?;
        let plans = list::find(&loaded.compiled.plans, &self.name).map_err(Stop::Failed)?;
        match plans.as_slice() {
            [plan] => self.plan(plan, out),
            cells => self.grid(cells, out),
        }
    }

    fn plan(&self, plan: &Plan, out: &mut Output) -> Result<(), Stop> {
        match self.format {
            Format::Text => out.print(&paint(&explain::to_text(plan, self.full), out.colour())),
            Format::Json => out.print(&explain::to_json(plan)),
        }
    }

    fn grid(&self, cells: &[&Plan], out: &mut Output) -> Result<(), Stop> {
        let grid = Grid::of(&self.name, cells);
        match self.format {
            Format::Text => out.print(&grid.to_text()),
            Format::Json => out.print(&grid.to_json()),
        }
    }
}

/// The page of a code.
fn code(name: &str, out: &mut Output) -> Result<(), Stop> {
    if let Some(rule) = lint::rule(name) {
        return out.print(rule.page);
    }
    if let Some(entry) = catalogue::entry(name) {
        return out.print(&error_page(entry));
    }
    let known: Vec<&str> = lint::RULES.iter().map(|rule| rule.code).collect();
    let known = known.into_iter().chain(catalogue::entries().map(|entry| entry.code));
    let help = diagnostic::suggest::did_you_mean(&name.to_uppercase(), known);
    let help = help.unwrap_or_else(|| "`docs/errors.md` has them all".to_owned());
    Err(Stop::Failed(format!("no code is called `{name}`; {help}")))
}

/// What an error means, with what a check of its example prints.
fn error_page(entry: catalogue::Entry) -> String {
    let mut sources = Sources::default();
    for (name, text) in entry.program() {
        sources.add(SourceFile::new(name, text));
    }
    let found = crate::compile(&sources, &lint::Policy::default()).diagnostics;
    entry.page(&diagnostic::render::render(&sources, &found, false))
}

/// A technique and the prompts that it sends, or one prompt; ready to be copied.
fn source(name: &str) -> Result<String, Stop> {
    let pieces = prelude::pieces();
    let find = |name: &str| pieces.iter().find(|piece| piece.name == name);
    let Some(piece) = find(name) else {
        let near = diagnostic::suggest::did_you_mean(name, pieces.iter().map(|piece| piece.name.as_str()));
        let known = pieces.iter().filter(|piece| piece.kind == PieceKind::Technique);
        let known: Vec<&str> = known.map(|piece| piece.name.as_str()).collect();
        let help = near.unwrap_or_else(|| format!("techniques: {}", known.join(", ")));
        return Err(Stop::Failed(format!("the prelude has no `{name}`; {help}")));
    };
    let sent = piece.prompts.iter().filter_map(|name| find(name));
    let texts: Vec<&str> = std::iter::once(piece).chain(sent).map(|piece| piece.source.as_str()).collect();
    Ok(texts.join("\n"))
}

/// `L101`, `n7`: a letter and digits.
fn is_code(word: &str) -> bool {
    let digits = word.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or_default();
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// The page with its name in bold and its lines, waves and sources dimmed.
fn paint(page: &str, colour: bool) -> String {
    if !colour {
        return page.to_owned();
    }
    let mut painted = String::new();
    for (index, line) in page.lines().enumerate() {
        painted.push_str(&match index {
            0 => paint_title(line),
            _ => paint_line(line),
        });
        painted.push('\n');
    }
    painted
}

fn paint_title(line: &str) -> String {
    let (handle, facts) = line.split_once(' ').unwrap_or((line, ""));
    format!("{} {}", bold(handle, true), dim(facts, true))
}

fn paint_line(line: &str) -> String {
    let (line, wave) = match line.rfind("  ").map(|at| line.split_at(at)) {
        Some((line, wave)) if wave.contains("wave") => (line, dim(wave, true)),
        _ => (line, String::new()),
    };
    let rails = line.find(|c| !matches!(c, ' ' | '│' | '├' | '└' | '─')).unwrap_or(line.len());
    let (rails, rest) = line.split_at(rails);
    if rails.trim().is_empty() {
        return format!("{rails}{rest}{wave}");
    }
    format!("{}{rest}{wave}", dim(rails, true))
}
