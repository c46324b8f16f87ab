//! What the parser promises.

use super::*;

#[test]
fn an_empty_file_is_fine() {
    let (file, diagnostics) = parse(FileId(0), "");
    assert!(file.items.is_empty() && diagnostics.is_empty());
}
