//! `parallel` and `sample`: several nodes at once, until enough have answered.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::plan::{Act, Group, Vote};
use crate::run::combine::vote::{self, Slot};
use crate::run::errors::Why;
use crate::run::outcome::{Many, Outcome, Output};
use crate::run::scheduler::{self, MemberEnd, Quorum};
use crate::run::shape::Shape;
use crate::run::work::Work;

use super::voting;

pub async fn gather(work: &Work<'_>, group: &Group) -> Outcome {
    let core = work.core;
    let started = match items(work, group).await {
        Ok(items) => items.min(group.members.len()),
        Err(why) => return work.fails(why),
    };
    let members: Vec<BoxFuture<'_, MemberEnd>> = group.members[..started]
        .iter()
        .enumerate()
        .map(|(place, &member)| async move { (place, core.node_after(member, work.ready).await) }.boxed())
        .collect();
    // What was skipped is not missed, unless a number was written.
    let need = |skipped: usize| match group.need {
        Some(_) => group.need_of(started) as usize,
        None => group.need_of(started - skipped) as usize,
    };
    let quorum =
        Quorum { members: started, need: &need, grace: group.grace.map(crate::units::Millis::as_duration) };
    let decided = |ends: &[Option<Outcome>]| is_decided(work, group, ends);
    let gathered = scheduler::gather(&quorum, members, decided).await;
    let (got, need) = scheduler::count(&quorum, &gathered.ends);
    let is_decided = gathered.stopped == Some(scheduler::STOPPED_DECIDED);
    let mut ledger = core.ledger();
    let stopped = gathered.stopped.map_or(0, |why| ledger.stopped(why));
    ledger.quorum(work.id, need as u32, started as u32, got as u32);
    let ended = gathered.ends.iter().flatten().map(|end| end.waves).max().unwrap_or(0);
    let waves = work.ready.max(ended).max(stopped);
    if got < need && !is_decided {
        let why = Why::Quorum { got: got as u32, need: need as u32 };
        return Outcome::new(Output::Failed(why), waves);
    }
    let ends = gathered.ends.iter().map(|end| end.as_ref().map(|end| &end.output));
    let lists = group.members.iter().map(|&member| *core.shape(member) != Shape::One);
    let many = Many::of_members(ends.zip(lists), group.names.as_slice().into());
    Outcome::new(Output::Many(many.into()), waves)
}

/// Members that are started: of `for` as many as there are items.
async fn items(work: &Work<'_>, group: &Group) -> Result<usize, Why> {
    let Some(items) = group.items else { return Ok(group.members.len()) };
    match work.input(items).await {
        Output::Data(value) => Ok(super::values::list(&value.data).map_or(0, |list| list.len())),
        Output::Failed(_) => Err(work.needs(items)),
        _ => Ok(0),
    }
}

/// Whether the vote that waits for this group can no longer change.
fn is_decided(work: &Work<'_>, group: &Group, ends: &[Option<Outcome>]) -> bool {
    let Some(decider) = group.decided_by else { return false };
    let Act::Vote(rule) = &work.core.plan.node(decider).act else { return false };
    let vote = Work::new(work.core, decider, work.ready);
    let mut slots = Vec::new();
    for (end, member) in ends.iter().zip(&group.members) {
        match end {
            Some(end) => {
                let replies = end.output.replies();
                for reply in &replies {
                    // The vote itself will say what is wrong with its key.
                    let Ok(ballot) = voting::ballot(&vote, rule, reply) else { return false };
                    slots.push(ballot.map_or(Slot::Abstains, Slot::Cast));
                }
            }
            None => match still_out(work, rule, *member) {
                Some(weight) => slots.push(Slot::Out(weight)),
                None => return false,
            },
        }
    }
    vote::is_settled(&slots, rule.matching, rule.min_share)
}

/// The most that the ballot of a member may count that is still at work; `None` if it may give several.
fn still_out(work: &Work<'_>, rule: &Vote, member: crate::plan::NodeId) -> Option<u32> {
    let node = work.core.plan.node(member);
    let ask = node.act.ask().filter(|_| matches!(node.act, Act::Ask(_)))?;
    let own = voting::weight(work.core, rule, Some(&work.core.plan.model(ask.model).name));
    // Another model may answer in its place.
    let most = || rule.weights.iter().map(|(_, weight)| *weight).max().unwrap_or(1).max(1);
    Some(if node.fallback.is_some() { most() } else { own })
}
