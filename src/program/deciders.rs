//! The verbs that choose: `pick`, `score`, `vote`, and the calls that grade.

use crate::syntax::ast::{self, Count, Member as Named, Value};
use crate::template::Data;

use super::block::Body;
use super::call::{Call, CallRole, Operand, Turn};
use super::options::Place;
use super::steps::Steps;
use super::values::Reader;
use super::{Matching, Pick, PickMethod, Score, ScoreMethod, Ties, Verb, Vote, errors};

impl<'a> Steps<'_, '_, 'a> {
    pub fn pick(
        &mut self,
        count: Option<&Count>,
        list: &'a Value,
        by: Option<&'a Value>,
        body: &Body<'a>,
    ) -> Option<Verb> {
        self.judge_options(Place::Pick, body);
        let method = match self.word("method", body).as_deref() {
            Some("score") => PickMethod::Score,
            Some("pairwise") => PickMethod::Pairwise,
            _ => PickMethod::Choose,
        };
        let count = match count {
            Some(count) => Some(self.judge.count(count)?),
            None => None,
        };
        if let (Some(_), PickMethod::Pairwise, Some(option)) = (count, method, self.option("method", body)) {
            self.complain(
                errors::wrong_value(
                    "method",
                    option.value.span(),
                    "`choose` or `score` where several are picked",
                )
                .help("a knockout has one winner"),
            );
        }
        let list = self.answers(list, "pick");
        // The parser has said it where nobody chooses.
        let judges = self.judges(by?, method == PickMethod::Score);
        let mut call = self.call(CallRole::Decider, body);
        let rubric = self.rubric(body);
        let mut ranking = Vec::new();
        if let (PickMethod::Choose, None) = (method, count) {
            ranking = [call.prompt.clone(), self.deciding("rank", &rubric, &[])].concat();
        }
        call.prompt.extend(match (method, count) {
            (PickMethod::Choose, None) => self.deciding("choose", &rubric, &[]),
            (PickMethod::Choose, Some(count)) => self.deciding(
                "choose_some",
                &rubric,
                &[("count", Operand::Constant(Data::Int(i64::from(count))))],
            ),
            (PickMethod::Score, _) => self.grading(&rubric),
            (PickMethod::Pairwise, _) => self.deciding("compare", &rubric, &[]),
        });
        Some(Verb::Pick(Pick { list: list?, method, judges: judges?, call, rubric, count, ranking }))
    }

    pub fn score(&mut self, list: &'a Value, by: &'a Value, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Score, body);
        let method = match self.word("method", body).as_deref() {
            Some("rank") => ScoreMethod::Rank,
            _ => ScoreMethod::Grade,
        };
        let list = self.answers(list, "score");
        let judges = self.judges(by, true);
        let mut call = self.call(CallRole::Decider, body);
        let rubric = self.rubric(body);
        call.prompt.extend(match method {
            ScoreMethod::Grade => self.grading(&rubric),
            ScoreMethod::Rank => self.deciding("rank", &rubric, &[]),
        });
        let skips_own = self.word("own", body).as_deref() == Some("skip");
        Some(Verb::Score(Score { list: list?, method, judges: judges?, call, skips_own }))
    }

    /// The call that grades one answer, for `cascade`: of its options only the rubric is meant for it.
    pub fn grader(&mut self, by: &Named, body: &Body<'a>) -> Option<Call> {
        let model = self.judge.model(by);
        let rubric = self.rubric(body);
        let mut call = self.call(CallRole::Decider, &Body::default());
        call.prompt = self.grading(&rubric);
        Some(Call { model: model?, ..call })
    }

    /// The models that decide; several only where each may have its say.
    fn judges(&mut self, by: &'a Value, several: bool) -> Option<Vec<String>> {
        match by {
            Value::Name(member) if !self.is_panel(by) => self.judge.model(member).map(|model| vec![model]),
            Value::Name(_) | Value::List(_) if several => {
                let judges = self.judge.models(by)?;
                if judges.is_empty() {
                    self.complain(errors::empty_list(by.span()));
                    return None;
                }
                Some(judges)
            }
            Value::Bad(_) => None,
            other => {
                self.complain(
                    errors::wrong_kind(other.span(), "one model that decides", "several")
                        .help("let each of them grade: `method: score`, or `score … by` and `best`"),
                );
                None
            }
        }
    }

    /// Whether a value stands for several models.
    fn is_panel(&self, value: &Value) -> bool {
        let Value::Name(member) = value else { return false };
        let filled = member.word().and_then(|name| self.judge.roles.get(&name.text));
        member.args.is_some()
            || filled.is_some_and(|filled| matches!(filled.role, super::roles::Role::Models(_)))
    }

    fn rubric(&self, body: &Body<'a>) -> String {
        let rubric = body.options.iter().find(|option| option.name.text == "rubric");
        match rubric.map(|option| self.literal(option)).as_deref() {
            Some(Value::Text(text)) => text.value.trim().to_owned(),
            _ => String::new(),
        }
    }

    fn grading(&self, rubric: &str) -> Vec<Turn> {
        let rubric = Operand::Constant(Data::Text(rubric.into()));
        self.prelude("grade", &[("answer", Operand::Shown), ("rubric", rubric)])
    }

    /// A prompt of the prelude about the answers that are shown.
    fn deciding(&self, prompt: &str, rubric: &str, more: &[(&str, Operand)]) -> Vec<Turn> {
        let rubric = Operand::Constant(Data::Text(rubric.into()));
        let mut binds = vec![("answers", Operand::Shown), ("rubric", rubric)];
        binds.extend(more.iter().map(|(name, operand)| (*name, operand.clone())));
        self.prelude(prompt, &binds)
    }

    /// An option's value as a bare word; what is wrong with it has been said.
    pub fn word(&self, name: &str, body: &Body<'a>) -> Option<String> {
        let option = body.options.iter().find(|option| option.name.text == name)?;
        match &option.value {
            Value::Name(member) => member.word().map(|word| word.text.clone()),
            _ => None,
        }
    }

    pub fn vote(&mut self, written: &'a Value, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Vote, body);
        let list = self.answers(written, "vote");
        let mut silent = Vec::new();
        let (mut ties, mut min_share, mut weights) = (Ties::First, 0.0, Vec::new());
        let (mut key, mut matching) = (None, Matching::Text);
        for option in &body.options {
            match option.name.text.as_str() {
                "ties" => ties = self.ties(&option.value).unwrap_or(Ties::First),
                "min_share" => {
                    let mut reader = Reader { option: "min_share", diagnostics: &mut silent };
                    min_share = reader.number(&self.literal(option), 0.0, 1.0).unwrap_or(0.0);
                }
                "weights" => weights = self.weights(&option.value),
                "match" => matching = self.matching(&option.value),
                "key" => key = self.key(&option.value, written),
                _ => (),
            }
        }
        if let Ties::Step(name) = &ties {
            // It is needed only when there is a tie.
            self.mention_quietly(name);
        }
        Some(Verb::Vote(Vote { list: list?, key, matching, ties, min_share, weights }))
    }

    fn key(&mut self, value: &'a Value, list: &'a Value) -> Option<crate::template::Template> {
        let Value::Text(text) = value else { return None };
        let it = self.it_in(list);
        self.unfenced(text, &[it])
    }

    /// `text`, `number`, `similarity(0.8)`
    fn matching(&mut self, value: &Value) -> Matching {
        if let Value::Name(member) = value {
            match (member.path.head.text.as_str(), member.args.as_deref()) {
                ("text", None) => return Matching::Text,
                ("number", None) => return Matching::Number,
                ("similarity", Some([arg])) if arg.name.is_none() => {
                    let mut reader = Reader { option: "match", diagnostics: &mut self.judge.diagnostics };
                    return Matching::Similarity(reader.number(&arg.value, 0.0, 1.0).unwrap_or(1.0));
                }
                _ => (),
            }
        }
        if !matches!(value, Value::Bad(_)) {
            let expected = "`text`, `number` or `similarity(0.8)`";
            self.complain(errors::wrong_value("match", value.span(), expected));
        }
        Matching::Text
    }

    fn ties(&mut self, value: &Value) -> Option<Ties> {
        if let Value::Name(member) = value
            && let Some(word) = member.word()
        {
            match word.text.as_str() {
                "first" => return Some(Ties::First),
                "longest" => return Some(Ties::Longest),
                name if self.kind_of(name) == Some(super::Kind::Answer) => {
                    return Some(Ties::Step(name.to_owned()));
                }
                _ => (),
            }
        }
        self.complain(errors::wrong_value(
            "ties",
            value.span(),
            "`first`, `longest`, or a step that gives one answer",
        ));
        None
    }

    fn weights(&mut self, value: &Value) -> Vec<(String, u32)> {
        let Value::Map(map) = value else {
            self.complain(errors::wrong_value("weights", value.span(), "a map from models to whole numbers"));
            return Vec::new();
        };
        let mut weights = Vec::new();
        for (name, value) in &map.pairs {
            let path = ast::Path { head: name.clone(), tail: Vec::new(), span: name.span };
            let model = self.judge.model(&Named { path, args: None, cell: None, span: name.span });
            let mut reader = Reader { option: "weights", diagnostics: &mut self.judge.diagnostics };
            if let (Some(model), Some(weight)) = (model, reader.whole(value, 0, 1000)) {
                weights.push((model, weight));
            }
        }
        weights
    }
}
