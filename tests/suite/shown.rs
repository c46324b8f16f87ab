//! What calls are shown: each verb's own way of putting answers before a model.

use std::fmt::Write;
use std::sync::Arc;

use ensc::plan::Plan;
use ensc::run::record::Record;
use ensc::upstream::sim::Script;

use crate::stage::{plan, recorded, request, script};

const HEAD: &str = "
model a { context: 32k, max_output: 4k }
model b { context: 32k, max_output: 4k }
model c { context: 32k, max_output: 4k }
tier s { }
profile high { }
";

/// Every answer says who gave it and for which time.
const DAY: &str = r#"
    model.a.reply = [{ text = "a first", delay_ms = 100 }, { text = "a second" }]
    model.b.reply = [{ text = "b first" }, { text = "b second" }]
    model.c.reply = [{ text = "c first" }, { text = "c second" }]
"#;

/// Steps of a long program.
const LONG: usize = 250;

/// Techniques inside each other.
const NESTED: usize = 6;

struct Shown {
    plan: Arc<Plan>,
    record: Record,
}

fn shown(steps: &str) -> Shown {
    let plan = plan(&format!("{HEAD}{steps}"));
    let record = recorded(&plan, day(), request("What is a bucket?"));
    Shown { plan, record }
}

fn day() -> Script {
    script(DAY)
}

// === impl Shown ===

impl Shown {
    /// Checks that the call of `node` was sent all of `parts` and none of `absent`.
    #[track_caller]
    fn check(&self, node: &str, parts: &[&str], absent: &[&str]) {
        let at = self.plan.nodes.iter().position(|known| known.id.as_ref() == node).expect(node);
        let prompt =
            self.record.nodes[at].prompt.as_deref().unwrap_or_else(|| panic!("{node} was not asked"));
        for part in parts {
            assert!(prompt.contains(part), "{node} was not shown {part:?}:\n{prompt}");
        }
        for part in absent {
            assert!(!prompt.contains(part), "{node} was shown {part:?}:\n{prompt}");
        }
    }
}

#[test]
fn a_judge_sees_one_answer_and_a_ranking_all_but_its_own() {
    let shown = shown(
        "ensemble x {
          drafts = parallel [a, b, c]
          graded = score drafts by a { rubric: \"short\" }
          ranked = score drafts by [b, c] { method: rank, own: skip }
          reply = merge concat(graded, ranked) by c
        }",
    );
    shown.check("graded.grade[0]", &["What is a bucket?", "a first", "short"], &["b first", "c first"]);
    shown.check("graded.grade[2]", &["c first"], &["a first", "b first"]);
    shown.check("ranked.rank[0]", &["a first", "c first"], &["b first"]);
    shown.check("ranked.rank[1]", &["a first", "b first"], &["c first"]);
}

#[test]
fn a_match_is_between_two_answers() {
    let shown = shown(
        "ensemble x {
          drafts = parallel [a, b, c]
          reply = pick drafts by a { method: pairwise }
        }",
    );
    shown.check("reply.round1[0]", &["a first", "b first"], &["c first"]);
    shown.check("reply.round2[0]", &["c first"], &[]);
}

#[test]
fn each_member_over_a_list_sees_its_own_answer_and_the_others() {
    let shown = shown(
        "ensemble x {
          drafts = parallel [a, b, c]
          seen = parallel [a, b, c] over drafts {
            prompt: \"\"\"Mine: {{ mine }}. {% for o in others %}Other: {{ o }}. {% endfor %}\"\"\"
          }
          reply = first(seen)
        }",
    );
    shown.check("seen[0]", &["Mine: a first.", "Other: b first. Other: c first."], &["Other: a first"]);
    shown.check("seen[1]", &["Mine: b first.", "Other: a first. Other: c first."], &["Other: b first"]);
}

#[test]
fn a_round_sees_what_the_round_before_it_left() {
    let shown = shown(
        "ensemble x {
          draft = ask a
          reply = repeat draft up to 2 {
            notes = ask b { prompt: \"\"\"Draft: {{ draft }}.\"\"\" }
            draft = ask c { prompt: \"\"\"Draft: {{ draft }}. Notes: {{ notes }}.\"\"\" }
          }
        }",
    );
    shown.check("reply.round1.notes", &["Draft: a first."], &[]);
    shown.check("reply.round1.draft", &["Draft: a first. Notes: b first."], &[]);
    shown.check("reply.round2.notes", &["Draft: c first."], &[]);
    shown.check("reply.round2.draft", &["Draft: c first. Notes: b second."], &[]);
}

#[test]
fn an_item_is_shown_as_what_it_is() {
    let shown = shown(
        "ensemble x {
          drafts = parallel [a, b]
          pairs = parallel for pair in drafts | batch(2) up to 2 {
            one = ask c { prompt: \"\"\"{% for d in pair %}{{ d.model }} said {{ d }}. {% endfor %}\"\"\" }
          }
          words = parallel for word in request.last | split(\" \") up to 9 {
            one = ask c { prompt: \"\"\"Word: {{ word | upper }}.\"\"\" }
          }
          reply = first(concat(pairs, words))
        }",
    );
    shown.check("pairs[0].one", &["a said a first. b said b first."], &[]);
    shown.check("words[3].one", &["Word: BUCKET?."], &[]);
}

#[test]
fn a_grader_sees_the_answer_of_its_rung() {
    let shown = shown(
        "ensemble x {
          reply = cascade [a, b] by c { rubric: \"complete\" }
        }",
    );
    shown.check("reply.grade[0]", &["a first", "complete"], &["b first"]);
}

#[test]
fn an_inline_ensemble_sees_a_conversation_of_its_own() {
    let shown = shown(
        "ensemble x {
          word = ask a
          inner = both(one: a, two: c) { history: none, system: \"Be kind.\", prompt: \"\"\"And {{ word }}?\"\"\" }
          reply = ask b { prompt: \"\"\"Told: {{ inner }}.\"\"\" }
        }
        technique both(one: model, two: model) {
          drafts = parallel [one, two] { prompt: \"\"\"It is {{ request.last }}\"\"\" }
          reply = merge drafts by two
        }",
    );
    let own = ["system: Be kind.", "user: And a first?", "It is And a first?"];
    shown.check("inner.drafts[0]", &own, &["What is a bucket?"]);
    shown.check("inner.reply", &["user: And a first?", "a second", "c first"], &["What is a bucket?"]);
    shown.check("reply", &["user: What is a bucket?", "Told: c second."], &["Be kind."]);
}

#[test]
fn members_are_shown_by_name() {
    let shown = shown(
        "ensemble x {
          drafts = parallel {
            quick = ask a
            deep = sample 2 of b
          }
          reply = ask c { prompt: \"\"\"Quick: {{ drafts.quick }}. {% for d in drafts.deep %}Deep: {{ d }}. {% endfor %}\"\"\" }
        }",
    );
    shown.check("reply", &["Quick: a first. Deep: b first. Deep: b second."], &[]);
}

/// Each step mentions the one before it: what a run waits for is as deep as the program is long.
#[test]
fn a_long_chain_of_steps_needs_no_deep_stack() {
    let mut steps = "ensemble x {\n  s0 = ask a\n".to_owned();
    for at in 1..LONG {
        let _ = writeln!(steps, "  s{at} = text \"\"\"{{{{ s{} | upper | lower }}}}\"\"\"", at - 1);
    }
    let _ = write!(steps, "  reply = ask b {{ prompt: \"\"\"Last: {{{{ s{} }}}}.\"\"\" }}\n}}\n", LONG - 1);
    shown(&steps).check("reply", &["Last: a first."], &[]);
}

/// Each step mentions the two before it: there are more ways through the program than there is time.
#[test]
fn a_step_is_looked_at_once_however_many_mention_it() {
    let mut steps = "ensemble x {\n  s0 = ask a\n  s1 = ask b\n".to_owned();
    for at in 2..80 {
        let (one, two) = (at - 1, at - 2);
        let _ = writeln!(
            steps,
            "  s{at} = text \"\"\"{{% if s{one} and s{two} %}}{{{{ s{two} }}}}{{% endif %}}\"\"\""
        );
    }
    steps.push_str("  reply = ask c { prompt: \"\"\"Last: {{ s79 }}.\"\"\" }\n}\n");
    shown(&steps).check("reply", &["Last: b first."], &[]);
}

/// The same inside of each other: a technique's steps wait for those of the technique in it.
#[test]
fn a_chain_of_chains_fits_the_stack_of_a_worker() {
    let mut text = "technique t0(one: model) {\n  reply = ask one\n}\n".to_owned();
    for level in 1..=NESTED {
        let _ = writeln!(text, "technique t{level}(one: model) {{\n  s0 = t{}(one: one)", level - 1);
        for at in 1..LONG {
            let _ = writeln!(text, "  s{at} = text \"\"\"{{{{ s{} }}}}\"\"\"", at - 1);
        }
        let _ = writeln!(text, "  reply = text \"\"\"{{{{ s{} }}}}\"\"\"\n}}", LONG - 1);
    }
    let _ = writeln!(text, "ensemble x {{\n  deep = t{NESTED}(one: a)");
    text.push_str("  reply = ask b { prompt: \"\"\"Last: {{ deep }}.\"\"\" }\n}\n");
    let run = move || shown(&text).check("reply", &["Last: a first."], &[]);
    let thread = std::thread::Builder::new().stack_size(ensc::run::STACK_SIZE).spawn(run);
    thread.expect("a thread starts").join().expect("it runs to its end");
}
