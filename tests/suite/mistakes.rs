//! One edit of a file that is right, one message: at its place, with its code, with advice where there is some to give.
//!
//! The rows stand in `mistakes/`, by what they break. A row marks with `«…»`, in what it writes, the place that the
//! message must name.

mod cells;
mod graph;
mod names;
mod options;
mod syntax;
mod templates;
mod verbs;

use std::fmt::Write;
use std::path::Path;

use ensc::diagnostic::Diagnostic;
use ensc::lint::Policy;
use ensc::source::{SourceFile, Sources, Span};

const TABLES: &[(&str, &[Mistake])] = &[
    ("names", names::ROWS),
    ("cells", cells::ROWS),
    ("options", options::ROWS),
    ("templates", templates::ROWS),
    ("graph", graph::ROWS),
    ("syntax", syntax::ROWS),
    ("verbs", verbs::ROWS),
];

/// Most mistakes, in percent, that get a message for what nobody thought of.
const GENERIC_MAX: usize = 5;

/// One edit, and what must be said about it.
pub struct Mistake {
    /// Below `ensembles/`, of the prelude, of what `ensc new` writes, or `tour` for the examples of `docs/language.md`.
    file: &'static str,
    /// What is replaced; stands in the file once.
    find: &'static str,
    /// What stands there instead, the place of the message marked.
    into: &'static str,
    code: &'static str,
    /// Whether the message comes with help or a fix.
    advice: bool,
    /// The place, where it is elsewhere: a file, and a text in it with marks.
    at: Option<(&'static str, &'static str)>,
}

// === impl Mistake ===

/// A mistake whose message has advice.
pub const fn helped(
    file: &'static str,
    find: &'static str,
    into: &'static str,
    code: &'static str,
) -> Mistake {
    Mistake { file, find, into, code, advice: true, at: None }
}

/// A mistake to which there is nothing to add: what is wanted stands in the message.
pub const fn bare(file: &'static str, find: &'static str, into: &'static str, code: &'static str) -> Mistake {
    Mistake { advice: false, ..helped(file, find, into, code) }
}

impl Mistake {
    /// The message is about another place of the same file.
    pub const fn at(self, text: &'static str) -> Self {
        Self { at: Some((self.file, text)), ..self }
    }

    /// The message is about a place in another file.
    pub const fn at_in(self, file: &'static str, text: &'static str) -> Self {
        Self { at: Some((file, text)), ..self }
    }
}

/// What all ensembles stand on.
const PLATFORM: [&str; 3] = ["models.ens", "profiles.ens", "defaults.ens"];

/// The files of a program that is right, by name.
type Program = Vec<(String, String)>;

/// The shipped ensembles as they once were, so that the rows do not change with every better prompt.
const ENSEMBLES: &str = "tests/suite/mistakes/ensembles";

fn program_of(file: &str) -> Program {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if file == "tour" {
        let page = std::fs::read_to_string(root.join("docs/language.md")).expect("the page is there");
        let blocks = page.split("```ens\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
        return vec![(file.to_owned(), blocks.collect::<Vec<_>>().join("\n"))];
    }
    let mut program = Vec::new();
    let (folder, prefix) = match file.split_once('/') {
        Some(("prelude", _)) => ("src/prelude", "prelude/"),
        Some(("new", _)) => ("src/cli/new", "new/"),
        _ => (ENSEMBLES, ""),
    };
    collect(&root.join(folder), prefix, &mut program);
    if folder == "src/cli/new" {
        program.sort();
        return program;
    }
    if folder == "src/prelude" {
        collect(&root.join(ENSEMBLES), "", &mut program);
    }
    // What is edited needs the platform's models, tiers and profiles, and no ensemble but itself.
    let is_ensemble = |name: &str| !name.contains('/') && !PLATFORM.contains(&name);
    if is_ensemble(file) || folder == "src/prelude" {
        program.retain(|(name, _)| name == file || !is_ensemble(name));
    }
    program.sort();
    program
}

fn collect(folder: &Path, prefix: &str, program: &mut Program) {
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), program);
        } else if path.extension().is_some_and(|extension| extension == "ens") {
            program
                .push((format!("{prefix}{name}"), std::fs::read_to_string(&path).expect("it can be read")));
        }
    }
}

/// Without its marks; and what lies between them, in bytes.
fn unmarked(text: &str) -> (String, Option<(usize, usize)>) {
    let range = text.find('«').zip(text.find('»')).map(|(start, end)| (start, end - '«'.len_utf8()));
    (text.replace(['«', '»'], ""), range)
}

/// A program with its edit made.
struct Edited {
    sources: Sources,
    /// Where the message must be.
    place: Option<Span>,
    /// What was written.
    edit: Span,
}

fn edited(row: &Mistake) -> Result<Edited, String> {
    let mut program = program_of(row.file);
    let find = |program: &Program, name: &str| {
        program.iter().position(|(file, _)| file == name).ok_or(format!("there is no file `{name}`"))
    };
    let file = find(&program, row.file)?;
    let offset = once(&program[file].1, row.find)?;
    let (written, mark) = unmarked(row.into);
    program[file].1.replace_range(offset..offset + row.find.len(), &written);
    let mut place = mark.map(|(start, end)| (file, offset + start, offset + end));
    if let Some((name, text)) = row.at {
        let elsewhere = find(&program, name)?;
        let (text, mark) = unmarked(text);
        let offset = once(&program[elsewhere].1, &text)?;
        place = mark.map(|(start, end)| (elsewhere, offset + start, offset + end));
    }
    let mut sources = Sources::default();
    let ids: Vec<_> = program
        .iter()
        .map(|(name, text)| sources.add(SourceFile::new(name.clone(), text.as_str())))
        .collect();
    let place = place.map(|(file, start, end)| Span::new(ids[file], start, end));
    let edit = Span::new(ids[file], offset, offset + written.len());
    Ok(Edited { sources, place, edit })
}

fn once(text: &str, what: &str) -> Result<usize, String> {
    match text.match_indices(what).collect::<Vec<_>>().as_slice() {
        [(at, _)] => Ok(*at),
        all => Err(format!("{what:?} stands there {} times", all.len())),
    }
}

/// What nobody thought of: the parser gives up on a line without a name for what it is.
fn is_generic(found: &Diagnostic) -> bool {
    let listing = ["a line is an option", "a file holds `"];
    (found.message.starts_with("cannot read") || found.message.ends_with("begins no item"))
        && found.fix.is_none()
        && found.help.iter().all(|help| listing.iter().any(|lead| help.starts_with(lead)))
}

/// What is wrong with how the edit is met; empty if nothing is.
fn verdict(row: &Mistake, Edited { sources, place, .. }: &Edited, found: &[Diagnostic]) -> String {
    let mut wrong = String::new();
    let [only] = found else { return format!("{} messages", found.len()) };
    if only.code.0 != row.code {
        let _ = write!(wrong, "{} is expected. ", row.code);
    }
    match place {
        Some(place) if *place == only.span => {}
        Some(place) => {
            let shown = sources.place(*place);
            let _ = write!(wrong, "it belongs to {:?} at {shown}. ", sources.text(*place));
        }
        None => wrong.push_str("the row marks no place. "),
    }
    let advised = !only.help.is_empty() || only.fix.is_some();
    if advised != row.advice {
        wrong.push_str(if advised { "there is advice after all. " } else { "there is no advice. " });
    }
    wrong
}

/// What a check finds, but for advice about sense, which a program that is right may ignore.
fn complaints(sources: &Sources) -> Vec<Diagnostic> {
    let mut found = ensc::compile(sources, &Policy::default()).diagnostics;
    found.retain(|found| found.is_error() || !found.code.0.starts_with('L'));
    found
}

/// The row that describes what was found, to be judged and copied.
fn as_found(row: &Mistake, edited: &Edited, found: &Diagnostic) -> String {
    let (edit, place) = (edited.edit, found.span);
    let text = |start, end| edited.sources.text(Span { file: place.file, start, end });
    let inside = place.file == edit.file && edit.start <= place.start && place.end <= edit.end;
    let marked = |start: u32, end: u32| {
        format!("{}«{}»{}", text(start, place.start), text(place.start, place.end), text(place.end, end))
    };
    let into = if inside { marked(edit.start, edit.end) } else { edited.sources.text(edit).to_owned() };
    let helped = if found.help.is_empty() && found.fix.is_none() { "bare" } else { "helped" };
    let mut shown = format!("{helped}({:?}, {:?}, {into:?}, {:?})", row.file, row.find, found.code.0);
    if !inside {
        let file = edited.sources.file(place.file);
        let start = file.text[..place.start as usize].rfind('\n').map_or(0, |at| at as u32 + 1);
        let end = file.text[place.end as usize..].find('\n').map_or(place.end, |at| place.end + at as u32);
        let _ = write!(shown, ".at_in({:?}, {:?})", file.name, marked(start, end));
    }
    shown
}

#[test]
fn the_files_are_right_before_the_edits() {
    for file in ["models.ens", "tour", "prelude/prompts.ens", "new/tests.ens"] {
        let mut sources = Sources::default();
        for (name, text) in program_of(file) {
            sources.add(SourceFile::new(name, text.as_str()));
        }
        let found = complaints(&sources);
        assert!(found.is_empty(), "{}", ensc::diagnostic::render::render(&sources, &found, false));
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the share is a figure to watch, not only a bound")]
fn one_mistake_one_message() {
    let (mut report, mut count, mut generic) = (String::new(), 0, 0);
    for (name, rows) in TABLES {
        for row in *rows {
            count += 1;
            let wrong = match edited(row) {
                Err(why) => format!("{why}\n"),
                Ok(edited) => {
                    let found = complaints(&edited.sources);
                    generic += usize::from(found.iter().any(is_generic));
                    let wrong = verdict(row, &edited, &found);
                    if wrong.is_empty() {
                        continue;
                    }
                    let rows: Vec<_> = found.iter().map(|one| as_found(row, &edited, one)).collect();
                    let shown = ensc::diagnostic::render::render(&edited.sources, &found, false);
                    format!("{wrong}\nfound: {}\n{shown}", rows.join("\n       "))
                }
            };
            let _ = writeln!(report, "--- {name}: {}: {:?} -> {:?}: {wrong}", row.file, row.find, row.into);
        }
    }
    let share = generic as f64 * 100.0 / count as f64;
    println!("{count} mistakes, {generic} of them with the general message: {share:.1} %");
    assert!(report.is_empty(), "{report}");
    assert!(count >= 150, "{count} mistakes");
    assert!(generic * 100 < count * GENERIC_MAX, "{generic} of {count} get the general message");
}
