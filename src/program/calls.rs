//! The options of a call, read into a [`Call`]: own ones first, then those of the layers, then the built-in.

use crate::syntax::ast::{self, Access, Arg, Member, Text, Value};
use crate::template::{Data, Fence};

use super::block::Body;
use super::call::{Call, CallRole, Field, History, MaxTokens, Operand, Returns, Tools, Turn, TurnRole};
use super::prompts::{self, PromptDef};
use super::steps::Steps;
use super::values::{Reader, title};
use super::{errors, options, typing};

/// Attempts after the first where nobody says.
const RETRIES_BUILT_IN: u32 = 2;

impl<'a> Steps<'_, '_, 'a> {
    /// Everything but the model, which the verb knows.
    pub fn call(&mut self, role: CallRole, body: &Body<'a>) -> Call {
        let returns = self
            .option("returns", body)
            .and_then(|option| typing::read(&option.value, &mut self.judge.diagnostics));
        let it = [("it".to_owned(), typing::answer(returns.as_ref()))];
        let mut prompt = self.prompt(body, returns.as_ref());
        prompt.extend(returns.iter().flat_map(|returns| self.form(returns, &prompt)).collect::<Vec<_>>());
        Call {
            model: String::new(),
            role,
            prompt,
            system: self.system(body),
            history: self.history(body),
            fields: self.fields(role, returns.is_some(), body),
            max_tokens: self.max_tokens(body),
            timeout: self.own_wait("timeout", body),
            first_token: self
                .option("first_token", body)
                .and_then(|option| silent(|r| r.wait(&option.value))),
            retries: self
                .option("retries", body)
                .and_then(|option| silent(|r| r.whole(&self.literal(option), 0, 10)))
                .unwrap_or(RETRIES_BUILT_IN),
            tools: self.tools(body),
            returns,
            accept_when: body.accept_when.and_then(|expr| self.condition(expr, &it)),
            soft: self.soft(body),
        }
    }

    /// A prelude prompt as one user turn.
    pub fn prelude(&self, name: &str, binds: &[(&str, Operand)]) -> Vec<Turn> {
        let prompt = &self.judge.tables.prelude[name];
        let binds: Vec<_> =
            binds.iter().map(|(name, operand)| ((*name).to_owned(), operand.clone())).collect();
        turns(prompt, &binds)
    }

    /// In what form the answer is wanted, unless the step's own prompt prints it.
    fn form(&self, returns: &Returns, prompt: &[Turn]) -> Vec<Turn> {
        let says = |name: &str| prompt.iter().any(|turn| turn.template.source().contains(name));
        let text = |text: &str| Operand::Constant(Data::Text(text.into()));
        match returns {
            Returns::OneOf(_) if says("choices") => Vec::new(),
            Returns::OneOf(choices) => {
                let list = choices.iter().map(|choice| Data::Text(choice.as_str().into())).collect();
                self.prelude("one_of", &[("choices", Operand::Constant(Data::List(list)))])
            }
            Returns::Number { min, max } => {
                self.prelude("number", &[("low", text(&min.to_string())), ("high", text(&max.to_string()))])
            }
            Returns::Json(_) if says("schema") => Vec::new(),
            Returns::Json(schema) => self.prelude("json", &[("schema", text(&schema.to_string()))]),
            Returns::List => self.prelude("list", &[]),
        }
    }

    /// `timeout` in a layer is the handle's; only that of the step or of a block around it is a call's.
    fn own_wait(&self, name: &str, body: &Body<'a>) -> Option<crate::units::Millis> {
        let own = body.options.iter().copied().find(|option| option.name.text == name);
        let near = || {
            let around = self.inherited.iter().rev().filter(|option| option.is_near);
            around.map(|option| option.setting).find(|setting| setting.name.text == name)
        };
        let option = own.or_else(near)?;
        silent(|r| r.wait(&option.value))
    }

    pub fn prompt(&mut self, body: &Body<'a>, returns: Option<&Returns>) -> Vec<Turn> {
        let Some(option) = self.option("prompt", body) else { return Vec::new() };
        self.turns(&option.value, returns, "prompt").unwrap_or_default()
    }

    pub fn system(&mut self, body: &Body<'a>) -> Option<Turn> {
        let option = self.option("system", body)?;
        let mut turns = self.turns(&option.value, None, "system")?;
        if turns.len() != 1 {
            self.complain(errors::wrong_value("system", option.value.span(), "one text, not several turns"));
            return None;
        }
        turns.pop().map(|turn| Turn { role: TurnRole::System, ..turn })
    }

    fn turns(&mut self, value: &'a Value, returns: Option<&Returns>, option: &str) -> Option<Vec<Turn>> {
        if let Some(texts) = prompts::turns(value) {
            return Some(
                texts.into_iter().filter_map(|(role, text)| self.turn(role, text, returns)).collect(),
            );
        }
        match value {
            Value::Name(member) => self.shared(member),
            Value::Bad(_) => None,
            other => {
                let expected = "a text, a prompt's name, or turns such as `[user \"\"\"…\"\"\", assistant \"\"\"…\"\"\"]`";
                self.complain(errors::wrong_value(option, other.span(), expected));
                None
            }
        }
    }

    fn turn(&mut self, role: TurnRole, text: &Text, returns: Option<&Returns>) -> Option<Turn> {
        let visible = self.visible(&typing::own_names(returns));
        let (template, mentions) =
            self.judge.tables.templates.template(text, Fence::On, &visible, &mut self.judge.diagnostics)?;
        self.mention_all(&mentions);
        Some(Turn { role, template, binds: None })
    }

    /// `prompt: weigh` or `prompt: weigh(drafts, tone: "dry")`.
    fn shared(&mut self, member: &Member) -> Option<Vec<Turn>> {
        let name = &member.path.head;
        let prompt = &self.prompt_named(name)?;
        let args: &[Arg] = member.args.as_deref().unwrap_or_default();
        let required = prompt.params.iter().filter(|param| param.default.is_none()).count();
        if args.len() > prompt.params.len() || args.len() < required {
            let expected = if args.len() < required { required } else { prompt.params.len() };
            let found = errors::wrong_arguments(&name.text, member.span, expected, args.len());
            self.complain(match prompt.span.file.built_in_index() {
                Some(_) => found.help(format!("`ensc explain --prelude {}` shows it", name.text)),
                None => found.related(prompt.span, "written here"),
            });
            return None;
        }
        let mut binds: Vec<(String, Operand)> = Vec::new();
        let mut fine = true;
        for (index, arg) in args.iter().enumerate() {
            let param = match &arg.name {
                Some(name) if prompt.params.iter().any(|param| param.name == name.text) => name.text.clone(),
                Some(name) => {
                    let known: Vec<&str> = prompt.params.iter().map(|param| param.name.as_str()).collect();
                    self.complain(errors::unknown_name(&name.text, name.span, "parameter", &known));
                    fine = false;
                    continue;
                }
                None => prompt.params[index].name.clone(),
            };
            match self.operand(&arg.value) {
                Some(operand) => binds.push((param, operand)),
                None => fine = false,
            }
        }
        for param in &prompt.params {
            if binds.iter().any(|(name, _)| *name == param.name) {
                continue;
            }
            match &param.default {
                Some(default) => binds.push((param.name.clone(), Operand::Constant(default.clone()))),
                None if fine => {
                    self.complain(errors::no_prompt_argument(&name.text, member.span, &param.name));
                    fine = false;
                }
                None => (),
            }
        }
        fine.then(|| turns(prompt, &binds))
    }

    /// The prompt of that name: a parameter, of the program, of the prelude.
    pub fn prompt_named(&mut self, name: &ast::Name) -> Option<PromptDef> {
        let tables = self.judge.tables;
        let found = self.judge.prompts.get(&name.text);
        let found =
            found.or_else(|| tables.prompts.get(&name.text)).or_else(|| tables.prelude.get(&name.text));
        if found.is_none() {
            let known: Vec<&str> = self
                .judge
                .prompts
                .keys()
                .chain(tables.prompts.keys())
                .chain(tables.prelude.keys())
                .map(String::as_str)
                .collect();
            let error = errors::unknown_name(&name.text, name.span, "prompt", &known);
            self.judge.diagnostics.push(error);
            return None;
        }
        found.cloned()
    }

    fn operand(&mut self, value: &Value) -> Option<Operand> {
        match value {
            Value::Text(text) if text.form == ast::TextForm::Template => {
                // It is defused where the prompt prints it.
                let template = self.unfenced(text, &[])?;
                Some(Operand::Template(template))
            }
            Value::Text(text) => Some(Operand::Constant(Data::Text(text.value.as_str().into()))),
            Value::Quantity(q) if q.unit.is_empty() && !q.dollar => Some(Operand::Constant(match q.whole {
                true => Data::Int(q.number as i64),
                false => Data::Number(q.number),
            })),
            Value::Name(_) | Value::List(_) => {
                let Some(text) = expression(value) else {
                    let expected = "a step, a role, a number or a text";
                    self.complain(errors::wrong_kind(value.span(), expected, title(value)));
                    return None;
                };
                let expr = ast::Expr { text, span: value.span() };
                self.condition(&expr, &[]).map(Operand::Expression)
            }
            Value::Bad(_) => None,
            other => {
                let expected = "a step, a role, a number or a text";
                self.complain(errors::wrong_kind(other.span(), expected, title(other)));
                None
            }
        }
    }

    pub fn history(&mut self, body: &Body<'a>) -> History {
        let Some(option) = self.option("history", body) else { return History::Full };
        match &option.value {
            Value::Name(member) if member.word().is_some() => match member.path.head.text.as_str() {
                "full" => return History::Full,
                "last" => return History::Last(1),
                "none" => return History::None,
                _ => (),
            },
            Value::Tagged { word, payload, .. } if word.word().is_some_and(|word| word.text == "last") => {
                let mut reader = Reader { option: "history", diagnostics: &mut self.judge.diagnostics };
                return History::Last(reader.whole(payload, 1, 1000).unwrap_or(1));
            }
            _ => (),
        }
        self.complain(errors::wrong_value(
            "history",
            option.value.span(),
            "`full`, `last`, `last 4` or `none`",
        ));
        History::Full
    }

    fn max_tokens(&self, body: &Body<'a>) -> Option<MaxTokens> {
        let option = self.option("max_tokens", body)?;
        let own = body.options.iter().any(|other| std::ptr::eq(*other, option));
        silent(|r| r.tokens(&self.literal(option))).map(|tokens| MaxTokens { tokens, own })
    }

    fn tools(&self, body: &Body<'a>) -> Option<Tools> {
        let option = self.option("tools", body)?;
        match silent(|r| r.word(&option.value, options::TOOLS))?.as_str() {
            "pass" => Some(Tools::Pass),
            "show" => Some(Tools::Show),
            _ => Some(Tools::None),
        }
    }

    fn soft(&self, body: &Body<'a>) -> Vec<String> {
        let words = self.option("soft", body).and_then(|option| silent(|r| r.words(&option.value)));
        words.unwrap_or_default().into_iter().map(|(word, _)| word).collect()
    }

    /// Request fields, each once, own ones marked. Deciders and typed calls take nothing for sampling from the layers.
    fn fields(&self, role: CallRole, typed: bool, body: &Body<'a>) -> Vec<Field> {
        const NAMES: &[&str] = &["temperature", "top_p", "seed", "stop", "reasoning_effort", "params"];
        let mut fields: Vec<Field> = Vec::new();
        for name in NAMES {
            let Some(option) = self.option(name, body) else { continue };
            let own = body.options.iter().any(|other| std::ptr::eq(*other, option));
            if !own && options::SAMPLING.contains(name) && (typed || role == CallRole::Decider) {
                continue;
            }
            let Some(json) = silent(|r| r.json(&self.literal(option))) else { continue };
            match (*name, json) {
                ("params", serde_json::Value::Object(map)) => fields
                    .extend(map.into_iter().map(|(name, json)| Field { name, json: json.to_string(), own })),
                (name, json) => fields.push(Field { name: name.to_owned(), json: json.to_string(), own }),
            }
        }
        if !fields.iter().any(|field| field.name == "temperature") {
            let built_in = match role {
                CallRole::Sampled if !typed => Some("0.8"),
                CallRole::Decider => Some("0"),
                _ if typed => Some("0"),
                _ => None,
            };
            fields.extend(built_in.map(|json| Field {
                name: "temperature".to_owned(),
                json: json.to_owned(),
                own: false,
            }));
        }
        fields
    }
}

fn turns(prompt: &PromptDef, binds: &[(String, Operand)]) -> Vec<Turn> {
    let turn = |(role, template): &(TurnRole, crate::template::Template)| Turn {
        role: *role,
        template: template.clone(),
        binds: Some(binds.to_vec()),
    };
    prompt.turns.iter().map(turn).collect()
}

/// Reads a value that was judged before: what is wrong with it has been said.
fn silent<T>(read: impl FnOnce(&mut Reader<'_>) -> Option<T>) -> Option<T> {
    read(&mut Reader { option: "", diagnostics: &mut Vec::new() })
}

/// A value as an expression of the template language; `None` for what has no such form.
fn expression(value: &Value) -> Option<String> {
    Some(match value {
        Value::Name(member) if member.cell.is_none() => {
            let mut text = member.path.head.text.clone();
            for access in &member.path.tail {
                match access {
                    Access::Field(field) => text.push_str(&format!(".{}", field.text)),
                    Access::Index { index, .. } => text.push_str(&format!("[{index}]")),
                }
            }
            if let Some(args) = &member.args {
                let args: Option<Vec<String>> = args.iter().map(|arg| expression(&arg.value)).collect();
                text.push_str(&format!("({})", args?.join(", ")));
            }
            text
        }
        Value::Quantity(q) if q.unit.is_empty() && !q.dollar => q.number.to_string(),
        Value::List(list) => {
            let items: Option<Vec<String>> = list.items.iter().map(expression).collect();
            format!("[{}]", items?.join(", "))
        }
        _ => return None,
    })
}
