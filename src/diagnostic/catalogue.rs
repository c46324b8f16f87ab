//! What each code means, with an example: the source of `docs/errors.md` and of `ensc explain N001`.
//!
//! Written by hand in `catalogue.md`, one section a code. Rules of the policy have pages of their own.

use std::fmt::Write;

/// The sections. A code block marked `alone` does not stand on [`PLATFORM`]; one marked `run` is wrong only when its tests
/// are run.
const SECTIONS: &str = include_str!("catalogue.md");

/// What the examples stand on.
pub const PLATFORM: &str = "\
model deep  { memory: 65GB }
model swift { memory: 45GB }
model small { memory: 12GB }

tier l {
  memory: 150GB
  panel = [deep, swift]
  chief = deep
  cheap = small
}

profile high { width = 3 }

ensemble advice at high-l {
  drafts = parallel panel
  reply = merge drafts by chief
}
";

/// Marks a line that stands for several: `step_{n} = ask cheap // × 256`.
const TIMES: &str = " // × ";

/// One code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `N001`
    pub code: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What it means, in Markdown; may be empty.
    pub text: &'static str,
    /// A program that is wrong in this way.
    pub example: &'static str,
    /// The example is a whole program.
    alone: bool,
    /// Its tests must run before it can be found.
    pub is_run: bool,
}

/// Every code, in the order of the page.
pub fn entries() -> impl Iterator<Item = Entry> {
    SECTIONS.split("## ").skip(1).map(Entry::read)
}

/// The entry of a code, in any case.
#[must_use]
pub fn entry(code: &str) -> Option<Entry> {
    entries().find(|entry| entry.code.eq_ignore_ascii_case(code))
}

// === impl Entry ===

impl Entry {
    fn read(section: &'static str) -> Self {
        let (head, rest) = section.split_once('\n').unwrap_or((section, ""));
        let (code, title) = head.split_once(" · ").unwrap_or((head, ""));
        let (text, block) = rest.split_once("```ens").unwrap_or((rest, ""));
        let (mark, body) = block.split_once('\n').unwrap_or_default();
        let example = body.split("```").next().unwrap_or_default();
        Self {
            code,
            title,
            text: text.trim(),
            example,
            alone: mark.contains("alone"),
            is_run: mark.contains("run"),
        }
    }

    /// The files of the example, with their names: what it stands on, and itself.
    #[must_use]
    pub fn program(&self) -> Vec<(&'static str, String)> {
        let example = ("example.ens", self.example.lines().map(written_out).collect());
        if self.alone { vec![example] } else { vec![example, ("platform.ens", PLATFORM.to_owned())] }
    }

    /// The section of the page; `found` is what a check of the example prints.
    #[must_use]
    pub fn page(&self, found: &str) -> String {
        let mut page = format!("## {} · {}\n\n", self.code, self.title);
        if !self.text.is_empty() {
            let _ = write!(page, "{}\n\n", self.text);
        }
        let _ = write!(page, "```ens\n{}```\n\n```text\n{}\n```\n", self.example, found.trim_end());
        page
    }
}

/// A line as often as it says.
fn written_out(line: &str) -> String {
    let Some((line, times)) = line.split_once(TIMES) else { return format!("{line}\n") };
    let times: u32 = times.trim().parse().unwrap_or_default();
    (1..=times).map(|n| format!("{}\n", line.replace("{n}", &n.to_string()))).collect()
}
