use super::*;
use crate::compile;

const PROGRAM: &str = r#"
model alpha { runtime: mlx, memory: 1GB, context: 128k, max_output: 8k }
model beta { runtime: mlx, memory: 1GB, context: 128k, max_output: 8k }
model gamma { runtime: mlx, memory: 1GB, context: 128k, max_output: 8k }
tier xl { memory: 9GB, panel = [alpha, beta], chief = alpha }
profile high { timeout: 5m }

ensemble plan at high-xl {
  timeout: 90s
  limit: { calls: 6 }
  selector: "own-{name}"
  panel = [alpha, beta, gamma]
  drafts = parallel panel
  reply = merge drafts by chief
}

ensemble other at high-xl {
  drafts = parallel panel
  reply = merge drafts by chief
}
"#;

struct World {
    approaches: Approaches,
    plan: Plan,
}

fn world() -> World {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("plan.ens", PROGRAM));
    let compiled = compile(&sources, &Policy::default());
    assert_eq!(compiled.errors(), 0, "{:?}", compiled.diagnostics);
    let plan = compiled.plans.into_iter().next().expect("there is an ensemble");
    World { approaches: Approaches::new(sources, Policy::default()), plan }
}

impl World {
    fn read(&self, text: &str) -> Result<Option<Approach>, String> {
        Approach::read(text, &self.approaches.known())
    }

    fn compose(&self, text: &str) -> Result<Plan, String> {
        let approach = self.read(text)?.expect("it asks for something");
        self.approaches.compose(Base::Handle(&self.plan), &approach)
    }
}

#[test]
fn names_are_those_of_optillm_or_ours() {
    let world = world();
    let techniques = |text| world.read(text).map(|read| read.map(|read| read.techniques.join(" ")));
    for (text, ours) in [
        ("moa", "moa"),
        ("self_consistency", "self-consistency"),
        ("self-consistency", "self-consistency"),
        ("majority_voting", "majority-vote"),
        ("mcts", "tree-search"),
        ("re2&moa", "re2 moa"),
        ("moa | bon", "moa bon"),
    ] {
        assert_eq!(techniques(text), Ok(Some(ours.to_owned())), "{text}");
    }
    for nothing in ["", "none", "auto"] {
        assert_eq!(techniques(nothing), Ok(None), "{nothing}");
    }
}

#[test]
fn what_is_not_known_is_told_with_what_is() {
    let world = world();
    let refused = |text| world.read(text).expect_err("it is refused");
    assert!(refused("mao").contains("there are moa, "), "{}", refused("mao"));
    assert!(refused("moa&").contains("names no technique"));
    assert!(refused("z3").contains("runs code"));
    assert!(refused("moa&bon|re2").contains("not by both"));
    assert!(refused("moa&moa&moa&moa&moa").contains("more than 4"));
}

#[test]
fn a_technique_takes_the_options_and_roles_of_the_ensemble() {
    let world = world();
    let plan = world.compose("moa").expect("it is sound");
    assert_eq!((plan.handle.as_ref(), plan.selector.as_str()), ("opt-plan-high-xl", "moa-plan-high-xl"));
    assert_eq!(plan.bounds.calls, 4, "three of the ensemble's own panel, and the chief");
    assert_eq!((plan.timeout.0, plan.limit.calls), (90_000, Some(6)));
}

#[test]
fn a_limit_of_the_ensemble_holds_for_a_technique() {
    let problem = world().compose("moa_layers").expect_err("three layers of three are more than six calls");
    assert!(problem.contains("6"), "{problem}");
}

#[test]
fn a_chain_is_one_after_the_other() {
    let plan = world().compose("moa&re2").expect("it is sound");
    assert_eq!((plan.bounds.calls, plan.bounds.waves), (5, 3));
}

#[test]
fn side_by_side_each_gives_an_answer() {
    let world = world();
    let approach = world.read("moa|re2").expect("they are known").expect("it asks for something");
    assert_eq!(approach.answers(), 2);
    let plan = world.approaches.compose(Base::Handle(&world.plan), &approach).expect("it is sound");
    assert_eq!((plan.bounds.calls, plan.bounds.waves), (5, 2));
}

#[test]
fn a_single_model_stays_forbidden() {
    let problem = world().compose("re2").expect_err("one model");
    assert_eq!(problem, "`opt-plan-high-xl` only ever asks `alpha`");
}

#[test]
fn a_cell_has_roles_enough() {
    let world = world();
    let approach = world.read("moa").expect("it is known").expect("it asks for something");
    let plan = world.approaches.compose(Base::Cell { profile: "high", tier: "xl" }, &approach);
    let plan = plan.expect("it is sound");
    assert_eq!((plan.handle.as_ref(), plan.bounds.calls), ("opt-moa-high-xl", 3));
}
