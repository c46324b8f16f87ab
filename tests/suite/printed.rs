//! Pages whose commands are run: what they show is what is printed.

use std::path::Path;

use crate::cli::ensc;

/// Each `$ ensc …` of a page with what it shows, in order.
fn shown(page: &str) -> Vec<(String, String)> {
    let blocks = page.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let pair = |block: &str| {
        let (command, shown) = block.split_once('\n').expect("a command");
        let args = command.strip_prefix("$ ensc ").expect("$ ensc …");
        (args.to_owned(), shown.to_owned())
    };
    blocks.map(pair).collect()
}

#[test]
fn the_page_about_explain_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("docs/explain.md");
    let mut page = std::fs::read_to_string(&path).expect("the page is there");
    let mut wrong = Vec::new();
    let examples = shown(&page);
    assert!(examples.len() > 3, "the page has lost its examples");
    for (args, old) in examples {
        let done = ensc().current_dir(root).args(args.split(' ')).output().expect("it starts");
        let printed = String::from_utf8(done.stdout).expect("what is printed is UTF-8");
        if printed != old {
            page = page.replace(&format!("$ ensc {args}\n{old}"), &format!("$ ensc {args}\n{printed}"));
            wrong.push(args);
        }
    }
    if std::env::var_os("ENSC_UPDATE_DOCS").is_some() {
        std::fs::write(&path, page).expect("the page can be written");
        return;
    }
    assert!(
        wrong.is_empty(),
        "docs/explain.md shows something else for {wrong:?}; ENSC_UPDATE_DOCS=1 writes it anew"
    );
}
