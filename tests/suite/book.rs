//! The pages as a book: every link leads somewhere, every page has its place, and what is generated is as it is generated.
//!
//! Links are followed as the repository shows them; `docs/book/build.sh` follows those of the built book, whose pages keep
//! their places.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use ensc::export::docs::Page as Document;

use crate::commands::page::paths;
use crate::ensembles::shipped;

/// Pages outside of `docs/`, beside the README.
const ELSEWHERE: [&str; 3] = ["ARCHITECTURE.md", "CHANGELOG.md", "grammar/README.md"];

const SUMMARY: &str = "docs/SUMMARY.md";

/// What a page points at, with the lines, and what can be pointed at in it.
#[derive(Default)]
struct Page {
    links: Vec<(usize, String)>,
    headings: HashSet<String>,
}

// === impl Page ===

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut heading: Option<String> = None;
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.add_heading(&heading.take().unwrap_or_default()),
                Event::Text(text) | Event::Code(text) => {
                    heading.iter_mut().for_each(|heading| heading.push_str(&text));
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    let line = text[..range.start].matches('\n').count() + 1;
                    page.links.push((line, dest_url.into_string()));
                }
                _ => (),
            }
        }
        page
    }

    /// By the name that both GitHub and mdBook give it.
    fn add_heading(&mut self, words: &str) {
        let kept = |sign: char| match sign {
            _ if sign.is_alphanumeric() || matches!(sign, '-' | '_') => Some(sign),
            _ => sign.is_whitespace().then_some('-'),
        };
        let name: String = words.trim().to_lowercase().chars().filter_map(kept).collect();
        let numbered = (1..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !self.headings.contains(name));
        self.headings.extend(free);
    }
}

/// The pages below a root, by path.
fn pages(root: &Path) -> BTreeMap<PathBuf, Page> {
    let elsewhere = ELSEWHERE.iter().map(PathBuf::from).filter(|path| root.join(path).exists());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(root.join(&path)).expect("the page can be read");
        (path, Page::read(&text))
    };
    paths(root).into_iter().chain(elsewhere).map(read).collect()
}

/// Where a link leads, below the root: without `..`, nothing if it leads out of it.
fn target(page: &Path, link: &str) -> Option<PathBuf> {
    let mut target = page.parent().expect("a page lies in a folder").to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::Normal(name) => target.push(name),
            Component::ParentDir if target.pop() => (),
            Component::CurDir => (),
            _ => return None,
        }
    }
    Some(target)
}

/// Links below a root that lead nowhere, in the order of the pages.
fn broken(root: &Path) -> Vec<String> {
    let pages = pages(root);
    let mut wrong = Vec::new();
    for (path, page) in &pages {
        let ours = page.links.iter().filter(|(_, link)| !link.contains("://"));
        for (line, link) in ours {
            let (file, heading) =
                link.split_once('#').map_or((link.as_str(), None), |(file, heading)| (file, Some(heading)));
            let target = if file.is_empty() { Some(path.clone()) } else { target(path, file) };
            let why = match target {
                None => "leads out of the repository",
                Some(target) if !root.join(&target).is_file() => "no such file",
                Some(target) => match (heading, pages.get(&target)) {
                    (Some(heading), Some(page)) if !page.headings.contains(heading) => "no such heading",
                    (Some(_), None) => "only pages have headings",
                    _ => continue,
                },
            };
            wrong.push(format!("{}:{line}: {link}: {why}", path.display()));
        }
    }
    wrong
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let wrong = broken(root());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it can be written");
    fs::create_dir_all(folder.path().join("docs/deep")).expect("a folder can be made");
    write("docs/data.json", "{}");
    write(
        "docs/deep/page.md",
        "# Two\n\n## `it` is, here\n\n## Two\n\n[up](../../README.md) [self](#it-is-here)\n",
    );
    write(
        "README.md",
        "# One\n\nRight: [a](docs/deep/page.md#it-is-here) [b](docs/deep/page.md#two-1) [c](docs/data.json) [d](#one)\n\
         [e](https://example.org/#x) [f][g] `[h](code.md)`\n\n[g]: docs/data.json\n\n\
         [file](docs/gone.md)\n\
         [heading](docs/deep/page.md#it-was)\n\
         [own heading](#two)\n\
         | table |\n| --- |\n| [in a table](docs/gone.md#x) |\n\n\
         [by name][lost]\n\n[lost]: docs/lost.md\n\n\
         ![picture](docs/gone.png)\n\
         [folder](docs/deep)\n\
         [outside](../other.md)\n\
         [no page](docs/data.json#x)\n",
    );
    assert_eq!(
        broken(folder.path()),
        [
            "README.md:8: docs/gone.md: no such file",
            "README.md:9: docs/deep/page.md#it-was: no such heading",
            "README.md:10: #two: no such heading",
            "README.md:13: docs/gone.md#x: no such file",
            "README.md:15: docs/lost.md: no such file",
            "README.md:19: docs/gone.png: no such file",
            "README.md:20: docs/deep: no such file",
            "README.md:21: ../other.md: leads out of the repository",
            "README.md:22: docs/data.json#x: only pages have headings",
        ]
    );
}

#[test]
fn every_page_has_one_place_in_the_summary() {
    let pages = pages(root());
    let mut listed: Vec<PathBuf> = Vec::new();
    for (_, link) in &pages[Path::new(SUMMARY)].links {
        listed.push(target(Path::new(SUMMARY), link).expect("it is in the repository"));
    }
    let once: BTreeSet<&PathBuf> = listed.iter().collect();
    assert_eq!(once.len(), listed.len(), "a page is listed twice: {listed:?}");
    let there: BTreeSet<&PathBuf> = pages.keys().filter(|path| *path != Path::new(SUMMARY)).collect();
    assert_eq!(once, there);
}

#[test]
fn the_book_colours_the_words_of_the_grammar() {
    let grammar = include_str!("../../grammar/ens.pest");
    let words = grammar.lines().filter_map(|line| line.strip_prefix("kw_")?.split('"').nth(1));
    let words: BTreeSet<&str> = words.collect();
    assert!(words.contains("ensemble"), "{words:?}");
    let script = include_str!("../../docs/book/ens.js");
    let (_, list) = script.split_once("const words = [").expect("it begins so");
    let (list, _) = list.split_once(']').expect("it ends so");
    let coloured: BTreeSet<&str> =
        list.split(['"', ',', ' ', '\n']).filter(|word| !word.is_empty()).collect();
    assert_eq!(coloured, words);
}

#[test]
fn the_platforms_documents_in_the_book_are_those_that_are_exported() {
    let plans = shipped();
    // What is said of techniques is a copy of their manual, which is in the book as it is.
    for document in Document::ALL.into_iter().filter(|document| *document != Document::Techniques) {
        let name = document.path().rsplit('/').next().unwrap_or_default();
        let path = root().join("docs/platform").join(name);
        let exported = document.place(&plans, "").expect("an empty file is fine");
        if std::env::var_os("ENSC_BLESS").is_some() {
            assert!(std::env::var_os("CI").is_none(), "a CI run compares, it never writes");
            fs::write(&path, &exported).expect("the page can be written");
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(written == exported, "docs/platform/{name} is stale; ENSC_BLESS=1 writes it");
    }
}
