//! From the tree of a test to a test: what it runs, who answers, what it may speak of.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::program::values::Reader;
use crate::program::{Program, errors as program_errors, templates};
use crate::source::{Sources, Span};
use crate::syntax::ast::{self, Entry, Item, Value};
use crate::template::{Data, Expression, Kind};
use crate::upstream::sim::script::Reply;
use crate::upstream::wire::FIELDS_ALLOWED;
use crate::upstream::{Message, Role};

use super::target::{Target, Targets};
use super::{Expect, Test, errors, mock, steps, view};

/// What the client says where a test has no turns.
const QUESTION: &str = "Hello.";

/// Checks every test of the files. `program` is what they say, `None` if it has errors: names are not judged then, since
/// what they mean is not known.
///
/// Tests come in the order of the source, those with mistakes left out.
#[must_use]
pub fn check(
    sources: &Sources,
    files: &[ast::File],
    program: Option<&Program>,
    plans: &[Plan],
) -> (Vec<Test>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let written = files.iter().flat_map(|file| &file.items).filter_map(|item| match item {
        Item::Test(test) => Some(test),
        _ => None,
    });
    let drafts: Vec<Draft<'_>> = written.map(|test| Draft::read(test, &mut found)).collect();
    titles(&drafts, &mut found);
    let Some(_) = program.filter(|_| !drafts.is_empty()) else { return (Vec::new(), found) };
    let mut targets = Targets::new(sources, files, plans);
    let runs: Vec<Option<Target<'_>>> =
        drafts.iter().map(|draft| draft.run.and_then(|run| targets.find(run, &mut found))).collect();
    let techniques = targets.techniques(&mut found);
    let mut tests = Vec::new();
    for (draft, target) in drafts.iter().zip(runs) {
        let plan = match target {
            Some(Target::Handle(plan)) => Some(Arc::new(plan.clone())),
            Some(Target::Technique(number)) => techniques.get(&number).cloned(),
            None => None,
        };
        tests.extend(plan.and_then(|plan| draft.test(sources, plan, &mut found)));
    }
    (tests, found)
}

/// A title is a name: it is given once.
fn titles(drafts: &[Draft<'_>], found: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    for draft in drafts {
        let title = &draft.written.title;
        if let Some(first) = first.get(title.value.as_str()) {
            found.push(program_errors::defined_twice("test", &title.value, title.span, *first));
        } else {
            first.insert(&title.value, title.span);
        }
    }
}

/// A test whose own lines are read, but not yet what its names mean.
struct Draft<'a> {
    written: &'a ast::Test,
    run: Option<&'a ast::Run>,
    messages: Vec<Message>,
    params: Vec<(String, serde_json::Value)>,
    mocks: Vec<(&'a ast::Mock, Vec<Reply>)>,
    expects: Vec<&'a ast::Expr>,
    /// Something in it could not be read.
    partial: bool,
}

// === impl Draft ===

impl<'a> Draft<'a> {
    fn read(written: &'a ast::Test, found: &mut Vec<Diagnostic>) -> Self {
        let mut draft = Self {
            written,
            run: None,
            messages: Vec::new(),
            params: Vec::new(),
            mocks: Vec::new(),
            expects: Vec::new(),
            partial: false,
        };
        let before = found.len();
        for entry in &written.block.entries {
            draft.take(entry, found);
        }
        let title = written.title.span;
        // What could not be read may have been what is missing.
        if !draft.partial && draft.run.is_none() {
            found.push(errors::runs_nothing(title));
        }
        if !draft.partial && draft.expects.is_empty() {
            found.push(errors::expects_nothing(title));
        }
        draft.partial |= found.len() > before;
        if draft.messages.is_empty() {
            draft.messages.push(Message::ours(Role::User, QUESTION));
        }
        draft
    }

    fn take(&mut self, entry: &'a Entry, found: &mut Vec<Diagnostic>) {
        match entry {
            Entry::Run(run) => match self.run {
                Some(first) => found.push(errors::runs_twice(run.span, first.span)),
                None => self.run = Some(run),
            },
            Entry::Mock(written) => match mock::replies(written, found) {
                Some(replies) => self.mocks.push((written, replies)),
                None => self.partial = true,
            },
            Entry::Expect(expression) => self.expects.push(expression),
            Entry::Turn(turn) => {
                let role = match turn.role.text.as_str() {
                    "system" => Role::System,
                    "assistant" => Role::Assistant,
                    _ => Role::User,
                };
                self.messages.push(Message::ours(role, turn.text.value.as_str()));
            }
            Entry::Option(setting) if setting.name.text == "params" => self.params(&setting.value, found),
            Entry::Option(setting) => {
                found.push(program_errors::unknown_option(&setting.name, "a test", &["params"]));
            }
            Entry::Bad(_) => self.partial = true,
            other => found.push(program_errors::misplaced_entry(other, "a test")),
        }
    }

    fn params(&mut self, value: &'a Value, found: &mut Vec<Diagnostic>) {
        let mut reader = Reader { option: "params", diagnostics: found };
        let Value::Map(map) = value else {
            if !matches!(value, Value::Bad(_)) {
                found.push(program_errors::wrong_value(
                    "params",
                    value.span(),
                    "a map such as `{ seed: 7 }`",
                ));
            }
            return;
        };
        let known: Vec<&str> = FIELDS_ALLOWED.iter().copied().chain(["stream", "strict"]).collect();
        for (name, value) in &map.pairs {
            if !known.contains(&name.text.as_str()) {
                reader.diagnostics.push(errors::not_a_field(name.span, &name.text, &known));
            } else if let Some(json) = reader.json(value) {
                if ["stream", "strict"].contains(&name.text.as_str()) && !json.is_boolean() {
                    let wrong = program_errors::wrong_value(&name.text, value.span(), "`true` or `false`");
                    reader.diagnostics.push(wrong);
                }
                self.params.push((name.text.clone(), json));
            }
        }
    }

    /// The test, if everything that it names is there.
    fn test(&self, sources: &Sources, plan: Arc<Plan>, found: &mut Vec<Diagnostic>) -> Option<Test> {
        let before = found.len();
        let run = self.run?.span;
        let mocks = mock::assign(&plan, self.mocks.clone(), found);
        let expects: Vec<Expect> =
            self.expects.iter().filter_map(|written| expect(&plan, written, found)).collect();
        if self.partial || found.len() > before {
            return None;
        }
        let flag = |name: &str| self.params.iter().any(|(field, json)| field == name && *json == true);
        let raw =
            |json: &serde_json::Value| serde_json::value::to_raw_value(json).expect("JSON stays JSON").into();
        Some(Test {
            title: self.written.title.value.clone(),
            span: self.written.title.span,
            place: sources.place(self.written.title.span),
            run,
            plan,
            messages: self.messages.clone(),
            fields: self
                .params
                .iter()
                .filter(|(name, _)| name != "stream" && name != "strict")
                .map(|(name, json)| (name.clone(), raw(json)))
                .collect(),
            stream: flag("stream"),
            strict: flag("strict"),
            mocks,
            expects,
        })
    }
}

/// An expression whose names, fields and steps are all there.
fn expect(plan: &Plan, written: &ast::Expr, found: &mut Vec<Diagnostic>) -> Option<Expect> {
    let names = steps::names(plan).into_iter().chain(view::WORDS.iter().copied());
    let mut visible: Vec<(String, Kind)> = names.map(|name| (name.to_owned(), Kind::Any)).collect();
    let constants: &[(String, Data)] = &plan.frames[0].constants;
    visible.extend(constants.iter().map(|(name, _)| (name.clone(), Kind::Any)));
    let before = found.len();
    let (expression, _) = templates::expression(written, &visible, found)?;
    let expect = Expect { span: written.span, expression };
    fields(plan, &expect, found);
    (found.len() == before).then_some(expect)
}

/// Every field that is read of a step, a part of a step, or the error.
fn fields(plan: &Plan, expect: &Expect, found: &mut Vec<Diagnostic>) {
    for reading in Expression::readings(&expect.expression) {
        let (head, rest) = reading.words.split_first().expect("a reading begins with a name");
        let mut bases = steps::named(plan, &head.text).into_iter().map(str::to_owned).collect::<Vec<_>>();
        if bases.is_empty() && head.text == "error" {
            if let Some(word) = rest.first().filter(|word| !view::ERROR_FIELDS.contains(&word.text.as_str()))
            {
                let place = expect.place(&word.range);
                found.push(program_errors::unknown_field("`error`", &word.text, place, view::ERROR_FIELDS));
            }
            continue;
        }
        for word in rest {
            // A number in brackets counts the answers that there are: what it gives has the fields of a step.
            if bases.is_empty() || word.is_index {
                continue;
            }
            let deeper: Vec<String> = bases.iter().map(|base| format!("{base}.{}", word.text)).collect();
            if deeper.iter().any(|base| steps::is_known(plan, base)) {
                bases = deeper;
                continue;
            }
            if !view::STEP_FIELDS.contains(&word.text.as_str()) {
                let place = expect.place(&word.range);
                found.push(program_errors::unknown_field("a step", &word.text, place, view::STEP_FIELDS));
            }
            // What a value holds is not known before it is there.
            break;
        }
    }
}
