//! Lists written out, and the list functions: nobody is asked.

use std::sync::Arc;

use crate::plan::{NodeId, Select};
use crate::run::outcome::{Many, Output, Reply};
use crate::run::work::Work;

/// Successes in order; what failed or was skipped drops out.
pub async fn list(work: &Work<'_>, items: &[NodeId]) -> Output {
    let mut replies = Vec::new();
    for item in items {
        replies.extend(work.input(*item).await.replies());
    }
    Output::list(replies)
}

pub async fn select(work: &Work<'_>, select: &Select) -> Output {
    match select {
        Select::First { count, list } => head(work, work.input(*list).await.replies(), *count),
        Select::Last { count: None, list } => work.best(work.input(*list).await.replies().into_iter().rev()),
        Select::Last { count: Some(count), list } => {
            let replies = work.input(*list).await.replies();
            let from = replies.len().saturating_sub(*count as usize);
            Output::list(replies.into_iter().skip(from))
        }
        Select::Best { count, list } => head(work, by_score(work.input(*list).await.replies()), *count),
        Select::Index { index, list } => {
            let replies = work.input(*list).await.replies();
            let at = if *index < 0 { replies.len() as i64 + index } else { *index };
            work.best(usize::try_from(at).ok().and_then(|at| replies.get(at)).cloned())
        }
        Select::Without { list, item } => {
            let out = work.input(*item).await.replies();
            let replies = work.input(*list).await.replies();
            let is_out = |reply: &Arc<Reply>| out.iter().any(|other| other.step == reply.step);
            Output::list(replies.into_iter().filter(|reply| !is_out(reply)))
        }
        Select::Concat(lists) => list(work, lists).await,
        Select::Member { name, list } => {
            let find = |many: &Many| many.names.iter().position(|known| known == name);
            of_many(work, *list, |many| find(many).and_then(|place| many.member(place))).await
        }
        Select::Mine { place, list } => of_many(work, *list, |many| many.member(*place as usize)).await,
        Select::Others { place, list } => match work.input(*list).await {
            Output::Many(many) => many.others(*place as usize),
            output => Output::list(output.replies()),
        },
    }
}

/// A part of several answers; skipped if it is missing.
async fn of_many(work: &Work<'_>, list: NodeId, part: impl FnOnce(&Many) -> Option<Output>) -> Output {
    match work.input(list).await {
        Output::Many(many) => part(&many).unwrap_or(Output::Skipped),
        Output::Failed(_) => Output::Failed(work.needs(list)),
        _ => Output::Skipped,
    }
}

fn head(work: &Work<'_>, replies: Vec<Arc<Reply>>, count: Option<u32>) -> Output {
    match count {
        Some(count) => Output::list(replies.into_iter().take(count as usize)),
        None => work.best(replies),
    }
}

/// The highest first; of equals the first in the list. What has no score comes last.
fn by_score(mut replies: Vec<Arc<Reply>>) -> Vec<Arc<Reply>> {
    let score = |reply: &Reply| reply.view.score.unwrap_or(f64::NEG_INFINITY);
    replies.sort_by(|a, b| score(b).total_cmp(&score(a)));
    replies
}
