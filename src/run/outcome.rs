//! What a node gave.

use std::sync::Arc;

use crate::template::{Answer, Data, Group, Part};
use crate::upstream::{Completion, Message};

use super::errors::Why;
use super::shape::Shape;

/// The end of a node, shared by everything that mentions it.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub output: Output,
    /// Calls that stood one behind the other until here.
    pub waves: u32,
}

#[derive(Clone, Debug)]
pub enum Output {
    One(Arc<Reply>),
    Many(Arc<Many>),
    Data(Value),
    /// What the calls of an inlined ensemble see instead of the client's messages.
    Conversation(Arc<[Message]>),
    Skipped,
    Failed(Why),
}

/// Several answers.
#[derive(Clone, Debug, Default)]
pub struct Many {
    /// By place, as written, lists inside flattened; `None` for what failed, was skipped or cancelled.
    pub replies: Vec<Option<Arc<Reply>>>,
    /// By member, as written: which of the answers are its own.
    pub parts: Vec<Part>,
    /// By member, what it is called; empty if they have no names.
    pub names: Arc<[String]>,
    /// Places of answers that are missing because they failed, and why.
    pub errors: Vec<(usize, String)>,
}

/// A value that no model gave: an item of a list, whether a loop stops.
#[derive(Clone, Debug)]
pub struct Value {
    pub data: Data,
    /// As an answer, where an item is used as one.
    pub reply: Option<Arc<Reply>>,
}

/// An answer with where it came from.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Id of the node that made it.
    pub step: Arc<str>,
    /// Name of the model; none for a text.
    pub model: Option<Arc<str>>,
    pub completion: Completion,
    /// As templates see it.
    pub view: Arc<Answer>,
    /// Its tokens went to the client as they came.
    pub streamed: bool,
}

// === impl Outcome ===

impl Outcome {
    pub fn new(output: Output, waves: u32) -> Self {
        Self { output, waves }
    }
}

// === impl Output ===

impl Output {
    /// Answers that stand side by side, each its own part.
    pub fn list(replies: impl IntoIterator<Item = Arc<Reply>>) -> Self {
        let replies: Vec<_> = replies.into_iter().map(Some).collect();
        let parts = (0..replies.len()).map(Part::One).collect();
        Self::Many(Arc::new(Many { replies, parts, ..Many::default() }))
    }

    /// The successes, in order.
    pub fn replies(&self) -> Vec<Arc<Reply>> {
        match self {
            Self::One(reply) => vec![Arc::clone(reply)],
            Self::Many(many) => many.replies.iter().flatten().cloned().collect(),
            Self::Data(value) => value.reply.iter().cloned().collect(),
            Self::Conversation(_) | Self::Skipped | Self::Failed(_) => Vec::new(),
        }
    }

    /// What `with` makes of each answer. One that it turns down drops out of several; the only one, or the last, fails.
    pub fn each(self, with: impl Fn(Arc<Reply>) -> Result<Arc<Reply>, Why>) -> Self {
        match self {
            Self::One(reply) => with(reply).map_or_else(Self::Failed, Self::One),
            Self::Many(many) => {
                let mut many = (*many).clone();
                let mut last = None;
                for (at, place) in many.replies.iter_mut().enumerate() {
                    match place.take().map(&with) {
                        Some(Ok(reply)) => *place = Some(reply),
                        Some(Err(why)) => {
                            many.errors.push((at, why.to_string()));
                            last = Some(why);
                        }
                        None => (),
                    }
                }
                match last {
                    Some(why) if many.replies.iter().all(Option::is_none) => Self::Failed(why),
                    _ => Self::Many(Arc::new(many)),
                }
            }
            Self::Data(Value { reply: Some(reply), data }) => match with(Arc::clone(&reply)) {
                Ok(_) => Self::Data(Value { reply: Some(reply), data }),
                Err(why) => Self::Failed(why),
            },
            other => other,
        }
    }

    /// Whether there is something to go on with.
    pub fn is_success(&self) -> bool {
        !matches!(self, Self::Skipped | Self::Failed(_))
    }

    /// As templates see it; what failed or was skipped is the empty answer, or the empty list where several were expected.
    pub fn data(&self, expected: &Shape) -> Data {
        match self {
            Self::One(reply) => Data::Answer(Arc::clone(&reply.view)),
            Self::Many(many) => many.data(),
            Self::Data(value) => value.data.clone(),
            Self::Conversation(_) => Data::None,
            Self::Skipped | Self::Failed(_) => match expected {
                Shape::One => {
                    let error = if let Self::Failed(why) = self { Some(why.to_string()) } else { None };
                    Data::Answer(Arc::new(Answer { error, ..Answer::default() }))
                }
                Shape::Many => Data::Answers(Arc::default()),
                Shape::Named(names) => {
                    Data::Group(Group { answers: Arc::default(), names: Arc::clone(names) })
                }
            },
        }
    }
}

// === impl Many ===

impl Many {
    /// What each member gave, in the order as written; `lists` says of a member whether it gives several answers. What gave
    /// none keeps one empty place, or is an empty part where several were expected.
    pub fn of_members<'a>(
        members: impl IntoIterator<Item = (Option<&'a Output>, bool)>,
        names: Arc<[String]>,
    ) -> Self {
        let mut many = Self { names, ..Self::default() };
        for (output, is_list) in members {
            let from = many.replies.len();
            match output {
                Some(Output::Many(inner)) => many.replies.extend(inner.replies.iter().cloned()),
                Some(output) if output.is_success() => {
                    many.replies.extend(output.replies().into_iter().map(Some));
                }
                _ if is_list => (),
                missing => {
                    if let Some(Output::Failed(why)) = missing {
                        many.errors.push((from, why.to_string()));
                    }
                    many.replies.push(None);
                }
            }
            let is_one = !is_list && many.replies.len() == from + 1;
            many.parts.push(if is_one { Part::One(from) } else { Part::Many(from..many.replies.len()) });
        }
        many
    }

    /// The same places with other answers in them.
    pub fn map(&self, with: impl FnMut(&Arc<Reply>) -> Arc<Reply>) -> Self {
        let mut with = with;
        let replies = self.replies.iter().map(|reply| reply.as_ref().map(&mut with)).collect();
        Self { replies, ..self.clone() }
    }

    /// What the member at this place gave; `None` if there is no such member or it gave nothing.
    pub fn member(&self, place: usize) -> Option<Output> {
        match self.parts.get(place)? {
            Part::One(at) => self.replies.get(*at)?.clone().map(Output::One),
            Part::Many(range) => Some(Output::list(self.replies[range.clone()].iter().flatten().cloned())),
        }
    }

    /// What all members but the one at this place gave, in order.
    pub fn others(&self, place: usize) -> Output {
        let is_mine = |at: usize| match self.parts.get(place) {
            Some(Part::One(mine)) => at == *mine,
            Some(Part::Many(range)) => range.contains(&at),
            None => false,
        };
        let others = self.replies.iter().enumerate().filter(|(at, _)| !is_mine(*at));
        Output::list(others.filter_map(|(_, reply)| reply.clone()))
    }

    fn data(&self) -> Data {
        let view = |(at, reply): (usize, &Option<Arc<Reply>>)| match reply {
            Some(reply) => Arc::clone(&reply.view),
            None => {
                let error = self.errors.iter().find(|(place, _)| *place == at).map(|(_, why)| why.clone());
                Arc::new(Answer { error, ..Answer::default() })
            }
        };
        let answers = Arc::new(self.replies.iter().enumerate().map(view).collect::<Vec<_>>());
        if self.names.is_empty() {
            return Data::Answers(answers);
        }
        let names = self.names.iter().cloned().zip(self.parts.iter().cloned()).collect();
        Data::Group(Group { answers, names })
    }
}

// === impl Reply ===

impl Reply {
    /// A text that no model gave.
    pub fn text(step: impl Into<Arc<str>>, text: String) -> Self {
        let view = Answer { present: true, text: text.as_str().into(), fits: true, ..Answer::default() };
        let completion = Completion { text, finish_reason: "stop".to_owned(), ..Completion::default() };
        Self { step: step.into(), model: None, completion, view: Arc::new(view), streamed: false }
    }

    /// The same answer with the value that was read from it.
    pub fn read_as(&self, text: String, value: Data) -> Self {
        let view = Answer { text: text.as_str().into(), value: Some(value), ..(*self.view).clone() };
        let completion = Completion { text, ..self.completion.clone() };
        Self { completion, view: Arc::new(view), ..self.clone() }
    }

    /// The same answer with a score.
    pub fn scored(&self, score: f64) -> Self {
        let view = Answer { score: Some(score), ..(*self.view).clone() };
        Self { view: Arc::new(view), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Output {
        Output::One(Arc::new(Reply::text(text, text.to_owned())))
    }

    fn steps(output: &Output) -> Vec<String> {
        output.replies().iter().map(|reply| reply.step.to_string()).collect()
    }

    #[test]
    fn members_keep_their_places_and_their_names() {
        let list = Output::list([one("b1"), one("b2")].iter().flat_map(Output::replies));
        let (a, skipped) = (one("a"), Output::Skipped);
        let members = [(Some(&a), false), (Some(&list), true), (Some(&skipped), false), (None, true)];
        let names = ["a", "b", "c", "d"].map(str::to_owned).into();
        let many = Many::of_members(members, names);
        assert_eq!(many.parts, [Part::One(0), Part::Many(1..3), Part::One(3), Part::Many(4..4)]);
        assert_eq!(many.member(0).map(|output| steps(&output)), Some(vec!["a".to_owned()]));
        assert_eq!(many.member(1).map(|output| steps(&output)), Some(vec!["b1".to_owned(), "b2".to_owned()]));
        assert!(many.member(2).is_none() && many.member(9).is_none());
        assert_eq!(steps(&many.others(1)), ["a"]);
        assert_eq!(steps(&many.others(2)), ["a", "b1", "b2"]);
    }
}
