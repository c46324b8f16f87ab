//! Texts in `tests/hostile/` that once broke a promise, made as small as they would still do it; each is held to all.

mod promises;

use std::path::Path;

#[test]
#[expect(clippy::print_stderr, reason = "a promise that breaks does not know whose text it was")]
fn what_once_broke_a_promise_keeps_all() {
    let files = crate::ensembles::files(Path::new("tests/hostile"));
    assert!(!files.is_empty());
    for path in files {
        eprintln!("{}", path.display());
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        promises::parse(&text);
        promises::check(&text);
        promises::fmt(&text);
        promises::template(&text);
    }
}
