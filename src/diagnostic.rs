//! What is wrong with a program, as plain data. Built beside the phase that noticed, collected, never thrown.

pub mod catalogue;
pub mod fix;
pub mod github;
pub mod json;
pub mod render;
pub mod sarif;
pub mod suggest;

use crate::source::Span;

/// Most diagnostics that are printed of one check, errors first in the order of the source: nobody reads more, and a
/// file of garbage has half a million.
pub const SHOWN_MAX: usize = 100;

/// A stable code such as `N001`. The letter names the phase: `S` syntax, `N` names, `C` cells and roles,
/// `T` types, units and templates, `G` graph, `E` tests, `L0` sense, `L1` policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// One mistake, one message. Lower case, no full stop, source in back-ticks; advice goes in `help`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub message: String,
    /// Where it is.
    pub span: Span,
    /// A few words under the place; may be empty.
    pub label: String,
    /// Other places that belong to it, each with its own words.
    pub related: Vec<Label>,
    pub help: Vec<String>,
    /// A change that we are sure of.
    pub fix: Option<Fix>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// Replace the text of `span` by `replacement`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub span: Span,
    pub replacement: String,
}

// === impl Diagnostic ===

impl Diagnostic {
    #[must_use]
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code: Code(code),
            severity: Severity::Error,
            message: message.into(),
            span,
            label: String::new(),
            related: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    #[must_use]
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Another place that matters. One in a file that comes with the program is left out: no reader has it open.
    #[must_use]
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Self {
        if span.file.built_in_index().is_none() {
            self.related.push(Label { span, text: text.into() });
        }
        self
    }

    #[must_use]
    pub fn help(mut self, advice: impl Into<String>) -> Self {
        self.help.push(advice.into());
        self
    }

    /// Help where there is some.
    #[must_use]
    pub fn help_if(self, advice: Option<String>) -> Self {
        match advice {
            Some(advice) => self.help(advice),
            None => self,
        }
    }

    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into() });
        self
    }

    /// A fix where what belongs there is certain.
    #[must_use]
    pub fn fix_if(self, span: Span, replacement: Option<&str>) -> Self {
        match replacement {
            Some(replacement) => self.fix(span, replacement),
            None => self,
        }
    }

    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Sorts by place, then code, and drops exact repeats (the same mistake met in several cells).
pub fn tidy(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    diagnostics.dedup();
}
