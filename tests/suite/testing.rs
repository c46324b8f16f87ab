//! `docs/testing.md`, beyond its commands (`commands.rs` runs them): what its files give as JSON and as XML.

use std::path::Path;

use serde_json::Value;

use crate::cli::{ensc, folder};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/testing.md");
    std::fs::read_to_string(path).expect("the page is there")
}

/// The fenced blocks whose first line begins with `mark`: what follows it there, and what they hold.
fn blocks(page: &str, mark: &str) -> Vec<(String, String)> {
    let fence = format!("```{mark}");
    let parts = page.split(fence.as_str()).skip(1);
    let block = |part: &str| {
        let (head, rest) = part.split_once('\n').expect("a block has lines");
        (head.trim().to_owned(), rest.split("```").next().unwrap_or_default().to_owned())
    };
    parts.map(block).collect()
}

fn run(folder: &Path, command: &str) -> (String, String) {
    let args = command.strip_prefix("$ ensc ").expect("`$ ensc …`");
    let done = ensc().current_dir(folder).args(args.split(' ')).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&done.stdout), text(&done.stderr))
}

#[test]
fn the_json_has_the_shape_that_the_page_shows() {
    let page = page();
    let files = blocks(&page, "ens ");
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = folder(&files);
    let shown: Value = serde_json::from_str(&blocks(&page, "json")[0].1).expect("the page shows JSON");
    let printed = |command: &str| -> Value {
        serde_json::from_str(&run(folder.path(), command).0).expect("it prints JSON")
    };
    assert_eq!(printed("$ ensc test --format json --filter become"), shown);
    let all = printed("$ ensc test --format json --coverage --mutate");
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    for (list, place) in
        [("coverage", "/coverage/0"), ("ways", "/coverage/0/ways/0"), ("mutations", "/mutations/0")]
    {
        for key in keys(all.pointer(place).unwrap_or_else(|| panic!("there is {list}: {all:#}"))) {
            assert!(page.contains(&format!("\"{key}\"")), "`{key}` of {list} is not on the page");
        }
    }
    assert!(all["tests"][2]["failures"][0]["code"].is_string(), "{all:#}");
}

#[test]
fn the_xml_is_well_formed_and_counts_right() {
    let page = page();
    let files = blocks(&page, "ens ");
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let xml = run(folder(&files).path(), "$ ensc test --format junit").0;
    assert!(
        xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"3\" failures=\"1\""),
        "{xml}"
    );
    // Every tag is closed in its order, and no stray sign is left.
    let mut open: Vec<&str> = Vec::new();
    for part in xml.split('<').skip(2) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "{part}");
        let entities = text.split('&').skip(1).chain(tag.split('&').skip(1));
        for rest in entities {
            assert!(rest.split_once(';').is_some_and(|(name, _)| name.len() <= 4), "{part}");
        }
        let name = tag.split(' ').next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "{xml}"),
            None if tag.ends_with('/') => (),
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
