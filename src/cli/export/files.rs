//! Files that are written or compared together: first all are understood, then all are written.

use std::path::PathBuf;

use crate::cli::output::{Output, Stop};
use crate::cli::world::put::{self, Staged};
use crate::cli::{diff, world};
use crate::export::env;
use crate::export::lines::Placed;

/// From the text that a file has to the text that it is to have.
pub type Placer<'a> = Box<dyn Fn(&str) -> Placed + 'a>;

/// A file that is to say something.
pub struct Target<'a> {
    pub path: PathBuf,
    pub place: Placer<'a>,
    /// Secrets stand in it.
    pub is_private: bool,
    /// The folder is made if it is missing.
    pub makes_folder: bool,
    /// A file that is not there is made.
    pub is_needed: bool,
}

/// What a file holds, and what it is to hold.
pub struct Change {
    path: PathBuf,
    /// Nothing if it is not there.
    old: Option<String>,
    new: String,
    is_private: bool,
    makes_folder: bool,
}

// === impl Target ===

impl<'a> Target<'a> {
    #[must_use]
    pub fn new(path: PathBuf, place: Placer<'a>) -> Self {
        Self { path, place, is_private: false, makes_folder: false, is_needed: true }
    }
}

/// What each would be as a new file, on standard output; of several each below its name.
///
/// # Errors
///
/// A reader that has gone.
pub fn print(targets: &[Target<'_>], with_names: bool, out: &mut Output) -> Result<(), Stop> {
    for target in targets.iter().filter(|target| target.is_needed) {
        let text = (target.place)("").map_err(|_| Stop::Failed("nothing can be written".into()))?;
        let name = world::shown(&target.path);
        let name = if with_names { format!("==> {name} <==\n") } else { String::new() };
        out.print(&format!("{name}{text}"))?;
    }
    Ok(())
}

/// Reads every file and says what is to become of it.
///
/// # Errors
///
/// Each file that cannot be read or understood, or must not be changed.
pub fn planned(targets: &[Target<'_>]) -> Result<Vec<Change>, Stop> {
    let mut problems = Vec::new();
    let mut changes = Vec::new();
    for target in targets {
        match target.planned() {
            Ok(change) => changes.extend(change),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(changes) } else { Err(Stop::Failed(problems.join("\nerror: "))) }
}

impl Target<'_> {
    /// Reads the file and says what is to become of it; nothing if it is neither there nor needed.
    ///
    /// # Errors
    ///
    /// As [`planned`], of one file.
    pub fn planned(&self) -> Result<Option<Change>, String> {
        let shown = world::shown(&self.path);
        if put::is_archived(&self.path) {
            return Err(format!("`{shown}` is in `docs/archive`, where nothing is changed"));
        }
        let old = world::optional_text(&self.path)?;
        if old.is_none() && !self.is_needed {
            return Ok(None);
        }
        let placed = (self.place)(old.as_deref().unwrap_or_default());
        let new = placed.map_err(|refusals| {
            let each: Vec<String> =
                refusals.iter().map(|it| format!("{shown}:{}: {}", it.line, it.message)).collect();
            format!("{}\n`{shown}` is left as it is", each.join("\nerror: "))
        })?;
        let Self { path, is_private, makes_folder, .. } = self;
        Ok(Some(Change {
            path: path.clone(),
            old,
            new,
            is_private: *is_private,
            makes_folder: *makes_folder,
        }))
    }
}

/// Writes those that differ: all lie ready beside their places before the first is put there.
///
/// # Errors
///
/// A file that cannot be written; those before it may be.
pub fn write(changes: &[Change], out: &mut Output) -> Result<(), Stop> {
    let mut staged = Vec::new();
    for change in changes.iter().filter(|change| change.is_due()) {
        staged.push(change.staged().map_err(Stop::Failed)?);
    }
    let mut staged = staged.into_iter();
    for change in changes {
        let shown = world::shown(&change.path);
        if !change.is_due() {
            out.print(&format!("{shown} is up to date\n"))?;
            continue;
        }
        if let Some(staged) = staged.next() {
            staged.commit().map_err(Stop::Failed)?;
            out.print(&format!("wrote {shown}\n"))?;
        }
    }
    Ok(())
}

/// Shows how those that differ would change.
///
/// # Errors
///
/// [`Stop::Found`] if one differs.
pub fn check(changes: &[Change], out: &mut Output) -> Result<(), Stop> {
    let mut is_found = false;
    for change in changes.iter().filter(|change| change.is_due()) {
        is_found = true;
        out.print(&change.diff())?;
    }
    if is_found { Err(Stop::Found) } else { Ok(()) }
}

// === impl Change ===

impl Change {
    /// What the file holds; nothing if it is not there.
    #[must_use]
    pub fn old(&self) -> Option<&str> {
        self.old.as_deref()
    }

    /// The first line that is to be there and is not, with what is private hidden.
    #[must_use]
    pub fn first_missing(&self) -> Option<String> {
        let seen = |text: &str| if self.is_private { env::shown(text) } else { text.to_owned() };
        let (old, new) = (seen(self.old.as_deref().unwrap_or_default()), seen(&self.new));
        let missing = new.lines().find(|line| !old.lines().any(|it| it == *line));
        missing.map(|line| line.trim().to_owned())
    }

    /// Whether the file is not as it is to be.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.old.as_ref() != Some(&self.new)
    }

    fn staged(&self) -> Result<Staged, String> {
        if self.makes_folder {
            world::make_folder_of(&self.path)?;
        }
        Staged::new(&self.path, self.old.as_deref(), &self.new, self.is_private)
    }

    fn diff(&self) -> String {
        let seen = |text: &str| if self.is_private { env::shown(text) } else { text.to_owned() };
        let old = self.old.as_deref().unwrap_or_default();
        diff::unified(&world::shown(&self.path), &seen(old), &seen(&self.new))
    }
}
