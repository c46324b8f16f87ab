//! One layout for every file. Says the same with every comment, or refuses: each run proves it of its own output.
//!
//! The *walk* goes through the tree and gives rows of pieces, with the comments where they belong; the *print* decides
//! which rows must break. What a piece says is copied from the source and never rewritten.

mod align;
mod entries;
mod items;
mod layout;
mod print;
mod steps;
mod values;
mod walk;

#[cfg(test)]
mod tests;

use crate::diagnostic::Diagnostic;
use crate::source::{FILE_SIZE_MAX, FileId};
use crate::syntax::ast::File;
use crate::syntax::{comments, parse};

/// Why a text is left as it is.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// It has errors; all that was found, warnings included.
    Mistakes(Vec<Diagnostic>),
    /// What came out did not pass the proof: what would have been wrong with it.
    Unproven(&'static str),
}

/// The text in its one layout, with `\n` at every line's end and no byte order mark.
///
/// What is given back has the same tree, places aside, and the same comments in the same order, and is itself
/// formatted. Takes time linear in the length of `text`.
///
/// # Errors
///
/// A text with errors, and one for which this could not be proven.
pub fn format(id: FileId, text: &str) -> Result<String, Refusal> {
    let (tree, found) = parse(id, text);
    if found.iter().any(Diagnostic::is_error) {
        return Err(Refusal::Mistakes(found));
    }
    let formatted = lay_out(&tree, text);
    if formatted == text {
        return Ok(formatted);
    }
    prove(&tree, text, &formatted).map_err(Refusal::Unproven)?;
    Ok(formatted)
}

fn lay_out(tree: &File, text: &str) -> String {
    let comments = comments(tree.id, text);
    print::print(&walk::Walk::new(text, &comments).file(&tree.items))
}

/// Reads what was written as if it came from someone else.
fn prove(tree: &File, text: &str, formatted: &str) -> Result<(), &'static str> {
    if formatted.len() > FILE_SIZE_MAX {
        return Err("it would be larger than 1 MiB");
    }
    let (again, found) = parse(tree.id, formatted);
    if found.iter().any(Diagnostic::is_error) {
        return Err("it could not be read any more");
    }
    if tree.meaning() != again.meaning() {
        return Err("it would say something else");
    }
    if said(tree.id, text) != said(tree.id, formatted) {
        return Err("a comment would be lost or moved past another");
    }
    if lay_out(&again, formatted) != formatted {
        return Err("it would change again the next time");
    }
    Ok(())
}

/// The comments and the documentation, line by line, without the blanks at their ends.
fn said(id: FileId, text: &str) -> Vec<&str> {
    comments(id, text).into_iter().map(|span| text[span.range()].trim_end()).collect()
}
