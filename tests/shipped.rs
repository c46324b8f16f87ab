//! The ensembles that ship: they check clean, and they are what their documentation says.

// Tests read files; what they test does not.
#![allow(clippy::disallowed_methods)]

#[path = "shipped/told.rs"]
mod told;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ensc::plan::{self, Act, ArmHead, Node, Operand, Plan, Returns};
use ensc::source::{SourceFile, Sources};
use ensc::template::{Answer, Data, Scope};
use ensc::{program, syntax};

/// Handles with their bounds: calls, waves; in the order of the files.
const HANDLES: &[(&str, u32, u32)] = &[
    ("opt-architect-high-xl", 4, 2),
    ("opt-architect-balanced-l", 5, 3),
    ("opt-chat-balanced-m", 4, 3),
    ("opt-clean-fast-s", 6, 6),
    ("opt-code-balanced-l", 5, 3),
    ("opt-extract-fast-s", 4, 2),
    ("opt-privacy-fast-s", 3, 1),
    ("opt-research-high-xl", 4, 3),
    ("opt-route-fast-s", 3, 2),
    ("opt-summarize-fast-s", 4, 3),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path if path.extension().is_some_and(|extension| extension == "ens") => found.push(path),
            _ => (),
        }
    }
}

fn plans() -> Vec<Plan> {
    plans_with("")
}

/// The shipped ensembles together with another file.
fn plans_with(more: &str) -> Vec<Plan> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("ensembles");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    paths.sort();
    let (mut sources, mut trees, mut diagnostics) = (Sources::default(), Vec::new(), Vec::new());
    let mut texts = vec![("more.ens".to_owned(), more.to_owned())];
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        texts.push((path.strip_prefix(&root).expect("it lies below").display().to_string(), text));
    }
    for (name, text) in texts {
        let id = sources.add(SourceFile::new(name, text.as_str()));
        let (tree, found) = syntax::parse(id, &text);
        trees.push(tree);
        diagnostics.extend(found);
    }
    let (program, found) = program::check(&sources, &trees);
    diagnostics.extend(found);
    let said: Vec<String> = diagnostics
        .iter()
        .map(|d| format!("{} {}: {}", sources.place(d.span), d.code.0, d.message))
        .collect();
    assert_eq!(said, Vec::<String>::new());
    plan::lower(&program.expect("no complaint, so a program"))
}

fn named(handle: &str) -> Plan {
    plans().into_iter().find(|plan| plan.handle.as_ref() == handle).expect("the handle ships")
}

/// Models of the calls that are made when nothing fails.
fn models_without_failures(plan: &Plan) -> BTreeSet<String> {
    let fallbacks: BTreeSet<_> = plan.nodes.iter().filter_map(|node| node.fallback).collect();
    let asks = plan.ids().filter(|id| !fallbacks.contains(id)).filter_map(|id| plan.node(id).act.ask());
    asks.map(|ask| plan.model(ask.model).name.to_string()).collect()
}

#[test]
fn an_answer_is_as_long_as_its_last_call_may_say_and_else_as_what_came_in() {
    assert_eq!(named("opt-architect-high-xl").output_max().0, 16_000);
    let unwritten = named("opt-privacy-fast-s");
    assert_eq!(unwritten.output_max(), unwritten.bounds.request_max);
}

#[test]
fn exactly_the_ten_handles_ship_and_cost_what_they_say() {
    let plans = plans();
    let found: Vec<(&str, u32, u32)> =
        plans.iter().map(|plan| (plan.handle.as_ref(), plan.bounds.calls, plan.bounds.waves)).collect();
    let mut expected = HANDLES.to_vec();
    expected.sort_unstable();
    let mut sorted = found;
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
}

#[test]
fn every_handle_names_itself_in_its_documentation() {
    for plan in plans() {
        assert!(plan.doc.contains(&format!("`{}`", plan.handle)), "{}: {}", plan.handle, plan.doc);
    }
}

#[test]
fn what_a_handle_can_call_fits_its_tier_together() {
    for plan in plans() {
        let held: u64 = plan.models.iter().map(|model| model.memory.expect("every model says").0).sum();
        assert!(held <= plan.memory.expect("every tier says").0, "{}: {held} bytes", plan.handle);
    }
}

#[test]
fn no_handle_is_a_single_model_even_without_failures() {
    for plan in plans() {
        let models = models_without_failures(&plan);
        assert!(models.len() >= 2, "{}: {models:?}", plan.handle);
    }
}

#[test]
fn no_two_handles_have_one_body() {
    let body = |plan: &Plan| {
        let shape = |node: &Node| {
            let prompt: Vec<&str> = node
                .act
                .ask()
                .iter()
                .flat_map(|ask| &ask.prompt)
                .map(|turn| turn.template.source())
                .collect();
            format!("{} {} {:?}", node.id, node.act.verb(), prompt)
        };
        plan.nodes.iter().map(shape).collect::<Vec<_>>()
    };
    let plans = plans();
    for (index, plan) in plans.iter().enumerate() {
        for other in &plans[..index] {
            assert_ne!(body(plan), body(other), "{} and {}", plan.handle, other.handle);
        }
    }
}

#[test]
fn small_models_run_on_the_mini_and_large_ones_on_the_studio() {
    for plan in plans() {
        let runtime = if plan.tier == "s" { "ov" } else { "mlx" };
        assert!(plan.models.iter().all(|model| model.runtime == runtime), "{}", plan.handle);
    }
}

/// Some chat templates refuse two user turns in a row, or a second system text.
#[test]
fn models_with_a_strict_chat_template_get_one_turn_of_ours_or_the_conversation_alone() {
    for plan in plans() {
        for ask in plan.nodes.iter().filter_map(|node| node.act.ask()) {
            let model = &plan.model(ask.model).name;
            if !model.contains("mistral") && !model.contains("gemma") {
                continue;
            }
            let alone = ask.prompt.is_empty() && ask.system.is_none();
            let one = ask.history == plan::History::None && ask.prompt.len() == 1 && ask.system.is_none();
            assert!(alone || one, "{}: {model}", plan.handle);
        }
    }
}

#[test]
fn route_answers_one_of_the_other_nine_handles_whatever_fails() {
    let plan = named("opt-route-fast-s");
    let others: BTreeSet<String> = plans()
        .into_iter()
        .map(|plan| plan.handle.to_string())
        .filter(|handle| **handle != *plan.handle)
        .collect();
    let Act::Route(route) = &plan.node(plan.reply).act else { panic!("the reply is a route") };
    let mut labels = BTreeSet::new();
    for arm in &route.arms {
        let Act::Text(template) = &plan.node(arm.node).act else { panic!("no arm makes a call") };
        match &arm.head {
            ArmHead::When(_) => (),
            ArmHead::Else => assert!(others.contains(template.source())),
            ArmHead::Label { label, .. } => {
                assert_eq!(template.source(), label);
                labels.insert(label.clone());
            }
        }
    }
    assert_eq!(labels, others);
    let votes: Vec<_> = plan.nodes.iter().filter(|node| node.id.starts_with("votes[")).collect();
    assert_eq!(votes.len(), 2);
    for ask in votes.iter().filter_map(|node| node.act.ask()) {
        let Some(Returns::OneOf(choices)) = &ask.returns else { panic!("every vote is a choice") };
        assert_eq!(choices.iter().cloned().collect::<BTreeSet<_>>(), others);
        let described = ask.prompt[0].template.source();
        for handle in &others {
            assert!(described.contains(handle.as_str()), "the prompt does not say what {handle} is for");
        }
    }
}

#[test]
fn privacy_fails_rather_than_redact_with_fewer_finders() {
    let plan = named("opt-privacy-fast-s");
    let Act::Group(group) =
        &plan.nodes.iter().find(|node| node.id.as_ref() == "reply.found").expect("found").act
    else {
        panic!("a group")
    };
    assert_eq!(group.need_of(group.members.len()) as usize, group.members.len());
    assert!(plan.nodes.iter().all(|node| node.fallback.is_none()));
    for member in &group.members {
        let ask = plan.node(*member).act.ask().expect("a call");
        assert!(ask.accept_when.is_some(), "garbage must count as failed");
    }
}

#[test]
fn extract_answers_a_call_unchanged_and_only_json_that_fits() {
    let plan = named("opt-extract-fast-s");
    for node in plan.nodes.iter().filter(|node| node.act.ask().is_some()) {
        assert!(node.is_final, "{}", node.id);
        let accept =
            node.act.ask().and_then(|ask| ask.accept_when.as_ref()).expect("an unfit answer is dropped");
        assert!(accept.source().contains("it.fits"), "{}", node.id);
    }
}

#[test]
fn clean_runs_at_temperature_0_3() {
    let plan = named("opt-clean-fast-s");
    for node in plan.nodes.iter().filter(|node| node.name.as_deref() != Some("findings")) {
        let Some(ask) = node.act.ask() else { continue };
        let temperature = ask.fields.iter().find(|field| field.name == "temperature").expect("it is set");
        assert_eq!(temperature.json, "0.3");
    }
}

#[test]
fn a_text_that_only_prompts_print_is_bounded_by_the_contexts_too() {
    let plan = named("opt-privacy-fast-s");
    assert_eq!(plan.bounds.request_max.0, 32_768 - 4_000);
}

// === What the templates give ===

fn answer(text: &str) -> Arc<Answer> {
    let finish = if text.ends_with('…') { "length" } else { "stop" };
    Arc::new(Answer {
        present: true,
        text: text.trim_end_matches('…').into(),
        model: "m".into(),
        finish_reason: finish.into(),
        fits: true,
        ..Answer::default()
    })
}

fn answers(texts: &[&str]) -> Data {
    Data::Answers(Arc::new(texts.iter().map(|text| answer(text)).collect()))
}

fn request(last: &str, system: &str) -> Data {
    let text = |name: &str, value: &str| (name.to_owned(), Data::Text(value.into()));
    Data::Map(vec![text("last", last), text("system", system)])
}

/// The prompts of the call at `id`, rendered.
fn prompt(handle: &str, id: &str, scope: &Scope, shown: &Data) -> String {
    let plan = named(handle);
    let ask = plan
        .nodes
        .iter()
        .find(|node| node.id.as_ref() == id)
        .and_then(|node| node.act.ask())
        .expect("a call");
    let turn = |turn: &plan::Turn| match &turn.binds {
        None => turn.template.render(scope).expect("renders"),
        Some(binds) => {
            let mut own = Scope::default();
            for (name, operand) in binds {
                own.set(
                    name.clone(),
                    match operand {
                        Operand::Constant(data) => data.clone(),
                        Operand::Template(template) => {
                            Data::Text(template.render(scope).expect("renders").into())
                        }
                        Operand::Expression(expression) => expression.value(scope).expect("a value"),
                        Operand::Shown => shown.clone(),
                    },
                );
            }
            turn.template.render(&own).expect("renders")
        }
    };
    ask.prompt.iter().chain(&ask.system).map(turn).collect::<Vec<_>>().join("\n---\n")
}

#[test]
fn route_shows_head_and_tail_of_a_long_message() {
    let mut scope = Scope::default();
    let long = format!("HEAD {} TAIL", "word ".repeat(4000));
    scope.set("request", request(&long, ""));
    scope.set("choices", Data::List(vec![Data::Text("a".into()), Data::Text("b".into())]));
    let text = prompt("opt-route-fast-s", "votes[0]", &scope, &Data::None);
    assert!(text.contains("HEAD") && text.contains("TAIL"));
    assert!(!text.contains("<setting>"));
    assert!(text.len() < 8_000, "{}", text.len());
}

/// Prompts of all handles, as a model sees them: nothing fails, nothing is left open.
#[test]
fn every_prompt_renders() {
    let mut scope = Scope::default();
    scope.set("request", request("the last message", "the client's system text"));
    scope.set("choices", Data::List(vec![Data::Text("a".into())]));
    scope.set("elapsed", Data::Int(1));
    let shown = answers(&["first answer", "second answer"]);
    for list in ["drafts", "views", "notes", "reads", "found", "votes"] {
        scope.set(list, shown.clone());
    }
    for one in ["demands", "doubts", "draft", "check", "first_try"] {
        scope.set(one, Data::Answer(answer("<think>well</think>one answer")));
    }
    for plan in plans() {
        if plan.handle.as_ref() == "opt-chat-balanced-m" {
            scope.set("notes", Data::Answer(answer("one answer")));
        }
        for node in plan.nodes.iter().filter(|node| node.act.ask().is_some_and(|ask| !ask.prompt.is_empty()))
        {
            let text = prompt(&plan.handle, &node.id, &scope, &shown);
            assert!(!text.contains("{{") && !text.contains("{%"), "{}: {}\n{text}", plan.handle, node.id);
        }
        scope.set("notes", shown.clone());
    }
    let doubts = prompt("opt-research-high-xl", "reply", &scope, &shown);
    assert!(!doubts.contains("well"), "what the sceptic thought is left out");
}

// === The page about them ===

#[test]
fn the_page_about_the_ensembles_is_true() {
    let page = include_str!("../docs/ensembles.md");
    for &(handle, calls, waves) in HANDLES {
        assert!(page.contains(&format!("| `{handle}` | {calls}, {waves} |")), "{handle}");
        assert_eq!(page.matches(&format!("\n| `{handle}` |")).count(), 2, "{handle}: shape and failures");
    }
    let example =
        page.split("```ens\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let handles: Vec<String> = plans_with(example).into_iter().map(|plan| plan.handle.to_string()).collect();
    assert!(handles.contains(&"opt-mail-balanced-m".to_owned()));
}
