//! Turns of a prompt, rendered.

use std::sync::Arc;

use crate::plan::{NodeId, Operand, Returns, Turn, TurnRole};
use crate::template::{Data, RenderError, Scope};
use crate::upstream::Role;

use super::core::Core;

/// What turns are made from.
pub struct Source<'a> {
    pub core: &'a Arc<Core>,
    /// The node whose inputs they see. They must have ended.
    pub scope_of: NodeId,
    /// What the verb shows.
    pub shown: Option<&'a Data>,
    pub returns: Option<&'a Returns>,
}

// === impl Source ===

impl Source<'_> {
    pub fn turns(&self, turns: &[Turn]) -> Result<Vec<(Role, String)>, RenderError> {
        turns.iter().map(|turn| Ok((role(turn.role), self.text(turn)?))).collect()
    }

    pub fn text(&self, turn: &Turn) -> Result<String, RenderError> {
        let scope = match &turn.binds {
            None => self.names(turn),
            Some(binds) => self.parameters(binds)?,
        };
        turn.template.render(&scope)
    }

    /// A step's own template sees what the step sees.
    fn names(&self, turn: &Turn) -> Scope {
        let mut scope = self.core.scope(self.scope_of, turn.template.source().contains("request"));
        match self.returns {
            Some(Returns::OneOf(choices)) => {
                let choices = choices.iter().map(|choice| Data::Text(choice.as_str().into())).collect();
                scope.set("choices", Data::List(choices));
            }
            Some(Returns::Json(schema)) => scope.set("schema", Data::Text(schema.to_string().into())),
            Some(Returns::Number { .. } | Returns::List) | None => (),
        }
        scope
    }

    /// A shared prompt sees its parameters and nothing else.
    fn parameters(&self, binds: &[(String, Operand)]) -> Result<Scope, RenderError> {
        let mut scope = Scope::default();
        for (param, operand) in binds {
            let data = match operand {
                Operand::Constant(data) => data.clone(),
                Operand::Shown => self.shown.cloned().unwrap_or(Data::List(Vec::new())),
                Operand::Template(template) => {
                    let scope = self.core.scope(self.scope_of, template.source().contains("request"));
                    Data::Text(template.render(&scope)?.into())
                }
                Operand::Expression(expression) => {
                    expression.value(&self.core.scope_for(self.scope_of, expression))?
                }
            };
            scope.set(param.clone(), data);
        }
        Ok(scope)
    }
}

fn role(role: TurnRole) -> Role {
    match role {
        TurnRole::System => Role::System,
        TurnRole::User => Role::User,
        TurnRole::Assistant => Role::Assistant,
    }
}
