//! `ask` and `merge`: one call, one new answer.

use crate::plan::NodeId;
use crate::run::call::Shown;
use crate::run::errors::Why;
use crate::run::outcome::{Outcome, Output};
use crate::run::work::{Said, Work};

pub async fn ask(work: &Work<'_>) -> Outcome {
    said(work.call(work.id, Shown::default(), work.ready).await)
}

pub async fn merge(work: &Work<'_>, list: NodeId) -> Outcome {
    let answers = work.input(list).await;
    if let Output::Failed(_) = answers {
        return work.fails(work.needs(list));
    }
    if answers.replies().is_empty() {
        return work.fails(Why::Nothing);
    }
    let shown = Shown { list: Some(answers.data(work.core.shape(list))), question: None };
    said(work.call(work.id, shown, work.ready).await)
}

fn said(said: Said) -> Outcome {
    Outcome::new(said.result.map_or_else(Output::Failed, Output::One), said.waves)
}
