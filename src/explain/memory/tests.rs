//! Sets of handles that nobody chose: what is said to fit does, and nothing that fits is missing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Memory, together};
use crate::explain::sample;
use crate::plan::{Model, Plan};
use crate::units::Bytes;

const RUNTIME: &str = "mlx";

/// A handle with some of eight models, each as large as its number says.
fn plan(at: usize, sizes: &[u64; 8], chosen: u8) -> Plan {
    let mut plan = sample::architect();
    let like = plan.models[0].clone();
    let model = |number: usize| Model {
        name: format!("mlx-{number}").into(),
        memory: Some(Bytes(sizes[number])),
        ..like.clone()
    };
    plan.handle = format!("opt-{at}").into();
    plan.models = (0..8).filter(|number| chosen & (1 << number) != 0).map(model).collect();
    plan
}

fn memory(plans: &[Plan], budget: u64) -> Memory {
    let plans: Vec<&Plan> = plans.iter().collect();
    Memory::of(&plans, &BTreeMap::from([(RUNTIME.to_owned(), Bytes(budget))]))
}

/// By hand: each name once.
fn size(plans: &[Plan], handles: &BTreeSet<&str>) -> u64 {
    let own = plans.iter().filter(|plan| handles.contains(&*plan.handle));
    let models: BTreeMap<&str, u64> = own
        .flat_map(|plan| &plan.models)
        .map(|model| (&*model.name, model.memory.expect("a size").0))
        .collect();
    models.values().sum()
}

proptest! {
    #[test]
    fn every_set_that_fits_is_part_of_one_that_is_shown(
        sizes in prop::array::uniform8(1..50_u64), chosen in prop::collection::vec(1..=255_u8, 1..6), budget in 1..200_u64,
    ) {
        let plans: Vec<Plan> = chosen.iter().enumerate().map(|(at, chosen)| plan(at, &sizes, *chosen)).collect();
        let memory = memory(&plans, budget);
        let fit = &memory.runtimes[0];
        let shown: Vec<BTreeSet<&str>> = fit
            .together.as_ref().expect("few enough to try").iter()
            .map(|set| set.handles.iter().map(String::as_str).collect())
            .collect();
        for (set, handles) in fit.together.iter().flatten().zip(&shown) {
            prop_assert_eq!(set.held_bytes, size(&plans, handles));
            prop_assert!(set.held_bytes <= budget);
        }
        for number in 1..1_u32 << plans.len() {
            let handles: BTreeSet<&str> = plans
                .iter().enumerate()
                .filter(|(at, _)| number & (1 << at) != 0)
                .map(|(_, plan)| &*plan.handle)
                .collect();
            let fits = size(&plans, &handles) <= budget;
            prop_assert_eq!(fits, shown.iter().any(|set| handles.is_subset(set)), "{:?}", handles);
            if let [alone] = handles.iter().collect::<Vec<_>>()[..] {
                prop_assert_eq!(!fits, fit.too_large.iter().any(|it| it == alone));
            }
        }
    }
}

#[test]
fn what_is_not_known_is_said() {
    let mut plans = [sample::architect(), sample::extract()];
    plans[0].models[1].memory = None;
    plans[1].memory = None;
    plans[1].models[1].runtime = "remote".to_owned();
    let all: Vec<&Plan> = plans.iter().collect();
    let text = Memory::of(&all, &BTreeMap::new()).to_text();
    let expected = "\
tier xl, 200GB for a handle
  opt-architect-high-xl    105GB   3 models on mlx, 1 of unknown size

tier s
  opt-extract-fast-s        23GB   2 models on ov and remote

mlx, 200GB at once: what can be loaded together
   105GB   opt-architect-high-xl

ov: no tier says how much may be loaded at once

remote: no tier says how much may be loaded at once
";
    assert_eq!(text, expected);
}

#[test]
fn too_many_are_not_tried() {
    let one_each = |count: usize| -> Vec<Plan> {
        (0..count)
            .map(|at| {
                let mut plan = plan(at, &[1; 8], 1);
                plan.models[0].name = format!("mlx-own-{at}").into();
                plan
            })
            .collect()
    };
    let most = together::DIFFERENT_MAX;
    let sets = memory(&one_each(most), 2).runtimes[0].together.clone().expect("few enough to try");
    assert_eq!(sets.len(), most * (most - 1) / 2, "every pair");
    let more = memory(&one_each(most + 1), 2);
    assert_eq!(more.runtimes[0].together, None);
    assert!(more.to_text().contains("too many handles to try every set of them; name some"));
}
