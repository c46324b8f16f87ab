//! A node at work, and what every verb does with it: look at its inputs, make a call, say what happened.

use std::borrow::Cow;
use std::sync::Arc;

use crate::plan::{Node, NodeId};
use crate::template::{Data, Expression, Template};

use super::call::{self, Shown};
use super::core::Core;
use super::errors::Why;
use super::outcome::{Outcome, Output, Reply};
use super::receipt::Cause;

pub struct Work<'a> {
    pub core: &'a Arc<Core>,
    pub id: NodeId,
    pub node: &'a Node,
    /// Waves of calls before it.
    pub ready: u32,
}

/// The end of a call, and the waves after it.
pub struct Said {
    pub result: Result<Arc<Reply>, Why>,
    pub waves: u32,
}

// === impl Work ===

impl<'a> Work<'a> {
    pub fn new(core: &'a Arc<Core>, id: NodeId, ready: u32) -> Self {
        Self { core, id, node: core.plan.node(id), ready }
    }

    /// Ends without a call.
    pub fn gives(&self, output: Output) -> Outcome {
        Outcome::new(output, self.ready)
    }

    /// The first of these answers; where the plan wants several, the first so many.
    pub fn best(&self, ranked: impl IntoIterator<Item = Arc<Reply>>) -> Output {
        let mut ranked = ranked.into_iter().peekable();
        match (ranked.peek(), self.node.gives) {
            (None, _) => Output::Failed(Why::Nothing),
            (Some(first), 0 | 1) => Output::One(Arc::clone(first)),
            (Some(_), most) => Output::list(ranked.take(most as usize)),
        }
    }

    pub fn fails(&self, why: Why) -> Outcome {
        self.gives(Output::Failed(why))
    }

    /// What an input gave: it has ended before this node began.
    pub async fn input(&self, id: NodeId) -> Output {
        self.core.node(id).await.output
    }

    /// The answers that an input gave; a failed input fails the node.
    pub async fn answers(&self, list: NodeId) -> Result<Vec<Arc<Reply>>, Why> {
        match self.input(list).await {
            Output::Failed(_) => Err(self.needs(list)),
            output => Ok(output.replies()),
        }
    }

    /// What another node gave, as this one's own; its failure was told there.
    pub fn passes_on(&self, from: NodeId, outcome: Outcome) -> Outcome {
        match outcome.output {
            Output::Failed(_) => Outcome::new(Output::Failed(self.needs(from)), outcome.waves),
            _ => outcome,
        }
    }

    pub fn needs(&self, id: NodeId) -> Why {
        Why::Needs(self.core.plan.node(id).id.to_string())
    }

    /// A step that a prompt or a text prints and that has failed: going on would ask about nothing, or print nothing where
    /// something was meant to stand.
    pub fn failed_input(&self) -> Option<Why> {
        let mut printed = self.node.inputs.iter().filter(|input| input.printed);
        let failed = printed.find(|input| matches!(self.core.ended(input.node), Some(Output::Failed(_))))?;
        Some(self.needs(failed.node))
    }

    /// Makes the call of `node`, this one's own or that of a decider, behind `before` others.
    pub async fn call(&self, node: NodeId, shown: Shown, before: u32) -> Said {
        if let Some(why) = self.failed_input() {
            return Said { result: Err(why), waves: before };
        }
        match call::make(self.core, node, self.id, shown, before).await {
            Ok(reply) => Said { result: Ok(Arc::new(reply)), waves: before + 1 },
            Err(why) => {
                let waves = before + u32::from(!matches!(why, Why::Limit | Why::Strict));
                self.lost(node, &why);
                Said { result: Err(why), waves }
            }
        }
    }

    /// A call that failed for good makes the run degraded, whoever goes on from there.
    pub fn lost(&self, node: NodeId, why: &Why) {
        if *why == Why::Strict {
            return;
        }
        let plan = &self.core.plan;
        let node = plan.node(node);
        let model = node.act.ask().map(|ask| plan.model(ask.model).name.as_ref()).unwrap_or_default();
        self.core.ledger().degraded(Cause::Call, format!("`{}` ({model}) {why}", node.id));
    }

    pub fn note(&self, what: &'static str, detail: impl Into<Cow<'static, str>>) {
        self.core.ledger().note(self.id, what, detail);
    }

    pub fn degraded(&self, cause: Cause, what: &str) {
        self.core.ledger().degraded(cause, format!("`{}` {what}", self.node.id));
    }

    /// Whether a condition of this node holds.
    pub fn holds(&self, condition: &Expression) -> Result<bool, Why> {
        let scope = self.core.scope_for(self.id, condition);
        condition.holds(&scope).map_err(|error| Why::Expression(error.0))
    }

    /// Whether it holds of `it`.
    pub fn holds_of(&self, condition: &Expression, it: &Reply) -> Result<bool, Why> {
        let mut scope = self.core.scope_for(self.id, condition);
        scope.set("it", Data::Answer(Arc::clone(&it.view)));
        condition.holds(&scope).map_err(|error| Why::Expression(error.0))
    }

    pub fn render(&self, template: &Template) -> Result<String, Why> {
        let scope = self.core.scope(self.id, template.source().contains("request"));
        template.render(&scope).map_err(|error| Why::Expression(error.0))
    }
}
