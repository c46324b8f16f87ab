//! `vote`: the most frequent answer, without a call.

use std::sync::Arc;

use crate::plan::{NodeId, Ties, Vote};
use crate::run::combine::vote::{Ballot, Key, Tally};
use crate::run::core::Core;
use crate::run::errors::Why;
use crate::run::outcome::{Outcome, Output, Reply};
use crate::run::work::Work;
use crate::template::Data;

pub async fn count(work: &Work<'_>, rule: &Vote) -> Outcome {
    let replies = match work.answers(rule.list).await {
        Ok(replies) => replies,
        Err(why) => return work.fails(why),
    };
    let mut voters: Vec<&Arc<Reply>> = Vec::new();
    let mut ballots: Vec<Ballot> = Vec::new();
    for reply in &replies {
        match ballot(work, rule, reply) {
            Ok(Some(ballot)) => {
                voters.push(reply);
                ballots.push(ballot);
            }
            Ok(None) => (),
            Err(why) => return work.fails(why),
        }
    }
    let tally = Tally::of(&ballots, rule.matching);
    let leaders = tally.leaders();
    let Some(&first) = leaders.first() else { return work.fails(Why::Nothing) };
    if tally.share(first) < rule.min_share {
        return work.fails(Why::NoMajority);
    }
    let voted_for = |choice: usize| voters[tally.first[choice]];
    let winner = match (leaders.as_slice(), rule.ties) {
        ([_], _) | (_, Ties::First) => first,
        (_, Ties::Longest) => {
            let length = |choice: &usize| voted_for(*choice).completion.text.chars().count();
            // `max_by_key` takes the last of equals; the first is wanted.
            leaders.iter().rev().copied().max_by_key(length).unwrap_or(first)
        }
        (_, Ties::Step(step)) => {
            let outcome = tie(work, step, leaders.len()).await;
            let Output::One(reply) = &outcome.output else { return outcome };
            if work.node.gives == 1 {
                return outcome;
            }
            // What it says may be one of the choices: then that one is given once.
            let own = match ballot(work, rule, reply) {
                Ok(own) => own.and_then(|own| tally.choice_of(&own.key, &ballots, rule.matching)),
                Err(why) => return Outcome { output: Output::Failed(why), ..outcome },
            };
            let others = tally.ranked().into_iter().filter(|choice| Some(*choice) != own);
            let all =
                [Arc::clone(reply)].into_iter().chain(others.map(|choice| Arc::clone(voted_for(choice))));
            return Outcome { output: work.best(all), waves: outcome.waves };
        }
    };
    let (votes, cast) = (tally.votes[winner], tally.cast());
    work.core.ledger().note(rule.list, "voted", format!("{}: {votes} of {cast}", voted_for(winner).step));
    let others = tally.ranked().into_iter().filter(|choice| *choice != winner);
    work.gives(work.best([winner].into_iter().chain(others).map(|choice| Arc::clone(voted_for(choice)))))
}

async fn tie(work: &Work<'_>, step: NodeId, choices: usize) -> Outcome {
    work.core.ledger().note(step, "tie", format!("{choices} choices have as many votes"));
    let outcome = work.core.node_after(step, work.ready).await;
    let waves = outcome.waves.max(work.ready);
    work.passes_on(step, Outcome::new(outcome.output, waves))
}

/// What an answer votes for; `None` if it abstains or counts for nothing.
pub fn ballot(work: &Work<'_>, rule: &Vote, reply: &Reply) -> Result<Option<Ballot>, Why> {
    let weight = weight(work.core, rule, reply.model.as_deref());
    let rendered = match &rule.key {
        Some(template) => {
            let mut scope = work.core.scope(work.id, template.source().contains("request"));
            scope.set("it", Data::Answer(Arc::clone(&reply.view)));
            Some(template.render(&scope).map_err(|error| Why::Expression(error.0))?)
        }
        None => None,
    };
    let key = Key::of(rendered.as_deref(), &reply.completion, reply.view.value.as_ref());
    Ok(key.filter(|_| weight > 0).map(|key| Ballot { key, weight }))
}

pub fn weight(core: &Core, rule: &Vote, model: Option<&str>) -> u32 {
    let named = rule.weights.iter().find(|(id, _)| Some(core.plan.model(*id).name.as_ref()) == model);
    named.map_or(1, |(_, weight)| *weight)
}
