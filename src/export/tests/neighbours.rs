//! Files with neighbours that nobody thought of: their bytes survive, and what is written once is written for good.

use proptest::prelude::*;

use super::plans;
use crate::export::docs::Page;
use crate::export::lines::Placed;
use crate::export::region::{BEGIN, END};
use crate::export::{DAEMON_URL, ensembles_md, env, handles, litellm, optillm, warm};

/// Lines of one kind of file, each understood by itself.
fn pieces(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(of), 0..8)
}

/// How a file begins and ends its lines.
fn looks() -> impl Strategy<Value = (bool, &'static str, bool)> {
    (any::<bool>(), prop::sample::select(vec!["\n", "\r\n"]), any::<bool>())
}

fn file(lines: &[&str], (bom, end, is_closed): (bool, &str, bool)) -> String {
    let text = lines.join("\n").replace('\n', end);
    let last = if is_closed && !text.is_empty() { end } else { "" };
    format!("{}{text}{last}", if bom { "\u{feff}" } else { "" })
}

/// Without our region and the empty line that sets it apart.
fn others(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut kept = Vec::new();
    for line in text.lines() {
        inside |= line.trim() == BEGIN;
        if !inside {
            kept.push(line.to_owned());
        }
        inside &= line.trim() != END;
    }
    kept
}

/// What holds for each file that can be understood: it is written once, in the look that it has.
fn holds(old: &str, place: impl Fn(&str) -> Placed, end: &str) -> Result<String, TestCaseError> {
    let text = place(old).map_err(|refusals| TestCaseError::fail(format!("{refusals:?}\n{old:?}")))?;
    prop_assert_eq!(place(&text), Ok(text.clone()), "a second time");
    if old.contains('\n') {
        prop_assert_eq!(text.matches('\n').count(), text.matches(end).count(), "one kind of line end");
    }
    if !old.trim_start_matches('\u{feff}').is_empty() {
        prop_assert_eq!(text.starts_with('\u{feff}'), old.starts_with('\u{feff}'));
        prop_assert_eq!(text.ends_with('\n'), old.ends_with('\n'));
    }
    Ok(text)
}

const ENTRIES: &[&str] = &[
    "  - model_name: mlx-a",
    "  - {model_name: mlx-b, litellm_params: {model: x}} # opt-extract-fast-s",
    "  - model_name: 'c'\n    note: |\n      # BEGIN ENSC AUTO\n\n      - model_name: opt-extract-fast-s\n    more: >-\n      text",
    "  # a comment",
    "",
    "# at the margin",
    "  # BEGIN MLXCTL AUTO\n  - model_name: mlx-d\n  # END MLXCTL AUTO",
    "  - model_name: opt-extract-fast-s-canary",
];

const KEYS: &[&str] = &[
    "a: 1",
    "# BEGIN",
    "# BEGIN Y AUTO\nbelow: 1\n# END Y AUTO",
    "litellm_settings:\n  drop_params: true # x",
    "",
    "b:\n- model_name: opt-extract-fast-s",
    "c: \"model_list:\"",
];

/// What a file may already say where we have settings.
const SETTINGS: &[&str] = &[
    "general_settings:\n  master_key: os.environ/KEY # x",
    "general_settings:\n    a:\n      b: 1\n    cancel_on_disconnect: true # by hand\n    # the end",
    "general_settings: # theirs and ours",
    "'general_settings': {cancel_on_disconnect: true, \"health_check_skip_disabled_background_models\": true}",
    "general_settings:\n  # BEGIN X AUTO\n  a: 1\n  # END X AUTO",
    "general_settings:\n  note: |\n      # BEGIN ENSC AUTO\n\n  # a comment",
];

const PROVIDERS: &[&str] = &["# a comment", "  # BEGIN X AUTO\n  # END X AUTO", "", "  # indented"];

const PROSE: &[&str] = &[
    "# Title",
    "text with `code` and <!-- a comment -->",
    "```sh\n<!-- # BEGIN ENSC AUTO -->\n```",
    "~~~~\n```\n~~~\n~~~~",
    "<!--\n# BEGIN ENSC AUTO\n-->",
    "",
    "<!-- BEGIN MLXCTL AUTO -->\n- **opt-x**\n<!-- END MLXCTL AUTO -->",
    "- **opt-other-fast-s**\n  - Base: `mlx-a`",
    "| a | b |",
];

const NAMES: &[&str] =
    &["# a comment", "", "ov-old", "ov-phi-4-mini-instruct-fp16", "  ov-mistral-7b-instruct-v0-3-fp16 "];

const ROWS: &[&str] = &[
    "{\"handle\":\"a\"}",
    "{ \"handle\" : \"b\",\"endpoint_ref\":\"ep_mlx\", \"status\": null}",
    "",
    "{\"number\":1e400,\"text\":\"\\u00e9\"}",
];

const VARIABLES: &[&str] = &[
    "OPENAI_API_KEY=sk-1",
    "# comment \\",
    "; another",
    "",
    "A='one\n# BEGIN ENSC AUTO\ntwo'",
    "B=\"a \\\" b\n# END ENSC AUTO\" \\\n# BEGIN ENSC AUTO",
    "  C = d\\\n  e",
    "OPT_OTHER_MODEL=x",
    "no assignment",
];

proptest! {
    #[test]
    fn of_a_router(
        above in pieces(KEYS), entries in pieces(ENTRIES), below in pieces(KEYS), look in looks(),
        settings in prop::option::of((prop::sample::select(SETTINGS), any::<bool>())),
    ) {
        let (before, behind) = match settings {
            Some((settings, true)) => (Some(settings), None),
            Some((settings, false)) => (None, Some(settings)),
            None => (None, None),
        };
        let list = ["model_list: # ours and theirs"];
        let lines: Vec<&str> =
            above.into_iter().chain(before).chain(list).chain(entries).chain(behind).chain(below).collect();
        let old = file(&lines, look);
        let text = holds(&old, |old| litellm::place(&plans(), DAEMON_URL, old), look.1)?;
        for wanted in ["cancel_on_disconnect: true", "health_check_skip_disabled_background_models"] {
            prop_assert_eq!(text.matches(wanted).count(), 1, "{}", text);
        }
        let unmarked = |text: &str| text.replace("      # BEGIN ENSC AUTO", "");
        let expected: Vec<String> = unmarked(&old).lines().map(str::to_owned).collect();
        let mut kept = others(&unmarked(&text));
        if settings.is_none() {
            let at = kept.iter().position(|line| line.trim_start_matches('\u{feff}') == "general_settings:");
            let line = kept.remove(at.expect("there are settings now"));
            if line.starts_with('\u{feff}') {
                kept[at.unwrap_or(0)].insert(0, '\u{feff}');
            }
        }
        prop_assert_eq!(kept, expected);
        let fewer = litellm::place(&plans()[..1], DAEMON_URL, &text).expect("it can be understood");
        prop_assert_eq!(others(&unmarked(&fewer)), others(&unmarked(&text)));
        prop_assert_eq!(litellm::place(&plans(), DAEMON_URL, &fewer), Ok(text));
    }

    #[test]
    fn of_an_optillm(above in pieces(KEYS), inside in pieces(PROVIDERS), below in pieces(KEYS), look in looks()) {
        let lines: Vec<&str> = above.into_iter().chain(["providers:"]).chain(inside).chain(below).collect();
        let old = file(&lines, look);
        let text = holds(&old, |old| optillm::place("http://127.0.0.1:4000/v1", old), look.1)?;
        prop_assert_eq!(others(&text), old.lines().map(str::to_owned).collect::<Vec<_>>());
        prop_assert_eq!(text.matches("- name: litellm").count(), 1);
    }

    #[test]
    fn of_a_document(above in pieces(PROSE), below in pieces(PROSE), look in looks(), what in 0..5_usize) {
        let place = |old: &str| match Page::ALL.get(what) {
            Some(page) => page.place(&plans(), old),
            None => ensembles_md::place(&plans(), old),
        };
        let old = file(&above, look);
        let text = holds(&old, place, look.1)?;
        if old.trim_start_matches('\u{feff}').is_empty() {
            return Ok(());
        }
        let kept = old.strip_suffix(look.1).unwrap_or(&old);
        prop_assert!(text.starts_with(kept), "{:?}\n{:?}", old, text);
        // With more behind it the region stays where it is, and fewer handles change nothing else.
        let end = if text.ends_with(look.1) { "" } else { look.1 };
        let more = format!("{text}{end}{}", file(&below, (false, look.1, look.2)));
        prop_assert_eq!(place(&more), Ok(more.clone()));
        let fewer = ensembles_md::place(&plans()[..1], &more);
        if what == Page::ALL.len() {
            let fewer = fewer.expect("it can be understood");
            prop_assert_eq!(fewer.matches("extract").count(), 0);
            prop_assert_eq!(place(&fewer), Ok(more));
        }
    }

    #[test]
    fn of_a_warm_profile(names in pieces(NAMES), look in looks()) {
        let plan = &plans()[1];
        // A line that goes takes its end with it, so the last one is not ours here.
        let old = file(&names.into_iter().chain(["# end"]).collect::<Vec<_>>(), look);
        let text = holds(&old, |old| warm::place(plan, old), look.1)?;
        let bare = |text: &str| text.trim_start_matches('\u{feff}').to_owned();
        let (text, old) = (bare(&text), bare(&old));
        let is_name = |line: &&str| line.trim().starts_with("ov-");
        let kept = |text: &str| text.lines().filter(|line| !is_name(line)).map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(kept(&text), kept(&old));
        let mut found: Vec<&str> = text.lines().filter(is_name).map(str::trim).collect();
        found.sort_unstable();
        prop_assert_eq!(found, ["ov-mistral-7b-instruct-v0-3-fp16", "ov-phi-4-mini-instruct-fp16"]);
    }

    #[test]
    fn of_a_registry(rows in pieces(ROWS), look in looks(), at in any::<prop::sample::Index>()) {
        let old = file(&rows, look);
        let text = holds(&old, |old| handles::place(&plans(), old), look.1)?;
        let bare = |text: &str| text.trim_start_matches('\u{feff}').to_owned();
        let (text, old) = (bare(&text), bare(&old));
        let is_ours = |line: &str| line.contains("ep_optillm_proxy_4020");
        prop_assert_eq!(text.lines().filter(|line| !is_ours(line)).collect::<Vec<_>>(), old.lines().collect::<Vec<_>>());
        prop_assert_eq!(text.lines().filter(|line| is_ours(line)).count(), 2);
        // Wherever ours stand, they stay there.
        let mut lines: Vec<&str> = text.lines().collect();
        let moved = lines.remove(lines.iter().position(|line| is_ours(line)).expect("ours"));
        lines.insert(at.index(lines.len() + 1), moved);
        let moved = file(&lines, look);
        let again = handles::place(&plans(), &moved);
        prop_assert_eq!(again, Ok(moved));
    }

    #[test]
    fn of_an_environment(variables in pieces(VARIABLES), look in looks()) {
        let old = file(&variables, look);
        let text = holds(&old, |old| env::place(&plans(), old), look.1)?;
        let kept = old.strip_suffix(look.1).unwrap_or(&old);
        prop_assert!(text.starts_with(kept), "{text:?}");
        let added = &text[old.len()..];
        prop_assert_eq!(added.matches("_MODEL=").count(), 2, "{}", added);
        prop_assert!(!env::shown(&text).contains("sk-1"));
    }
}
