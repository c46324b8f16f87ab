//! The disk and the environment. One of three files that touch the world around the process.

pub mod log;
pub mod program;
pub mod put;

use std::collections::BTreeSet;
use std::fs;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use crate::source::{FILE_SIZE_MAX, SourceFile, Sources};

/// Where ensembles are looked for when nothing is said, if it is there.
const FOLDER: &str = "ensembles";

/// Deepest nesting of folders that is followed; a link that leads back ends here.
const DEPTH_MAX: usize = 16;

/// `ensembles` if that is a folder, else the folder we are in.
#[must_use]
pub fn default_folder() -> PathBuf {
    let folder = PathBuf::from(FOLDER);
    if folder.is_dir() { folder } else { PathBuf::from(".") }
}

/// Every `.ens` file at these paths, by name, and where each lies. A file that is named is read whatever it is called.
///
/// # Errors
///
/// One sentence for each path that is missing, empty of `.ens` files, unreadable, too large or not UTF-8.
pub fn sources(paths: &[PathBuf]) -> Result<(Sources, Vec<PathBuf>), Vec<String>> {
    let (found, mut problems) = files(paths);
    let (mut sources, mut places) = (Sources::default(), Vec::new());
    for File { name, path } in found {
        match read(&path) {
            Ok(text) => {
                sources.add(SourceFile::new(name, text));
                places.push(path);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok((sources, places)) } else { Err(problems) }
}

/// Whether a folder is there and holds a `.ens` file, however deep.
///
/// # Errors
///
/// A sentence for a folder that cannot be read, or is a file.
pub fn holds_ensembles(folder: &Path) -> Result<bool, String> {
    if !folder.exists() {
        return Ok(false);
    }
    let mut found = Vec::new();
    walk(folder, "", DEPTH_MAX, &mut found)?;
    Ok(!found.is_empty())
}

/// Writes new files, with the folders that they lie in. A file that is there already stays as it is.
///
/// # Errors
///
/// A sentence that names the first file that could not be written.
pub fn create(files: &[(PathBuf, &str)]) -> Result<(), String> {
    for (path, text) in files {
        let failed =
            |error: std::io::Error| format!("`{}` cannot be written: {}", path.display(), reason(&error));
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
    }
    Ok(())
}

/// Every `.ens` file at these paths, by name and each once, with a sentence for each path that holds none.
#[must_use]
pub fn files(paths: &[PathBuf]) -> (Vec<File>, Vec<String>) {
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for path in paths {
        if let Err(problem) = find(path, paths.len() > 1, &mut found) {
            problems.push(problem);
        }
    }
    found.sort();
    let mut seen = BTreeSet::new();
    found.retain(|file| seen.insert(fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone())));
    (found, problems)
}

/// How the files of a program looked when they were last looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look(Vec<(PathBuf, u64, Option<std::time::SystemTime>)>);

/// Looks at the `.ens` files of a folder and at `others`: which there are, how long, and when they were written. What
/// cannot be looked at is as if it were not there.
#[must_use]
pub fn look(folder: &Path, others: &[PathBuf]) -> Look {
    let (found, _) = files(&[folder.to_owned()]);
    let paths = found.into_iter().map(|file| file.path).chain(others.iter().cloned());
    let seen = paths.filter_map(|path| {
        let meta = fs::metadata(&path).ok()?;
        Some((path, meta.len(), meta.modified().ok()))
    });
    Look(seen.collect())
}

/// Puts `text` in the place of a file's text: whoever reads it finds the old text or the new one, never a part. Links
/// are followed, and the file keeps its permissions and its owner.
///
/// # Errors
///
/// A sentence that names the file; it is then as it was.
pub fn replace(path: &Path, text: &str) -> Result<(), String> {
    let before = read(path)?;
    put::Staged::new(path, Some(&before), text, false)?.commit()
}

/// A path as people see it: without `./`, with `/` between its parts.
#[must_use]
pub fn shown(path: &Path) -> String {
    let parts = path.components().filter(|part| !matches!(part, std::path::Component::CurDir));
    parts.collect::<PathBuf>().display().to_string().replace(std::path::MAIN_SEPARATOR, "/")
}

#[must_use]
pub fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

/// Makes the folder that a file is to lie in, and those above it.
///
/// # Errors
///
/// A sentence that names the folder.
pub fn make_folder_of(path: &Path) -> Result<(), String> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    fs::create_dir_all(folder)
        .map_err(|error| format!("`{}` cannot be made: {}", folder.display(), reason(&error)))
}

/// The text of a file, if there is one.
///
/// # Errors
///
/// A sentence for a file that is there and cannot be used.
pub fn optional_text(path: &Path) -> Result<Option<String>, String> {
    if path.exists() { read(path).map(Some) } else { Ok(None) }
}

/// The text of a file of at most [`FILE_SIZE_MAX`] bytes.
///
/// # Errors
///
/// A sentence that names the file and what is wrong with it.
pub fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| format!("`{shown}` cannot be read: {}", reason(&error));
    let file = fs::File::open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(format!("`{shown}` is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(FILE_SIZE_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > FILE_SIZE_MAX {
        let size = meta.len();
        return Err(format!("`{shown}` is too large: {size} bytes, at most {FILE_SIZE_MAX} (1 MiB)"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("`{shown}` is not UTF-8: byte {at} (0x{:02x}) starts no character", error.as_bytes()[at])
    })
}

/// The system's tables of TCP sockets, for IPv4 and IPv6, as far as it has them as files that can be read.
#[must_use]
pub fn listeners() -> Vec<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    // They say no length beforehand, and may be longer than a source.
    #[expect(clippy::disallowed_methods, reason = "this is the file that touches the disk")]
    let read = |path: &&str| fs::read_to_string(path).ok();
    tables.iter().filter_map(read).collect()
}

/// The names of the files in a folder, in order; none if there is no folder.
///
/// # Errors
///
/// A sentence for a folder that cannot be read.
pub fn file_names(folder: &Path) -> Result<Vec<String>, String> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let unreadable =
        |error: std::io::Error| format!("`{}` cannot be read: {}", folder.display(), reason(&error));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.path().is_file() {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// A path with its links followed; as it is if that is not possible.
#[must_use]
pub fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A variable of the environment. Empty is not unset.
///
/// # Errors
///
/// A sentence that names the variable if its value is not UTF-8; the value is not quoted.
pub fn variable(name: &str) -> Result<Option<String>, String> {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the environment")]
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("the value of {name} is not UTF-8")),
    }
}

/// All of standard input: `what` we were to read there.
///
/// # Errors
///
/// A sentence for input that is not UTF-8 or cannot be read.
pub fn standard_input(what: &str) -> Result<String, String> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(format!("{what} is not UTF-8")),
        Err(error) => Err(format!("{what} cannot be read: {}", reason(&error))),
    }
}

/// Whether standard input comes from a file or a program, not from a person.
#[must_use]
pub fn input_is_piped() -> bool {
    !std::io::stdin().is_terminal()
}

/// Raises the soft limit of open files to the hard one. Gives the limit before and after; `u64::MAX` is none.
///
/// # Errors
///
/// What the system says.
pub fn raise_descriptor_limit() -> Result<(u64, u64), String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if limit.current != limit.maximum {
        setrlimit(Resource::Nofile, raised).map_err(|error| reason(&error.into()))?;
    }
    Ok((limit.current.unwrap_or(u64::MAX), limit.maximum.unwrap_or(u64::MAX)))
}

/// A file to read, and what people call it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    pub name: String,
    pub path: PathBuf,
}

fn find(path: &Path, among_several: bool, found: &mut Vec<File>) -> Result<(), String> {
    let shown = path.display();
    let meta = fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("`{shown}` does not exist"),
        _ => format!("`{shown}` cannot be read: {}", reason(&error)),
    })?;
    if !meta.is_dir() {
        found.push(File { name: given_name(path), path: path.to_owned() });
        return Ok(());
    }
    let before = found.len();
    let prefix = if among_several { format!("{}/", given_name(path)) } else { String::new() };
    walk(path, &prefix, DEPTH_MAX, found)?;
    if found.len() == before {
        return Err(format!("`{shown}` holds no `.ens` file"));
    }
    Ok(())
}

/// Files of a folder and of those in it; hidden folders are left alone.
fn walk(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<File>) -> Result<(), String> {
    let unreadable =
        |error: std::io::Error| format!("`{}` cannot be read: {}", folder.display(), reason(&error));
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            if depth > 0 && !name.starts_with('.') {
                walk(&path, &format!("{prefix}{name}/"), depth - 1, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "ens") {
            found.push(File { name: format!("{prefix}{name}"), path });
        }
    }
    Ok(())
}

/// A path as it was given, with `/` between its parts; of an absolute one only the last part.
fn given_name(path: &Path) -> String {
    let path = if path.is_absolute() { Path::new(path.file_name().unwrap_or_default()) } else { path };
    let parts = path.components().filter(|part| !matches!(part, std::path::Component::CurDir));
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// What the system says, without its error number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}
