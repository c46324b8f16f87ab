//! `ensc explain`: what a handle will do, or what a code means.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::choices::Choices;
use crate::cli::config::Place;
use crate::cli::doctor::kind::Kind;
use crate::cli::output::{Output, Stop, bold, dim};
use crate::cli::world;
use crate::cli::{list, requests};
use crate::diagnostic::catalogue;
use crate::explain::diff::Diff;
use crate::explain::grid::Grid;
use crate::explain::json::Document;
use crate::explain::picture::{dot, mermaid, svg};
use crate::plan::Plan;
use crate::prelude::{self, PieceKind};
use crate::source::{SourceFile, Sources};
use crate::{diagnostic, explain, lint};

/// How a plan is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page for people.
    #[default]
    Text,
    /// Everything, for programs.
    Json,
    /// A flowchart for pages that draw Mermaid.
    Mermaid,
    /// A graph for Graphviz.
    Dot,
    /// A picture.
    Svg,
}

/// Show what a handle will do, and cost at most
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc explain opt-architect-high-xl               the plan as a page
  ensc explain opt-architect-high-xl --full        with every built-in setting
  ensc explain opt-architect-high-xl --format json with everything, for programs
  ensc explain opt-architect-high-xl --format svg > plan.svg
  ensc explain opt-architect-high-xl --n 3         the plan for three answers to one question
  ensc explain opt-architect-high-xl --requests    the bodies that it would send
  ensc explain opt-architect-high-xl --diff opt-architect-balanced-l
  ensc explain ensembles --diff ../before/ensembles
  ensc explain architect                           the handles of an ensemble, side by side
  ensc explain N001                                what an error means, with an example
  ensc explain L101                                the manual page of a rule of sense or policy
  ensc explain D008                                a finding of `ensc doctor`, and what to do
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

    #[command(flatten)]
    choices: Choices,

    /// Show what differs from this: a handle, a folder, or a file that `--format json` wrote
    #[arg(long, value_name = "OTHER", conflicts_with = "full")]
    diff: Option<String>,

    /// Show the body of every call instead, unknown parts as ‹drafts›
    #[arg(long, conflicts_with_all = ["full", "diff"])]
    requests: bool,

    /// Print a technique with the prompts that it sends, or a prompt, as it is written
    #[arg(long, conflicts_with_all = ["full", "format", "diff", "requests"])]
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
        if let Some(other) = &self.diff {
            return self.diff(other, out);
        }
        if is_code(&self.name) || lint::rule(&self.name).is_some() {
            return code(&self.name, out);
        }
        let loaded = self.place.load_plans(out)?;
        let plans = list::find(&loaded.compiled.plans, &self.name).map_err(Stop::Failed)?;
        match plans.as_slice() {
            [plan] => self.wide(plan, out),
            cells if self.choices.several() => {
                list::one(cells, &self.name).map_err(Stop::Failed).and_then(|plan| self.wide(plan, out))
            }
            cells => self.grid(cells, out),
        }
    }

    /// The plan for as many answers as are wanted.
    fn wide(&self, plan: &Plan, out: &mut Output) -> Result<(), Stop> {
        let plan = self.choices.plan(plan);
        self.plan(&plan, out)?;
        if let Some(breach) = self.choices.breach(&plan) {
            out.warn(&format!("the daemon refuses this: {breach}"));
        }
        Ok(())
    }

    fn plan(&self, plan: &Plan, out: &mut Output) -> Result<(), Stop> {
        if self.requests {
            return self.bodies(plan, out);
        }
        let picture = || explain::picture(plan);
        match self.format {
            Format::Text => out.print(&paint(&explain::to_text(plan, self.full), out.colour())),
            Format::Json => out.print(&explain::to_json(plan)),
            Format::Mermaid => out.print(&mermaid::render(&picture())),
            Format::Dot => out.print(&dot::render(&picture())),
            Format::Svg => out.print(&svg::render(&picture())),
        }
    }

    fn bodies(&self, plan: &Plan, out: &mut Output) -> Result<(), Stop> {
        match self.format {
            Format::Text => out.print(&requests::to_text(plan)),
            Format::Json => out.print(&requests::to_json(plan)),
            _ => Err(Stop::Usage("requests are printed as `text` or `json`".to_owned())),
        }
    }

    fn grid(&self, cells: &[&Plan], out: &mut Output) -> Result<(), Stop> {
        if self.requests {
            return list::one(cells, &self.name)
                .map_err(Stop::Failed)
                .and_then(|plan| self.bodies(plan, out));
        }
        let grid = Grid::of(&self.name, cells);
        match self.format {
            Format::Text => out.print(&grid.to_text()),
            Format::Json => out.print(&grid.to_json()),
            Format::Mermaid | Format::Dot | Format::Svg => {
                list::one(cells, &self.name).map_err(Stop::Failed).and_then(|plan| self.plan(plan, out))
            }
        }
    }

    fn diff(&self, other: &str, out: &mut Output) -> Result<(), Stop> {
        let diff = Diff::of(&self.documents(&self.name, out)?, &self.documents(other, out)?);
        match self.format {
            Format::Text => out.print(&diff.to_text()),
            Format::Json => out.print(&diff.to_json()),
            _ => Err(Stop::Usage("a difference is printed as `text` or `json`".to_owned())),
        }
    }

    /// The plans of a folder, of a plan file, or of a handle or ensemble, as documents.
    fn documents(&self, name: &str, out: &mut Output) -> Result<Vec<Document>, Stop> {
        let path = PathBuf::from(name);
        if path.is_dir() {
            let place = Place { ensembles: Some(path), config: None };
            let loaded = place.load_plans(out)?;
            return Ok(loaded.compiled.plans.iter().map(explain::document).collect());
        }
        if path.is_file() {
            let text = world::read(&path).map_err(Stop::Failed)?;
            let read = Document::read(&text);
            return read
                .map(|document| vec![document])
                .map_err(|error| Stop::Failed(format!("`{name}`: {error}")));
        }
        let loaded = self.place.load_plans(out)?;
        let plans = list::find(&loaded.compiled.plans, name).map_err(Stop::Failed)?;
        Ok(plans.into_iter().map(|plan| explain::document(&self.choices.plan(plan))).collect())
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
    if let Some(kind) = Kind::with_code(name) {
        return out.print(&kind.row().page());
    }
    let name = name.to_uppercase();
    let known = lint::RULES.iter().map(|rule| rule.code).chain(catalogue::entries().map(|entry| entry.code));
    let known: Vec<&str> = known.chain(Kind::ALL.iter().map(|kind| kind.row().code)).collect();
    // A letter is a page of its own: what is near on another is about something else.
    let same: Vec<&str> = known.iter().copied().filter(|code| code.starts_with(&name[..1])).collect();
    let help = diagnostic::suggest::did_you_mean(&name, if same.is_empty() { known } else { same });
    let page = match &name[..1] {
        "D" => "doctor",
        "L" => "lints",
        _ => "errors",
    };
    let help = help.unwrap_or_else(|| format!("`docs/{page}.md` has them all"));
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
