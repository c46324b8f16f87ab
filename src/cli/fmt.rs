//! `ensc fmt`: files in their one layout.

use std::path::{Path, PathBuf};

use crate::cli::output::{Output, Stop};
use crate::cli::{diff, world};
use crate::diagnostic::render;
use crate::fmt::{Refusal, format};
use crate::source::{FILE_SIZE_MAX, SourceFile, Sources};

/// Lay out `.ens` files in the one way there is, and keep every comment
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc fmt                    everything in ensembles/ (or here, if there is no such folder)
  ensc fmt tiers models.ens   these
  ensc fmt --check            change nothing, show what would change, and fail if anything would
  ensc fmt - < models.ens     from standard input to standard output")]
pub struct Args {
    /// Files and folders, or `-` for standard input
    paths: Vec<PathBuf>,

    /// Change nothing; show what would change, and exit with 1 if anything would
    #[arg(long)]
    check: bool,
}

/// What became of the files.
#[derive(Default)]
struct Tally {
    files: usize,
    changed: usize,
    failed: usize,
}

impl Args {
    /// What is changed goes to standard output, what is wrong to standard error. One file that cannot be formatted does
    /// not keep the others from it.
    ///
    /// # Errors
    ///
    /// [`Stop::Found`] for files that were left as they are, and with `--check` for those that would change.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let is_input = |path: &PathBuf| path == Path::new("-");
        if !self.paths.iter().any(is_input) {
            return self.files(out);
        }
        match self.paths.len() {
            1 => self.input(out),
            _ => Err(Stop::Usage("`-` stands alone: what is formatted goes to standard output".into())),
        }
    }

    fn input(&self, out: &mut Output) -> Result<(), Stop> {
        let text = world::standard_input("the input").map_err(Stop::Failed)?;
        if text.len() > FILE_SIZE_MAX {
            return Err(Stop::Failed(format!("the input is too large: {} bytes, at most 1 MiB", text.len())));
        }
        let formatted = formatted("standard input", &text, out).ok_or(Stop::Found)?;
        if !self.check {
            return out.print(&formatted);
        }
        if formatted == text {
            return Ok(());
        }
        out.print(&diff::unified("standard input", &text, &formatted))?;
        Err(Stop::Found)
    }

    fn files(&self, out: &mut Output) -> Result<(), Stop> {
        let paths = if self.paths.is_empty() { vec![world::default_folder()] } else { self.paths.clone() };
        let (files, problems) = world::files(&paths);
        let mut tally = Tally { failed: problems.len(), ..Tally::default() };
        problems.iter().for_each(|problem| out.complain(problem));
        for file in &files {
            self.file(file, &mut tally, out)?;
        }
        if tally.files > 0 {
            out.print(&self.summary(&tally))?;
        }
        let found = tally.failed > 0 || self.check && tally.changed > 0;
        if found { Err(Stop::Found) } else { Ok(()) }
    }

    fn file(&self, file: &world::File, tally: &mut Tally, out: &mut Output) -> Result<(), Stop> {
        tally.files += 1;
        let name = world::shown(&file.path);
        let text = match world::read(&file.path) {
            Ok(text) => text,
            Err(problem) => {
                out.complain(&problem);
                tally.failed += 1;
                return Ok(());
            }
        };
        let Some(formatted) = formatted(&name, &text, out) else {
            tally.failed += 1;
            return Ok(());
        };
        if formatted == text {
            return Ok(());
        }
        if self.check {
            tally.changed += 1;
            return out.print(&diff::unified(&name, &text, &formatted));
        }
        match world::replace(&file.path, &formatted) {
            Ok(()) => {
                tally.changed += 1;
                out.print(&format!("formatted {name}\n"))
            }
            Err(problem) => {
                out.complain(&problem);
                tally.failed += 1;
                Ok(())
            }
        }
    }

    /// `12 files: 2 would change, 1 left as it is`
    fn summary(&self, tally: &Tally) -> String {
        let Tally { files, changed, failed } = *tally;
        let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        let changes = match changed {
            0 => "nothing to change".to_owned(),
            _ if self.check => format!("{changed} would change"),
            _ => format!("{changed} changed"),
        };
        let failures = if failed == 0 { String::new() } else { format!(", {failed} left alone") };
        format!("{files}: {changes}{failures}\n")
    }
}

/// `None` for a text that cannot be formatted; why is told.
fn formatted(name: &str, text: &str, out: &mut Output) -> Option<String> {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new(name, text));
    match format(id, text) {
        Ok(formatted) => Some(formatted),
        Err(Refusal::Mistakes(found)) => {
            out.note(&render::render(&sources, &found, out.colour_err()));
            out.complain(&format!("`{name}` is left as it is: only what can be read can be formatted"));
            None
        }
        Err(Refusal::Unproven(reason)) => {
            out.complain(&format!("`{name}` is left as it is: formatted, {reason}. Please report this"));
            None
        }
    }
}
