//! Single promises of the bounds, each on the smallest program that could break it.

use std::fmt::Write;

use crate::stage::{plan, play, request, script};

const HEAD: &str = "
model a { context: 32k, max_output: 4k }
model b { context: 32k, max_output: 4k }
model c { context: 32k, max_output: 4k }
tier s { }
profile high { }
";

/// Each step prints the two before it: followed along every path, there are more paths than time.
#[test]
fn a_long_program_is_bounded_in_one_pass() {
    for verb in ["text", "ask"] {
        let mut program = format!("{HEAD}ensemble x {{\n  s0 = ask a\n  s1 = ask b\n");
        for at in 2..90 {
            let both = format!(r#""""{{{{ s{} }}}} {{{{ s{} }}}}""""#, at - 1, at - 2);
            let _ = match verb {
                "text" => writeln!(program, "  s{at} = text {both}"),
                _ => writeln!(program, "  s{at} = ask a {{ prompt: {both} }}"),
            };
        }
        program.push_str("  reply = merge [s88, s89] by c\n}\n");
        let bounds = &plan(&program).bounds;
        assert!(bounds.tokens_in.constant.0 > 4096, "{verb}: {bounds:?}");
    }
}

const TIE: &str = "
ensemble x {
  timeout: 1m, retries: 0
  votes = parallel [a, b] { timeout: 10s, max_tokens: 10 }
  judge = ask c { timeout: 10s, max_tokens: 1000, prompt: \"\"\"Which?\"\"\" }
  winner = vote votes { ties: judge }
  reply = ask a { timeout: 5s, history: none, max_tokens: 10, prompt: \"\"\"<w>{{ winner }}</w>\"\"\" }
}
";

#[test]
fn what_breaks_a_tie_begins_behind_the_vote_and_is_waited_for() {
    let day = script(
        r#"
        model.a.reply = [{ text = "one", delay_ms = 9000 }, { text = "well" }]
        model.b.reply = [{ text = "two" }]
        model.c.reply = [{ text = "three", delay_ms = 9000 }]
        "#,
    );
    let plan = plan(&format!("{HEAD}{TIE}"));
    let receipt = play(&plan, day, request("Which?")).finished.receipt;
    assert_eq!((receipt.totals.waves, receipt.bound.waves), (3, 3));
    assert!(receipt.totals.seconds > 15.0 && receipt.bound.seconds >= receipt.totals.seconds, "{receipt:?}");
}

/// Everything happens in one moment here: the `else` asks for what it names before that was looked at.
#[test]
fn what_is_needed_from_the_beginning_stands_behind_nothing() {
    let plan = plan(&format!(
        "{HEAD}ensemble x {{
          s0 = ask a
          s1 = ask b else s0
          s2 = ask a {{ prompt: \"\"\"<one>{{{{ s0 }}}}</one>\"\"\" }}
          reply = merge [s1, s2] by c
        }}"
    ));
    let day = script("model.b.reply = [{ fault = \"garbage\" }]");
    let receipt = play(&plan, day, request("Which?")).finished.receipt;
    assert_eq!((receipt.totals.waves, receipt.bound.waves), (3, 3));
}

#[test]
fn what_breaks_a_tie_may_be_longer_than_any_vote() {
    let plan = plan(&format!("{HEAD}{TIE}"));
    let ask = plan.node(plan.reply).act.ask().expect("the reply is a call");
    assert!(ask.input_max.constant.0 >= 1000, "{:?}", ask.input_max);
}

#[test]
fn each_call_of_over_reads_its_own_answer_and_the_others() {
    let plan = plan(&format!(
        "{HEAD}ensemble x {{
          drafts = parallel [a, b, c]
          again = parallel [a, b, c] over drafts {{ prompt: \"\"\"{{{{ mine }}}} {{{{ others }}}}\"\"\" }}
          reply = merge again by a
        }}"
    ));
    let second = plan.nodes.iter().find(|node| node.id.as_ref() == "again[1]").expect("the second call");
    let read: Vec<&str> = second.inputs.iter().map(|input| plan.node(input.node).id.as_ref()).collect();
    assert_eq!(read, ["drafts", "again[1].mine", "again[1].others"]);
    assert_eq!((plan.bounds.calls, plan.bounds.waves), (7, 3));
}

#[test]
fn a_role_or_parameter_may_stand_for_a_number() {
    let plan = plan(&format!(
        "{HEAD}technique most(panel: models, enough: int, warm: number = 0.4) {{
          drafts = parallel panel {{ need: enough, temperature: warm }}
          reply = merge drafts by a
        }}
        ensemble x {{
          patience = 1
          d = most(panel: [a, b, c], enough: 3)
          reply = ask a {{ retries: patience, prompt: \"\"\"{{{{ d }}}}\"\"\" }}
        }}"
    ));
    let node = |id: &str| plan.nodes.iter().find(|node| node.id.as_ref() == id).expect("the node is there");
    let ensc::plan::Act::Group(group) = &node("d.drafts").act else { panic!("a group") };
    assert_eq!(group.need, Some(3));
    let ask = node("d.drafts[0]").act.ask().expect("a call");
    assert!(ask.fields.iter().any(|field| field.name == "temperature" && field.json == "0.4"), "{ask:?}");
    assert_eq!(node("reply").act.ask().expect("a call").retries, 1);
}
