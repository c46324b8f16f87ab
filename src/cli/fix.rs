//! `ensc check --fix`: the changes that findings are sure of, made as far as they leave less wrong than before.

use std::collections::BTreeMap;

use crate::cli::config::Loaded;
use crate::cli::output::Stop;
use crate::cli::{diff, world};
use crate::compile;
use crate::diagnostic::fix::apply;
use crate::diagnostic::{Diagnostic, Fix};
use crate::lint::Policy;
use crate::source::{FileId, SourceFile, Sources};

/// Most rounds for one kind of mistake: a change may bring to light what can be changed next.
const ROUNDS_MAX: usize = 8;

/// Most changes that are tried one by one, each with a check of everything, when not all can be made together.
const TRIED_MAX: usize = 64;

/// What became of the sources.
pub struct Mended {
    sources: Sources,
    /// Changes made.
    made: usize,
    /// Findings whose fix would have left something else wrong, as `file:line`.
    refused: Vec<String>,
}

/// How many findings there are of each phase, what hides most first: text that cannot be read hides what it says, an
/// error hides the lints.
type Weight = [usize; PHASES];

const PHASES: usize = 4;

/// Mends in memory: phase after phase, since what is found in a later one is certain only when the earlier ones are done.
#[must_use]
pub fn mend(loaded: &Loaded) -> Mended {
    let mut mended = Mended { sources: loaded.sources.clone(), made: 0, refused: Vec::new() };
    let mut found = loaded.compiled.diagnostics.clone();
    for phase in 0..PHASES {
        for _ in 0..ROUNDS_MAX {
            let before = mended.made;
            let refused = mended.refused.len();
            found = mended.round(phase, found, &loaded.policy);
            if mended.made == before || mended.refused.len() > refused {
                break;
            }
        }
    }
    mended
}

// === impl Mended ===

impl Mended {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.made == 0
    }

    /// All changes of this phase together; if one of them makes anything worse, each by itself from the end to the
    /// front, so that places stay right. Gives what is found after it.
    fn round(&mut self, phase: usize, found: Vec<Diagnostic>, policy: &Policy) -> Vec<Diagnostic> {
        let fixable: Vec<(&Diagnostic, &Fix)> = found
            .iter()
            .filter(|diagnostic| phase_of(diagnostic) == phase)
            .filter_map(|diagnostic| Some((diagnostic, diagnostic.fix.as_ref()?)))
            .collect();
        if fixable.is_empty() {
            return found;
        }
        let fixes: Vec<&Fix> = fixable.iter().map(|(_, fix)| *fix).collect();
        if let Some(after) = self.attempt(phase, &fixes, &found, policy) {
            return after;
        }
        let mut left = found.clone();
        for (diagnostic, fix) in fixable.into_iter().rev().take(TRIED_MAX) {
            match self.attempt(phase, &[fix], &left, policy) {
                Some(after) => left = after,
                None => self.refused.push(self.sources.place(diagnostic.span)),
            }
        }
        left
    }

    /// Makes the changes if each of them takes one finding of the phase away and no finding of an earlier one comes.
    fn attempt(
        &mut self,
        phase: usize,
        fixes: &[&Fix],
        found: &[Diagnostic],
        policy: &Policy,
    ) -> Option<Vec<Diagnostic>> {
        let (sources, made) = changed(&self.sources, fixes);
        let after = compile(&sources, policy).diagnostics;
        let (old, new) = (weight(found), weight(&after));
        if new[..phase] != old[..phase] || new[phase] + made > old[phase] {
            return None;
        }
        self.sources = sources;
        self.made += made;
        Some(after)
    }

    /// What would change, file after file.
    #[must_use]
    pub fn diff(&self, loaded: &Loaded) -> String {
        let paths = loaded.shown_paths();
        let changed = self.changed_files(loaded);
        changed.map(|(id, old, new)| diff::unified(&paths[id.0 as usize], &old.text, &new.text)).collect()
    }

    /// Puts the changed files in their places.
    ///
    /// # Errors
    ///
    /// A file that cannot be written; those before it are.
    pub fn write(&self, loaded: &Loaded) -> Result<(), Stop> {
        for (id, _, new) in self.changed_files(loaded) {
            world::replace(&loaded.paths[id.0 as usize], &new.text).map_err(Stop::Failed)?;
        }
        Ok(())
    }

    /// `mended 3 places in 2 files`, and what was left alone.
    #[must_use]
    pub fn summary(&self, loaded: &Loaded) -> String {
        let counted =
            |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let files = self.changed_files(loaded).count();
        let mut out = match self.made {
            0 => "nothing mended\n".to_owned(),
            made => format!("mended {} in {}\n", counted(made, "place"), counted(files, "file")),
        };
        for place in &self.refused {
            out.push_str(&format!("left {place} as it is: its fix would make something else wrong\n"));
        }
        out
    }

    fn changed_files<'a>(
        &'a self,
        loaded: &'a Loaded,
    ) -> impl Iterator<Item = (FileId, &'a SourceFile, &'a SourceFile)> {
        let both = loaded.sources.iter().zip(self.sources.iter());
        both.map(|((id, old), (_, new))| (id, old, new)).filter(|(_, old, new)| old.text != new.text)
    }
}

fn weight(found: &[Diagnostic]) -> Weight {
    let mut weight = [0; PHASES];
    found.iter().for_each(|diagnostic| weight[phase_of(diagnostic)] += 1);
    weight
}

fn phase_of(diagnostic: &Diagnostic) -> usize {
    match diagnostic.code.0.as_bytes()[0] {
        b'S' if diagnostic.is_error() => 0,
        b'L' if diagnostic.is_error() => 2,
        _ if diagnostic.is_error() => 1,
        _ => 3,
    }
}

/// The sources with these changes, and how many could be made.
fn changed(sources: &Sources, fixes: &[&Fix]) -> (Sources, usize) {
    let mut by_file: BTreeMap<FileId, Vec<&Fix>> = BTreeMap::new();
    for fix in fixes {
        by_file.entry(fix.span.file).or_default().push(fix);
    }
    let (mut changed, mut made) = (Sources::default(), 0);
    for (id, file) in sources.iter() {
        changed.add(match by_file.get(&id) {
            None => file.clone(),
            Some(fixes) => {
                let (text, count) = apply(&file.text, fixes);
                made += count;
                SourceFile::new(file.name.clone(), text)
            }
        });
    }
    (changed, made)
}
