//! Texts that no one would write: whatever an exporter makes of them, it makes once, and it keeps what is not ours.

use proptest::prelude::*;

use super::plans;
use crate::export::docs::Page;
use crate::export::lines::Placed;
use crate::export::region::{BEGIN, END};
use crate::export::{DAEMON_URL, ensembles_md, env, handles, litellm, optillm, warm};

/// Lines that mean something to one exporter or another, in no order.
const LINES: &[&str] = &[
    "",
    "   ",
    "# a comment",
    "  # BEGIN ENSC AUTO",
    "# BEGIN ENSC AUTO",
    "  # END ENSC AUTO",
    "# END ENSC AUTO",
    "<!-- # BEGIN ENSC AUTO -->",
    "<!-- # END ENSC AUTO -->",
    "  # BEGIN X AUTO",
    "  # END X AUTO",
    "model_list:",
    "general_settings:",
    "general_settings: {a: 1}",
    "providers:",
    "  - model_name: a",
    "- name: a",
    "  cancel_on_disconnect: true",
    "    key: value",
    "  key: |",
    "      text",
    "---",
    "\tkey: 1",
    "]",
    "KEY=value",
    "KEY=\"open",
    "close\"",
    "KEY='a' \\",
    "```",
    "~~~~",
    "<!-- open",
    "-->",
    "- **opt-x**",
    "{\"handle\":\"a\",\"endpoint_ref\":\"b\"}",
    "{\"handle\":\"opt-gone\",\"endpoint_ref\":\"ep_optillm_proxy_4020\"}",
    "ov-a",
    "ov-phi-4-mini-instruct-fp16",
];

fn text() -> impl Strategy<Value = String> {
    let lines = prop::collection::vec(prop::sample::select(LINES), 0..14);
    (lines, prop::sample::select(vec!["\n", "\r\n"]), any::<bool>()).prop_map(|(lines, end, is_closed)| {
        let text = lines.join(end);
        if is_closed { text + end } else { text }
    })
}

/// Lines that stood there before and do not any more, or stand in another order.
fn lost(old: &str, new: &str, is_ours: impl Fn(&str) -> bool) -> Vec<String> {
    let mut after = new.lines();
    old.lines().filter(|line| !is_ours(line) && !after.any(|it| it == *line)).map(str::to_owned).collect()
}

/// Lines between the first and the last marker: all that can be ours, whatever hides a marker between them.
fn inside(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let begin = lines.iter().position(|line| line.contains(BEGIN));
    let end = lines.iter().rposition(|line| line.contains(END));
    match (begin, end) {
        (Some(begin), Some(end)) if begin < end => lines[begin..=end].to_vec(),
        _ => Vec::new(),
    }
}

fn keeps(
    old: &str,
    place: impl Fn(&str) -> Placed,
    is_ours: impl Fn(&str) -> bool,
) -> Result<(), TestCaseError> {
    match place(old) {
        Ok(new) => {
            prop_assert_eq!(place(&new), Ok(new.clone()), "a second time, from\n{}", old);
            prop_assert_eq!(lost(old, &new, is_ours), Vec::<String>::new(), "from\n{}\nto\n{}", old, new);
        }
        Err(refusals) => {
            let most = old.lines().count().max(1);
            prop_assert!(!refusals.is_empty());
            prop_assert!(refusals.iter().all(|it| (1..=most).contains(&it.line)), "{refusals:?}\n{old}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn of_any_text(old in text()) {
        let plans = plans();
        let region = inside(&old);
        let in_region = |line: &str| region.contains(&line);
        keeps(&old, |old| litellm::place(&plans, DAEMON_URL, old), in_region)?;
        keeps(&old, |old| optillm::place("http://127.0.0.1:4000/v1", old), in_region)?;
        keeps(&old, |old| env::place(&plans, old), in_region)?;
        keeps(&old, |old| ensembles_md::place(&plans, old), in_region)?;
        keeps(&old, |old| Page::Journal.place(&plans, old), in_region)?;
        keeps(&old, |old| handles::place(&plans, old), |line| line.contains("ep_optillm_proxy_4020"))?;
        keeps(&old, |old| warm::place(&plans[1], old), |line| line.starts_with("ov-"))?;
    }
}
