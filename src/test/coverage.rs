//! Which ways through an ensemble no test has gone.

use crate::plan::{Act, ArmHead, NodeId, Plan};
use crate::run::record::Ending;
use crate::source::{Sources, Span};
use crate::template::Data;

use super::{Test, Verdict, steps};

/// The ways through one ensemble, or one technique that a test runs by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub name: String,
    /// Tests that run it.
    pub tests: usize,
    /// In the order of the source.
    pub ways: Vec<Way>,
}

/// A place where a run can go another way than the plain one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub kind: WayKind,
    /// The step that it belongs to, and for an arm what leads to it.
    pub what: String,
    pub span: Span,
    /// Whether some test went it.
    pub is_reached: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WayKind {
    Arm,
    Else,
    SkipWhen,
    StopWhen,
}

// === impl WayKind ===

impl WayKind {
    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Arm => "arm",
            Self::Else => "else",
            Self::SkipWhen => "skip when",
            Self::StopWhen => "stop when",
        }
    }
}

// === impl Coverage ===

impl Coverage {
    pub fn missing(&self) -> impl Iterator<Item = &Way> {
        self.ways.iter().filter(|way| !way.is_reached)
    }
}

/// All ensembles of the plans, then the techniques of the tests. What stands in none of the sources is not counted.
#[must_use]
pub fn measure(sources: &Sources, plans: &[Plan], run: &[(&Test, &Verdict)]) -> Vec<Coverage> {
    let files = sources.iter().count();
    let mut all: Vec<Coverage> = Vec::new();
    let tested = run.iter().map(|(test, verdict)| (&*test.plan, Some(*verdict)));
    for (plan, verdict) in plans.iter().map(|plan| (plan, None)).chain(tested) {
        let at = all.iter().position(|known| known.name == plan.ensemble).unwrap_or_else(|| {
            all.push(Coverage { name: plan.ensemble.clone(), tests: 0, ways: Vec::new() });
            all.len() - 1
        });
        all[at].tests += usize::from(verdict.is_some());
        for id in plan.ids() {
            for way in ways(plan, id, verdict) {
                if (way.span.file.0 as usize) < files {
                    add(&mut all[at].ways, way);
                }
            }
        }
    }
    for coverage in &mut all {
        coverage.ways.sort_by_key(|way| (way.span, way.kind));
    }
    all
}

/// The same place is met in several cells and rounds.
fn add(ways: &mut Vec<Way>, way: Way) {
    match ways.iter_mut().find(|known| (known.span, known.kind) == (way.span, way.kind)) {
        Some(known) => known.is_reached |= way.is_reached,
        None => ways.push(way),
    }
}

fn ways(plan: &Plan, id: NodeId, verdict: Option<&Verdict>) -> Vec<Way> {
    let node = plan.node(id);
    // What a technique has inside is covered by its own tests.
    if node.frame != steps::home(plan) {
        return Vec::new();
    }
    let step = node.name.as_deref().unwrap_or(&node.id);
    let way = |kind, what: String, span, is_reached| Way { kind, what, span, is_reached };
    let ran = |id: NodeId| verdict.is_some_and(|verdict| verdict.record.nodes[id.0 as usize].ran());
    let mut found = Vec::new();
    if let Some(fallback) = node.fallback {
        found.push(way(WayKind::Else, step.to_owned(), plan.node(fallback).span, ran(fallback)));
    }
    if node.skip_when.is_some() {
        let skipped = |verdict: &Verdict| verdict.finished.receipt.skipped.contains(&node.id);
        found.push(way(WayKind::SkipWhen, step.to_owned(), node.span, verdict.is_some_and(skipped)));
    }
    match &node.act {
        Act::Route(route) => found.extend(route.arms.iter().map(|arm| {
            let head = match &arm.head {
                ArmHead::When(condition) => format!("{step}, when {}", condition.source()),
                ArmHead::Label { label, .. } => format!("{step}, {label}"),
                ArmHead::Else => format!("{step}, else"),
            };
            way(WayKind::Arm, head, plan.node(arm.node).span, ran(arm.node))
        })),
        Act::Stop(condition) => {
            let held = |verdict: &Verdict| {
                matches!(&verdict.record.nodes[id.0 as usize].ending, Some(Ending::Value(Data::Bool(true))))
            };
            let is_reached = verdict.is_some_and(held);
            found.push(way(WayKind::StopWhen, condition.source().to_owned(), node.span, is_reached));
        }
        _ => (),
    }
    found
}
