//! What the parameters of a technique hold in one use: arguments, names of the caller's, defaults.

use crate::source::Span;
use crate::syntax::ast::{self, Arg, Member, TextForm, Value};
use crate::template::Kind as Sort;

use super::prompts::PromptDef;
use super::roles::{Filled, Judge, Prompts, Role, Roles};
use super::steps::Steps;
use super::techniques::{Param, ParamKind, Technique};
use super::{Given, Kind, errors};

/// The parameters of a technique, filled for one use.
#[derive(Default)]
pub struct Filling {
    pub roles: Roles,
    pub prompts: Prompts,
    pub given: Vec<(String, Given)>,
    pub vars: Vec<(String, Sort)>,
}

/// What a parameter was filled with.
enum Argument {
    Role(Role),
    Prompt(PromptDef),
    Given(Given, Sort),
}

// === impl Steps ===

impl<'a> Steps<'_, '_, 'a> {
    /// Each parameter takes its argument, else what the caller calls so, else its default.
    pub fn fill(&mut self, technique: &Technique<'_>, member: &'a Member) -> Option<Filling> {
        let mut filling = Filling::default();
        let arguments = self.arguments(technique, member)?;
        let mut fine = true;
        for (param, arg) in technique.params.iter().zip(arguments) {
            let argument = match arg {
                Some(arg) => self.argument(param, &arg.value),
                None => match self.of_that_name(param, member) {
                    Some(found) => found,
                    None => self.default(technique, param, &filling, member),
                },
            };
            let Some(argument) = argument else {
                fine = false;
                continue;
            };
            let name = param.name.to_owned();
            match argument {
                Argument::Role(role) => {
                    let layer = format!("technique {}", technique.written.name.text).into();
                    drop(filling.roles.insert(name, Filled { role, layer, span: param.span }));
                }
                Argument::Prompt(prompt) => drop(filling.prompts.insert(name, prompt)),
                Argument::Given(given, sort) => {
                    filling.vars.push((name.clone(), sort));
                    filling.given.push((name, given));
                }
            }
        }
        fine.then_some(filling)
    }

    /// The argument of each parameter, if it has one.
    fn arguments(&mut self, technique: &Technique<'_>, member: &'a Member) -> Option<Vec<Option<&'a Arg>>> {
        let params = &technique.params;
        let name = &technique.written.name.text;
        let mut arguments: Vec<Option<&'a Arg>> = vec![None; params.len()];
        let mut fine = true;
        for (index, arg) in member.args.iter().flatten().enumerate() {
            let at = match &arg.name {
                Some(word) => match params.iter().position(|param| param.name == word.text) {
                    Some(at) => at,
                    None => {
                        let known: Vec<&str> = params.iter().map(|param| param.name).collect();
                        self.complain(errors::unknown_name(&word.text, word.span, "parameter", &known));
                        fine = false;
                        continue;
                    }
                },
                None if index < params.len() => index,
                None => {
                    // One that could not be read is not too many.
                    if index >= technique.written.params.len() {
                        self.complain(errors::too_many_arguments(name, arg.span, params.len()));
                    }
                    fine = false;
                    continue;
                }
            };
            if let Some(first) = arguments[at] {
                self.complain(errors::defined_twice("argument", params[at].name, arg.span, first.span));
                fine = false;
            }
            arguments[at] = Some(arg);
        }
        fine.then_some(arguments)
    }

    fn argument(&mut self, param: &Param<'_>, value: &'a Value) -> Option<Argument> {
        match param.kind {
            ParamKind::Answer | ParamKind::Answers => self.given(param.kind, value),
            ParamKind::Text => self.text_argument(value),
            ParamKind::Prompt => self.prompt_argument(value),
            kind => constant(self.judge, kind, value).map(Argument::Role),
        }
    }

    fn given(&mut self, kind: ParamKind, value: &Value) -> Option<Argument> {
        let (list, sort) = match kind {
            ParamKind::Answers => (self.answers(value, "a parameter")?, Sort::Answers(Vec::new())),
            _ => {
                let (list, found) = self.list(value)?;
                if found == Kind::Answers {
                    let error = errors::wrong_kind(value.span(), "one answer", "a list of answers");
                    self.complain(error.help("take one: `first(…)`, `pick`, `merge`"));
                    return None;
                }
                (list, Sort::Answer)
            }
        };
        Some(Argument::Given(Given::List(list), sort))
    }

    /// A text, a template that sees what the caller sees, a role, or a step's answer.
    fn text_argument(&mut self, value: &'a Value) -> Option<Argument> {
        match value {
            Value::Text(text) if text.form == TextForm::Template => {
                let (template, own) = self.apart(|steps| steps.unfenced(text, &[]));
                let template = template?;
                for used in &own {
                    self.mention(&used.name);
                }
                Some(Argument::Given(Given::Text { template, uses: own }, Sort::Text))
            }
            Value::Text(text) => Some(Argument::Role(Role::Text(text.value.clone()))),
            Value::Name(member) if self.shape(&member.path.head.text).is_some() => {
                self.given(ParamKind::Answer, value)
            }
            other => constant(self.judge, ParamKind::Text, other).map(Argument::Role),
        }
    }

    fn prompt_argument(&mut self, value: &Value) -> Option<Argument> {
        let Value::Name(member) = value else {
            self.complain(errors::wrong_kind(
                value.span(),
                "the name of a prompt",
                super::values::title(value),
            ));
            return None;
        };
        self.prompt_named(&member.path.head).map(Argument::Prompt)
    }

    /// What the caller calls as the parameter is called. `Some(None)`: something is, and does not suit.
    fn of_that_name(&mut self, param: &Param<'_>, member: &Member) -> Option<Option<Argument>> {
        let name = param.name;
        match param.kind {
            ParamKind::Answer | ParamKind::Answers => {
                self.shape(name)?;
                let value = word(name, member.span);
                Some(self.given(param.kind, &value))
            }
            ParamKind::Prompt => {
                self.judge.prompts.get(name).cloned().map(|prompt| Some(Argument::Prompt(prompt)))
            }
            kind => {
                let filled = self.judge.roles.get(name)?;
                if suits(kind, &filled.role) {
                    return Some(Some(Argument::Role(filled.role.clone())));
                }
                let (found, span) = (filled.role.title(), filled.span);
                let error = errors::wrong_role(name, member.span, kind.title(), found);
                self.complain(error.related(span, "the role"));
                Some(None)
            }
        }
    }

    /// The default sees the parameters before it.
    fn default(
        &mut self,
        technique: &Technique<'_>,
        param: &Param<'_>,
        filling: &Filling,
        member: &Member,
    ) -> Option<Argument> {
        let Some(value) = param.default else {
            let name = param.name;
            if self.judge.tables.role_names().contains(&name) {
                let cell = self.judge.cell.clone();
                self.judge.missing.entry((member.span, name.to_owned())).or_default().push(cell);
            } else {
                let technique = &technique.written.name.text;
                self.complain(errors::no_argument(technique, member.span, name, param.kind.title()));
            }
            return None;
        };
        let cell = self.judge.cell.clone();
        let mut judge = self.child(filling.roles.clone(), Prompts::new(), cell, Vec::new());
        let found = match (param.kind, value) {
            (ParamKind::Prompt, Value::Name(member)) => {
                default_prompt(&mut judge, &member.path.head).map(Argument::Prompt)
            }
            (ParamKind::Answer | ParamKind::Answers, _) => None,
            (kind, value) => constant(&mut judge, kind, value).map(Argument::Role),
        };
        let diagnostics = std::mem::take(&mut judge.diagnostics);
        if found.is_none() && diagnostics.is_empty() {
            self.complain(errors::wrong_kind(value.span(), param.kind.title(), super::values::title(value)));
        }
        self.report(technique, member.span, diagnostics);
        found
    }
}

/// The prompt that a parameter takes by itself; reported if there is none of that name.
pub fn default_prompt(judge: &mut Judge<'_>, name: &ast::Name) -> Option<PromptDef> {
    let tables = judge.tables;
    let prompt = tables.prompts.get(&name.text).or_else(|| tables.prelude.get(&name.text));
    if prompt.is_none() {
        let known: Vec<&str> =
            tables.prompts.keys().chain(tables.prelude.keys()).map(String::as_str).collect();
        judge.diagnostics.push(errors::unknown_name(&name.text, name.span, "prompt", &known));
    }
    prompt.cloned()
}

/// A value known beforehand, of a parameter's kind.
pub fn constant(judge: &mut Judge<'_>, kind: ParamKind, value: &Value) -> Option<Role> {
    let role = match (kind, value) {
        (ParamKind::Models, value) => return judge.models(value).map(Role::Models),
        (ParamKind::Model, Value::Name(member)) if member.args.is_none() => {
            return judge.model(member).map(Role::Model);
        }
        (_, value) => judge.role(value)?,
    };
    if suits(kind, &role) {
        return Some(role);
    }
    judge.diagnostics.push(errors::wrong_kind(value.span(), kind.title(), role.title()));
    None
}

fn suits(kind: ParamKind, role: &Role) -> bool {
    matches!(
        (kind, role),
        (ParamKind::Model, Role::Model(_))
            | (ParamKind::Models, Role::Models(_))
            | (ParamKind::Int, Role::Number { whole: true, .. })
            | (ParamKind::Number, Role::Number { .. })
            | (ParamKind::Text, Role::Text(_) | Role::Number { .. })
    )
}

/// A bare word as a value.
fn word(name: &str, span: Span) -> Value {
    let head = ast::Name { text: name.to_owned(), span };
    Value::Name(Member { path: ast::Path { head, tail: Vec::new(), span }, args: None, cell: None, span })
}
