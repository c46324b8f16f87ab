//! What stands in a step's block: options and conditions, and where an option comes from.

use std::borrow::Cow;

use crate::syntax::ast::{self, ClauseKind, Entry, Setting, Value, Verb as Written};

use super::options::{self, Place};
use super::steps::Steps;
use super::values::Reader;
use super::{Group, errors};

/// What stands in a step's block.
#[derive(Clone, Default)]
pub struct Body<'a> {
    pub options: Vec<&'a Setting>,
    pub skip_when: Option<&'a ast::Expr>,
    pub accept_when: Option<&'a ast::Expr>,
}

// === impl Steps ===

impl<'a> Steps<'_, '_, 'a> {
    /// Reads `need` and `grace`. `members`: how many there are, if that is known.
    pub fn group(&mut self, body: &Body<'a>, members: Option<usize>) -> Group {
        let mut group = Group { need: None, grace: None };
        let mut silent = Vec::new();
        if let Some(option) = self.option("need", body) {
            group.need =
                Reader { option: "need", diagnostics: &mut silent }.whole(&self.literal(option), 0, 1000);
            let own = body.options.iter().any(|own| std::ptr::eq(*own, option));
            match (group.need, members) {
                (Some(need), Some(members)) if need as usize > members && own => {
                    self.complain(errors::need_too_large(option.value.span(), need, members));
                }
                // A layer's `need` is a wish for groups of every size: a smaller group needs all of its members.
                (Some(need), Some(members)) => group.need = Some(need.min(members as u32)),
                _ => (),
            }
        }
        if let Some(option) = self.option("grace", body) {
            group.grace =
                Reader { option: "grace", diagnostics: &mut silent }.duration(&self.literal(option));
        }
        group
    }

    /// The option as it applies here: of this block, else of the nearest block or layer around.
    pub fn option(&self, name: &str, body: &Body<'a>) -> Option<&'a Setting> {
        let own = body.options.iter().copied().find(|option| option.name.text == name);
        own.or_else(|| {
            let layered = self.inherited.iter().rev().find(|option| option.setting.name.text == name);
            layered.map(|option| option.setting)
        })
    }

    /// An option's value; a role or parameter that holds a number or a text stands for it.
    pub fn literal<'v>(&self, option: &'v Setting) -> Cow<'v, Value> {
        match self.held(option) {
            Some(value) => Cow::Owned(value),
            None => Cow::Borrowed(&option.value),
        }
    }

    fn held(&self, option: &Setting) -> Option<Value> {
        let Value::Name(member) = &option.value else { return None };
        if !options::TAKE_ROLES.contains(&option.name.text.as_str()) {
            return None;
        }
        let filled = self.judge.roles.get(&member.word()?.text)?;
        filled.role.written(member.span)
    }

    pub fn judge_options(&mut self, place: Place, body: &Body<'a>) {
        let held: Vec<Option<Setting>> = body
            .options
            .iter()
            .map(|option| self.held(option).map(|value| Setting { value, ..(*option).clone() }))
            .collect();
        let settings: Vec<&Setting> =
            held.iter().zip(&body.options).map(|(held, option)| held.as_ref().unwrap_or(option)).collect();
        options::judge(place, &settings, &mut self.judge.diagnostics);
        if let (false, Some(expr)) = (place.accepts(), body.accept_when) {
            self.complain(errors::misplaced(expr.span, "`accept when`", place.title()));
        }
    }

    /// Sorts a block's entries; what may not stand there is reported.
    pub fn body(&mut self, alt: &'a ast::Alt) -> Body<'a> {
        let mut body = Body::default();
        let (steps, stops, arms) = match alt.verb {
            Written::Group | Written::ForEach { .. } => (true, false, false),
            Written::Repeat { .. } => (true, true, false),
            Written::Route { .. } => (false, false, true),
            _ => (false, false, false),
        };
        for entry in alt.block.iter().flat_map(|block| &block.entries) {
            match entry {
                Entry::Option(setting) => body.options.push(setting),
                Entry::Clause(clause) => match clause.kind {
                    ClauseKind::Skip => body.skip_when = Some(&clause.expr),
                    ClauseKind::Accept => body.accept_when = Some(&clause.expr),
                    ClauseKind::Stop if stops => (),
                    ClauseKind::Stop => {
                        self.complain(errors::misplaced(
                            clause.span,
                            "`stop when`",
                            "a step that is not `repeat`",
                        ));
                    }
                },
                Entry::Bad(_) => self.judge.partial = true,
                Entry::Step(step) if options::is_option(&step.name.text) => {
                    self.complain(errors::option_as_role(&step.name, step.rhs.span));
                }
                Entry::Step(_) if steps => (),
                Entry::Arm(_) if arms => (),
                _ if matches!(alt.verb, Written::Bad(_)) => (),
                other => {
                    self.complain(errors::misplaced_entry(other, "the block of a call"));
                }
            }
        }
        body
    }
}

/// Those of a block's options that change what an ensemble or technique in it sees.
pub fn conversation_of<'a>(body: &Body<'a>) -> Body<'a> {
    let changes = ["prompt", "system", "history"];
    let options = body.options.iter().copied().filter(|option| changes.contains(&option.name.text.as_str()));
    Body { options: options.collect(), ..Body::default() }
}
