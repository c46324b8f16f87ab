//! The techniques that come with the language.

use ensc::prelude::FILES;
use ensc::source::FileId;

#[test]
fn every_file_of_the_prelude_parses() {
    for file in FILES {
        let (tree, mistakes) = ensc::syntax::parse(FileId(0), file.text);
        assert!(mistakes.is_empty(), "{}: {mistakes:#?}", file.name);
        assert!(!tree.items.is_empty(), "{}", file.name);
    }
}

#[test]
fn every_file_of_the_prelude_is_listed() {
    let here = std::fs::read_dir("src/prelude").expect("the folder can be read");
    let paths = here.map(|entry| entry.expect("an entry can be read").path());
    let mut written: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "ens"))
        .map(|path| format!("prelude/{}", path.file_name().expect("a file has a name").display()))
        .collect();
    let mut listed: Vec<&str> = FILES.iter().map(|file| file.name).collect();
    written.sort();
    listed.sort_unstable();
    assert_eq!(written, listed);
}
