//! What was looked at, and what was found: as lines for people, and as JSON.

use serde_json::json;

use super::kind::{Kind, Level, Part};
use crate::cli::output::{bold, dim};
use crate::explain::words::wrapped;

/// Where messages begin: behind state, code and part.
const MARGIN: usize = 22;

/// The least that is left to messages, on however narrow a terminal.
const WIDTH_MIN: usize = 30;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub part: Part,
    pub state: State,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Ok,
    /// Not looked at.
    Skipped,
    Found(Kind),
}

/// All of them, in the order in which they were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report(pub Vec<Check>);

// === impl Check ===

impl Check {
    fn kind(&self) -> Option<Kind> {
        if let State::Found(kind) = self.state { Some(kind) } else { None }
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::Ok => "ok",
            State::Skipped => "skip",
            State::Found(kind) => kind.row().level.word(),
        }
    }

    /// `width` is that of the terminal, if there is one.
    fn line(&self, colour: bool, width: Option<usize>) -> String {
        let (state, part) = (self.state(), self.part.word());
        let code = self.kind().map_or("", |kind| kind.row().code);
        let shown = match (colour, state) {
            (false, _) => format!("{state:5}"),
            (true, "ok") => format!("\x1b[32m{state:5}\x1b[0m"),
            (true, "skip") => dim(&format!("{state:5}"), true),
            (true, "warn") => format!("\x1b[1;33m{state:5}\x1b[0m"),
            (true, _) => format!("\x1b[1;31m{state:5}\x1b[0m"),
        };
        let room = width.map(|width| width.saturating_sub(MARGIN).max(WIDTH_MIN));
        let message = lines(&self.message, room).join(&format!("\n{:MARGIN$}", ""));
        let line = format!("{shown}  {}  {part:7}  {message}\n", bold(&format!("{code:4}"), colour));
        let Some(kind) = self.kind() else { return line };
        let advice = lines(&format!("→ {}", kind.row().advice), room);
        let advice = advice.iter().map(|it| format!("{:MARGIN$}{}\n", "", dim(it, colour)));
        let advice: String = advice.collect();
        format!("{line}{advice}")
    }
}

/// One line, or as many as the room of a terminal takes.
fn lines(text: &str, room: Option<usize>) -> Vec<String> {
    match room {
        Some(room) => wrapped(text, room),
        None => vec![text.to_owned()],
    }
}

// === impl Report ===

impl Report {
    /// This is as it should be.
    pub fn ok(&mut self, part: Part, message: impl Into<String>) {
        self.0.push(Check { part, state: State::Ok, message: message.into() });
    }

    /// This was not looked at.
    pub fn skipped(&mut self, part: Part, message: impl Into<String>) {
        self.0.push(Check { part, state: State::Skipped, message: message.into() });
    }

    pub fn found(&mut self, kind: Kind, message: impl Into<String>) {
        self.0.push(Check { part: kind.row().part, state: State::Found(kind), message: message.into() });
    }

    /// How many are so bad.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.0.iter().filter(|check| check.kind().is_some_and(|kind| kind.row().level == level)).count()
    }

    /// For people: a line each, the advice below it, and a sum. Where there is a terminal, both are broken to its width.
    #[must_use]
    pub fn text(&self, colour: bool, width: Option<usize>) -> String {
        let lines: String = self.0.iter().map(|check| check.line(colour, width)).collect();
        let (wrong, warned) = (self.count(Level::Wrong), self.count(Level::Warn));
        let of = |state: State| self.0.iter().filter(|check| check.state == state).count();
        let skipped = match of(State::Skipped) {
            0 => String::new(),
            skipped => format!(", {skipped} not looked at"),
        };
        let warned = if warned == 1 { "1 warning".to_owned() } else { format!("{warned} warnings") };
        format!(
            "{lines}\n{}\n",
            bold(&format!("{wrong} wrong, {warned}, {} ok{skipped}", of(State::Ok)), colour)
        )
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> String {
        let checks: Vec<_> = self
            .0
            .iter()
            .map(|check| {
                let row = check.kind().map(Kind::row);
                json!({
                    "part": check.part.word(),
                    "state": check.state(),
                    "code": row.map(|row| row.code),
                    "name": row.map(|row| row.name),
                    "message": check.message,
                    "advice": row.map(|row| row.advice),
                })
            })
            .collect();
        let (wrong, warned) = (self.count(Level::Wrong), self.count(Level::Warn));
        format!("{:#}\n", json!({"wrong": wrong, "warnings": warned, "checks": checks}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_at_is_not_told_as_sound() {
        let mut report = Report::default();
        report.ok(Part::Daemon, "it answers");
        report.skipped(Part::Files, "no root");
        report.found(Kind::DaemonDown, "nobody answers");
        let text = report.text(false, None);
        assert!(text.contains("skip         files    no root\n"), "{text}");
        assert!(text.ends_with("1 wrong, 0 warnings, 1 ok, 1 not looked at\n"), "{text}");
        assert!(report.json().contains(r#""state": "skip""#));
    }

    #[test]
    fn lines_are_broken_to_the_width_of_a_terminal_and_to_nothing_else() {
        let mut report = Report::default();
        report.found(Kind::DaemonDown, "nobody answers where somebody should have answered long ago");
        let text = report.text(false, Some(60));
        let expected = "\
wrong  D001  daemon   nobody answers where somebody should
                      have answered long ago
                      → start it with `systemctl start
                      optillm-proxy`; why it ended stands in
";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
        assert_eq!(report.text(false, None).lines().count(), 4, "scripts get a line each");
    }
}
