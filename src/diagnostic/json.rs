//! Stand-in.

/// Stand-in.
pub fn to_json(
    sources: &crate::source::Sources,
    found: &[crate::diagnostic::Diagnostic],
) -> serde_json::Value {
    found.iter().map(|d| serde_json::json!({ "place": sources.place(d.span), "code": d.code.0 })).collect()
}
