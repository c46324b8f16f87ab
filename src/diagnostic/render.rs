//! Stand-in.

/// Stand-in.
pub fn render(
    sources: &crate::source::Sources,
    found: &[crate::diagnostic::Diagnostic],
    _colour: bool,
) -> String {
    found.iter().map(|d| format!("{}: {} {}\n", sources.place(d.span), d.code.0, d.message)).collect()
}
