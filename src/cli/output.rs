//! The terminal: what goes to standard output and standard error, with or without colour.
//!
//! One of three files that touch the world around the process.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

/// When to colour what is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// How a verb prints what it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Why a verb ends early.
#[derive(Debug)]
pub enum Stop {
    /// Whoever read our output has gone: nothing is left to do, and nothing is wrong.
    Quiet,
    /// What was found is already printed.
    Found,
    /// It could not be done; says why.
    Failed(String),
    /// It was not asked in a way that makes sense; says why.
    Usage(String),
}

/// Standard output and standard error.
pub struct Output {
    colour_out: bool,
    colour_err: bool,
}

// === impl Stop ===

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Quiet,
            _ => Self::Failed(format!("cannot write the output: {error}")),
        }
    }
}

// === impl Output ===

impl Output {
    #[must_use]
    pub fn new(choice: ColorChoice) -> Self {
        choice.apply();
        Self {
            colour_out: anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
            colour_err: anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never,
        }
    }

    /// Whether standard output takes colour.
    #[must_use]
    pub fn colour(&self) -> bool {
        self.colour_out
    }

    /// How many columns there are where a person reads standard output.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        let stdout = io::stdout();
        let size = rustix::termios::tcgetwinsize(&stdout).ok().filter(|_| stdout.is_terminal())?;
        Some(usize::from(size.ws_col)).filter(|width| *width > 0)
    }

    /// Whether standard error takes colour.
    #[must_use]
    pub fn colour_err(&self) -> bool {
        self.colour_err
    }

    /// Whether a person watches standard error.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Writes to standard output at once.
    ///
    /// # Errors
    ///
    /// [`Stop::Quiet`] when the reader has gone.
    pub fn print(&mut self, text: &str) -> Result<(), Stop> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()?;
        Ok(())
    }

    /// Writes to standard error as it is. A reader that has gone loses it.
    pub fn note(&mut self, text: &str) {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }

    /// `error: …` on standard error, one line end at its end.
    pub fn complain(&mut self, message: &str) {
        let word = if self.colour_err { "\x1b[1;31merror\x1b[0m" } else { "error" };
        self.note(&format!("{word}: {}\n", message.trim_end()));
    }

    /// `warning: …` on standard error.
    pub fn warn(&mut self, message: &str) {
        let word = if self.colour_err { "\x1b[1;33mwarning\x1b[0m" } else { "warning" };
        self.note(&format!("{word}: {}\n", message.trim_end()));
    }
}

// === impl ColorChoice ===

impl ColorChoice {
    /// Settles colour for the whole process, help texts included.
    fn apply(self) {
        match self {
            Self::Auto => {}
            Self::Always => anstream::ColorChoice::Always.write_global(),
            Self::Never => anstream::ColorChoice::Never.write_global(),
        }
    }
}

/// The text in bold where `colour` is wanted.
#[must_use]
pub fn bold(text: &str, colour: bool) -> String {
    if colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}

/// The text dimmed where `colour` is wanted.
#[must_use]
pub fn dim(text: &str, colour: bool) -> String {
    if colour { format!("\x1b[2m{text}\x1b[0m") } else { text.to_owned() }
}
