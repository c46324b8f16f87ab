//! L013: steps that may take longer, one after the other, than the run has.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Act, NodeId, Plan};
use crate::units::Millis;

pub const RULE: Rule = Rule {
    code: "L013",
    name: "deadline",
    page: include_str!("deadline.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

/// The longest way to a node's end when nothing fails: written timeouts only, the others take what is left.
#[derive(Clone, Default)]
struct Way {
    time: Millis,
    /// Named steps with a timeout on it.
    steps: Vec<(String, Millis)>,
}

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    let plan = view.plan;
    let way = longest(plan);
    // One step by itself is the business of `member-timeout`.
    if way.time <= plan.timeout || way.steps.iter().any(|(_, time)| *time > plan.timeout) {
        return Vec::new();
    }
    let steps: Vec<String> = way.steps.iter().map(|(name, time)| format!("`{name}` {time}")).collect();
    let message = format!("`{}` has {}, its steps may take {}", plan.handle, plan.timeout, way.time);
    vec![
        Diagnostic::warning("L013", plan.span, message)
            .label(steps.join(", "))
            .help("give the handle more time or the steps less: the last of them is the one that is cut"),
    ]
}

/// What a node needs or starts stands before it in the plan.
fn longest(plan: &Plan) -> Way {
    let mut ways: Vec<Way> = Vec::with_capacity(plan.nodes.len());
    for id in plan.ids() {
        let node = plan.node(id);
        let of = |ids: &[NodeId]| slowest(ids.iter().filter_map(|id| ways.get(id.0 as usize)));
        let mut way = of(&node.needs());
        let inner = match &node.act {
            Act::Cascade(cascade) => {
                cascade.rungs.iter().fold(Way::default(), |sum, rung| sum.then(&of(&[*rung])))
            }
            act => of(&act.parts()),
        };
        // What it starts may need what it needs itself.
        way = if inner.time > way.time { inner } else { way };
        if let (Some(own), true) = (node.timeout, node.act.ask().is_some()) {
            let name = node.id.split('[').next().unwrap_or(&node.id).to_owned();
            way.time = way.time.plus(own);
            way.steps.push((name, own));
        }
        ways.push(way);
    }
    ways.into_iter().nth(plan.reply.0 as usize).unwrap_or_default()
}

fn slowest<'a>(ways: impl Iterator<Item = &'a Way>) -> Way {
    ways.max_by_key(|way| way.time).cloned().unwrap_or_default()
}

// === impl Way ===

impl Way {
    fn then(mut self, next: &Self) -> Self {
        self.time = self.time.plus(next.time);
        self.steps.extend(next.steps.iter().cloned());
        self
    }
}
