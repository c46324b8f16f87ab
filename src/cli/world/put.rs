//! Texts that take the place of files at once: whoever reads one finds the old text or the new one, never a part.

#[cfg(test)]
mod tests;

use std::fs;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use super::reason;

/// A text that lies ready beside the file whose place it takes. Dropped without [`Staged::commit`], it vanishes.
pub struct Staged {
    given: PathBuf,
    target: PathBuf,
    beside: PathBuf,
    /// What the file held when the text was made from it; nothing if there was no file.
    before: Option<String>,
    is_done: bool,
}

// === impl Staged ===

impl Staged {
    /// Writes `text` beside `path` and leaves the file as it is. Links are followed; permissions and owner are those of
    /// the file that is there. Of a new one nobody else can read it if it is `private`.
    ///
    /// # Errors
    ///
    /// A sentence that names the file.
    pub fn new(path: &Path, before: Option<&str>, text: &str, private: bool) -> Result<Self, String> {
        let failed =
            |error: std::io::Error| format!("`{}` cannot be written: {}", path.display(), reason(&error));
        let target = resolved(path);
        let like = fs::metadata(&target).ok();
        if like.as_ref().is_some_and(|meta| meta.permissions().readonly()) {
            return Err(format!("`{}` cannot be written: it is read-only", path.display()));
        }
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let beside = target.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if like.is_some() || private {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let mut file = options.open(&beside).map_err(failed)?;
        let before = before.map(str::to_owned);
        let staged = Self { given: path.to_owned(), target, beside, before, is_done: false };
        let written = file.write_all(text.as_bytes()).and_then(|()| match &like {
            Some(like) => take_after(&file, like),
            None => Ok(()),
        });
        written.and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(staged)
    }

    /// Puts the text into the file's place.
    ///
    /// # Errors
    ///
    /// A file that somebody has changed meanwhile, and what the system has against it.
    pub fn commit(mut self) -> Result<(), String> {
        let failed = |error: std::io::Error| {
            format!("`{}` cannot be written: {}", self.given.display(), reason(&error))
        };
        let now = super::optional_text(&self.target)?;
        if now != self.before {
            return Err(format!(
                "`{}` was changed by someone else meanwhile; run again",
                self.given.display()
            ));
        }
        fs::rename(&self.beside, &self.target).map_err(failed)?;
        self.is_done = true;
        let folder = self.target.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// Owner first: changing it takes some permissions away.
fn take_after(file: &fs::File, like: &fs::Metadata) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
            fchown(file, Some(like.uid()), Some(like.gid()))?;
        }
    }
    file.set_permissions(like.permissions())
}

/// The path without links and `..`, as far as there is something on the disk.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(path) = fs::canonicalize(path) {
        return path;
    }
    // A link that leads to nothing yet names the file to be.
    if let Ok(to) = fs::read_link(path) {
        return path.parent().unwrap_or(Path::new("")).join(to);
    }
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if !folder.as_os_str().is_empty() => resolved(folder).join(name),
        (_, Some(name)) => fs::canonicalize(".").map_or_else(|_| path.to_owned(), |here| here.join(name)),
        _ => path.to_owned(),
    }
}

/// Whether a path leads below `docs/archive`, whatever links and `..` it takes.
#[must_use]
pub fn is_archived(path: &Path) -> bool {
    let below = |path: &Path| {
        let parts: Vec<String> = path
            .components()
            .filter(|part| *part != Component::CurDir)
            .map(|part| part.as_os_str().to_string_lossy().to_lowercase())
            .collect();
        parts.windows(2).any(|pair| pair[0] == "docs" && pair[1] == "archive")
    };
    below(&resolved(path)) || below(&lexical(path))
}

/// `a/../b` as `b`.
fn lexical(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut so_far, part| {
        match part {
            Component::ParentDir if so_far.file_name().is_some() => {
                so_far.pop();
            }
            part => so_far.push(part),
        }
        so_far
    })
}
