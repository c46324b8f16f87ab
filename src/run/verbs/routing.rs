//! `route`: one of several ways to go.

use crate::plan::{Arm, ArmHead, NodeId, Route};
use crate::run::call::Shown;
use crate::run::errors::Why;
use crate::run::outcome::{Outcome, Output, Reply};
use crate::run::work::Work;
use crate::template::Data;

/// Conditions first, in order; then the call that names a label. Without an `else` of the step, a call that fails takes the
/// arm `else`.
pub async fn route(work: &Work<'_>, route: &Route) -> Outcome {
    for arm in &route.arms {
        let ArmHead::When(condition) = &arm.head else { continue };
        match work.holds(condition) {
            Ok(true) => return take(work, arm, &format!("when {}", condition.source()), work.ready).await,
            Ok(false) => (),
            Err(why) => return work.fails(why),
        }
    }
    let otherwise = arm(route, |head| matches!(head, ArmHead::Else)).expect("every route has an `else`");
    if route.ask.is_none() {
        return take(work, otherwise, "else", work.ready).await;
    }
    let said = work.call(work.id, Shown::default(), work.ready).await;
    match said.result {
        Ok(reply) => {
            let named = label(&reply);
            match arm(route, |head| matches!(head, ArmHead::Label { label, .. } if *label == named)) {
                Some(arm) => take(work, arm, &named, said.waves).await,
                None => take(work, otherwise, "else", said.waves).await,
            }
        }
        Err(why) if work.node.fallback.is_some() || why == Why::Strict => {
            Outcome::new(Output::Failed(why), said.waves)
        }
        Err(_) => take(work, otherwise, "else, since the decider failed", said.waves).await,
    }
}

fn arm(route: &Route, is: impl Fn(&ArmHead) -> bool) -> Option<&Arm> {
    route.arms.iter().find(|arm| is(&arm.head))
}

/// What the classifier has chosen.
fn label(reply: &Reply) -> String {
    match &reply.view.value {
        Some(Data::Text(label)) => label.to_string(),
        _ => reply.completion.text.trim().to_owned(),
    }
}

async fn take(work: &Work<'_>, arm: &Arm, why: &str, before: u32) -> Outcome {
    let node: NodeId = arm.node;
    work.note("routed", format!("{why}: {}", work.core.plan.node(node).id));
    let outcome = work.core.node_after(node, before).await;
    let waves = outcome.waves.max(before);
    work.passes_on(node, Outcome::new(outcome.output, waves))
}
