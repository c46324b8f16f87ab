//! The worst case can happen: for every handle that ships there is a day that reaches its bounds exactly.
//!
//! A bound that no day can reach is a bound that nobody can plan with.

use std::sync::Arc;

use crate::ensembles::{HANDLES, shipped};
use crate::stage::{play, request, script};

/// The worst day of one handle. Faults stand in the order of attempts; the last reply is repeated.
struct Day {
    handle: &'static str,
    script: &'static str,
}

const DAYS: &[Day] = &[
    Day {
        handle: "opt-architect-high-xl",
        script: r#"
            [step."drafts[0]"]
            reply = [{ fault = "busy" }, { fault = "busy" }, {}]
            [step."drafts[1]"]
            reply = [{ fault = "busy" }, { fault = "busy" }, {}]
            [step."drafts[2]"]
            reply = [{ fault = "busy" }, { fault = "busy" }, {}]
            [step.reply]
            reply = [{ fault = "busy" }]
        "#,
    },
    Day {
        handle: "opt-architect-balanced-l",
        script: r#"
            [step.reply]
            reply = [{ fault = "400" }, { text = "hm" }, { fault = "busy" }]
            [step."drafts[0]"]
            reply = [{ fault = "busy" }, { fault = "busy" }, {}]
            [step."drafts[1]"]
            reply = [{ fault = "busy" }, { fault = "busy" }, {}]
            [step.demands]
            reply = [{ fault = "400" }, { fault = "busy" }]
            [step.best_draft]
            reply = [{ fault = "400" }, { fault = "busy" }]
        "#,
    },
    Day {
        handle: "opt-chat-balanced-m",
        script: r#"
            [step.draft]
            reply = [{ fault = "busy" }]
            [step.notes]
            reply = [{ fault = "400" }, { fault = "busy" }]
            [step."reply.otherwise"]
            reply = [{ fault = "busy" }]
            [step."reply.otherwise.else"]
            reply = [{ fault = "busy" }, { fault = "busy" }, {}]
        "#,
    },
    Day {
        handle: "opt-clean-fast-s",
        script: r#"
            [step.draft]
            reply = [{ fault = "busy" }]
            [step."draft.else"]
            reply = [{ fault = "busy" }, {}]
            [step."reply.round1.findings"]
            reply = [{ fault = "busy" }, { text = "gud: lost" }]
            [step."reply.round1.draft"]
            reply = [{ fault = "busy" }, {}]
            [step."reply.round2.findings"]
            reply = [{ fault = "busy" }, { text = "gud: lost" }]
            [step."reply.round2.draft"]
            reply = [{ fault = "busy" }]
        "#,
    },
    Day {
        handle: "opt-code-balanced-l",
        script: r#"
            [step.first_try]
            reply = [{ fault = "busy" }]
            [step."first_try.else"]
            reply = [{ fault = "busy" }, { fault = "busy" }, {}]
            [step."more_tries[0]"]
            reply = [{ fault = "busy" }, { fault = "busy" }, {}]
            [step."more_tries[1]"]
            reply = [{ fault = "busy" }, { fault = "busy" }, {}]
            [step.reply]
            reply = [{ fault = "busy" }]
        "#,
    },
    Day {
        handle: "opt-extract-fast-s",
        script: r#"
            [model."*"]
            reply = [{ text = "no JSON" }]
            [step."reply.else"]
            reply = [{ text = "no JSON" }]
        "#,
    },
    Day {
        handle: "opt-privacy-fast-s",
        script: r#"
            [step."reply.found[0]"]
            reply = [{ fault = "busy" }, { fault = "busy" }, { text = "[" }, { text = "[]" }]
            [step."reply.found[1]"]
            reply = [{ fault = "busy" }, { fault = "busy" }, { text = "[" }, { text = "[]" }]
            [step."reply.found[2]"]
            reply = [{ fault = "busy" }, { fault = "busy" }, { text = "[" }, { text = "[]" }]
        "#,
    },
    Day {
        handle: "opt-research-high-xl",
        script: r#"
            [step."views[0]"]
            reply = [{ fault = "busy" }, { fault = "busy" }, {}]
            [step."views[1]"]
            reply = [{ fault = "busy" }]
            [step.doubts]
            reply = [{ fault = "busy" }, {}]
            [step.reply]
            reply = [{ fault = "busy" }]
        "#,
    },
    Day {
        handle: "opt-route-fast-s",
        // The two do not agree.
        script: r#"
            [step."votes[0]"]
            reply = [{ fault = "busy" }, { text = "hm" }, { text = "opt-chat-balanced-m" }]
            [step."votes[1]"]
            reply = [{ fault = "busy" }, { text = "hm" }, { text = "opt-code-balanced-l" }]
            [step.reply]
            reply = [{ fault = "busy" }, { text = "hm" }, { text = "opt-clean-fast-s" }]
        "#,
    },
    Day {
        handle: "opt-summarize-fast-s",
        script: r#"
            [step."notes[0]"]
            reply = [{ fault = "busy" }, {}]
            [step."notes[1]"]
            reply = [{ fault = "busy" }]
            [step.reply]
            reply = [{ fault = "busy" }]
            [step."reply.else"]
            reply = [{ fault = "busy" }]
        "#,
    },
];

#[test]
fn every_shipped_handle_has_its_worst_day() {
    let mut days: Vec<&str> = DAYS.iter().map(|day| day.handle).collect();
    days.sort_unstable();
    assert_eq!(days, HANDLES);
}

#[test]
fn calls_attempts_and_waves_reach_their_bounds() {
    let plans = shipped();
    let mut loose = Vec::new();
    for day in DAYS {
        let plan = plans.iter().find(|plan| plan.handle.as_ref() == day.handle).expect("it ships");
        let played = play(&Arc::new(plan.clone()), script(day.script), request("Please."));
        let (totals, bound) = (played.finished.receipt.totals, played.finished.receipt.bound);
        let (reached, promised) =
            ((totals.calls, totals.attempts, totals.waves), (bound.calls, bound.attempts, bound.waves));
        if reached != promised {
            loose.push(format!("{}: {reached:?} of {promised:?}\n{}", day.handle, played.finished.trace));
        }
    }
    assert!(loose.is_empty(), "{}", loose.join("\n"));
}
