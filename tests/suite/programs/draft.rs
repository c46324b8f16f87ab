//! Random steps and random days, as text. A draft holds numbers; they become names once it is known which there are.

mod compound;

use std::fmt::Write;

use proptest::prelude::*;

/// `c` takes one call at a time.
const MODELS: [&str; 4] = ["a", "b", "c", "d"];

const HEAD: &str = r#"model a { context: 32k, max_output: 4k, price: $1 / $2 }
model b { context: 64k, max_output: 300, price: $3 / $9 }
model c { context: 32k, max_output: 4k, concurrency: 1 }
model d { context: 32k, max_output: 4k }
tier s { }
profile high { }

technique pair(one: model, two: model) {
  both = parallel [one, two]
  reply = merge both by one
}

technique again(one: model) {
  once = ask one { retries: 1 }
  reply = ask one { prompt: """Again: <once>{{ once }}</once>""" } else once
}

technique some(one: model) {
  reply = sample 2 of one
}

ensemble x {
  timeout: 40s
"#;

const FAULTS: [&str; 15] = [
    "busy",
    "unwell",
    "rejected",
    "refused",
    "reset",
    "silence",
    "cut",
    "ended-early",
    "stall",
    "broke-off",
    "garbage",
    "malformed-chunk",
    "no-choices",
    "empty",
    "other-model",
];

#[derive(Clone, Copy, Debug)]
enum Verb {
    Ask,
    Parallel,
    Sample,
    Merge,
    Pick,
    Vote,
    Text,
    First,
    Last,
    Head,
    Index,
    Concat,
    /// Another step under this name.
    Name,
    Score,
    Rank,
    Best,
    BestOf,
    PickSome,
    PickByScore,
    Pairwise,
    KeyedVote,
    Route,
    Cascade,
    Race,
    Repeat,
    Each,
    Named,
    Over,
    Technique,
}

#[derive(Clone, Copy, Debug)]
enum Else {
    Nothing,
    Ask,
    Text,
    /// An earlier step.
    Step,
    /// Two, one after the other.
    Twice,
}

/// One step. Numbers are taken modulo what there is to choose from.
#[derive(Clone, Debug)]
pub struct Draft {
    verb: Verb,
    models: Vec<usize>,
    mentions: Vec<usize>,
    count: usize,
    fallback: Else,
    options: Options,
}

#[derive(Clone, Debug)]
struct Options {
    /// Whatever else there is to choose.
    way: usize,
    retries: Option<u8>,
    timeout_s: Option<u8>,
    first_token_s: Option<u8>,
    max_tokens: Option<u16>,
    need: Option<usize>,
    grace_s: Option<u8>,
    prompt: bool,
    returns: bool,
    accept: bool,
    skip: bool,
    soft: bool,
    history_none: bool,
}

/// A step that stands, and what it gives.
struct Step {
    name: String,
    is_list: bool,
    is_used: bool,
    /// The list of models that it was written with.
    panel: Option<String>,
}

/// The right side of a step.
struct Line {
    text: String,
    is_list: bool,
    panel: Option<String>,
}

pub fn drafts() -> impl Strategy<Value = Draft> {
    use Verb::*;
    let verbs = vec![
        Ask,
        Ask,
        Parallel,
        Parallel,
        Sample,
        Merge,
        Pick,
        Vote,
        Text,
        First,
        Last,
        Head,
        Index,
        Concat,
        Name,
        Name,
        Score,
        Rank,
        Best,
        BestOf,
        PickSome,
        PickByScore,
        Pairwise,
        KeyedVote,
        Route,
        Route,
        Cascade,
        Cascade,
        Race,
        Race,
        Repeat,
        Repeat,
        Each,
        Each,
        Named,
        Over,
        Technique,
        Technique,
    ];
    let elses = vec![Else::Nothing, Else::Nothing, Else::Ask, Else::Text, Else::Step, Else::Twice];
    (
        prop::sample::select(verbs),
        prop::collection::vec(0..64_usize, 3),
        prop::collection::vec(0..64_usize, 0..3),
        1..4_usize,
        prop::sample::select(elses),
        options(),
    )
        .prop_map(|(verb, models, mentions, count, fallback, options)| Draft {
            verb,
            models,
            mentions,
            count,
            fallback,
            options,
        })
}

fn options() -> impl Strategy<Value = Options> {
    let limits = (
        prop::option::of(0..3_u8),
        prop::option::weighted(0.3, 1..30_u8),
        prop::option::weighted(0.2, 1..9_u8),
        prop::option::weighted(0.3, 5..200_u16),
        prop::option::of(0..4_usize),
        prop::option::weighted(0.3, 0..5_u8),
    );
    let rare = || prop::bool::weighted(0.2);
    (limits, any::<bool>(), rare(), rare(), rare(), rare(), rare(), 0..64_usize).prop_map(
        |(limits, prompt, returns, accept, skip, soft, history_none, way)| {
            let (retries, timeout_s, first_token_s, max_tokens, need, grace_s) = limits;
            Options {
                way,
                retries,
                timeout_s,
                first_token_s,
                max_tokens,
                need,
                grace_s,
                prompt,
                returns,
                accept,
                skip,
                soft,
                history_none,
            }
        },
    )
}

/// What each model does, call by call.
pub fn scripts() -> impl Strategy<Value = String> {
    let fault = prop::option::weighted(0.45, prop::sample::select(FAULTS.to_vec()));
    let texts = [
        "yes".to_owned(),
        "no".to_owned(),
        "2".to_owned(),
        "1 & <b>".to_owned(),
        "Lorem ipsum, dolor. ".repeat(150),
        "漢字かな交じり文".repeat(40),
    ];
    let text = prop::option::weighted(0.7, prop::sample::select(texts.to_vec()));
    let delay = prop::sample::select(vec![0_u32, 0, 10, 700, 4_000, 25_000]);
    let wait = prop::option::weighted(0.2, 1..12_u8);
    let reply = (fault, text, delay, wait, 0..4_usize).prop_map(|(fault, text, delay_ms, wait, tokens)| {
        let mut reply = format!("{{ delay_ms = {delay_ms}, token_ms = 3, after_tokens = {tokens}");
        for (name, value) in [("fault", fault.map(str::to_owned)), ("text", text)] {
            if let Some(value) = value {
                let _ = write!(reply, ", {name} = {value:?}");
            }
        }
        if let Some(wait) = wait {
            let _ = write!(reply, ", retry_after = \"{wait}\"");
        }
        reply + " }"
    });
    prop::collection::vec(prop::collection::vec(reply, 1..4), MODELS.len()).prop_map(|models| {
        let mut toml = String::new();
        for (name, replies) in MODELS.iter().zip(models) {
            let _ = writeln!(toml, "[model.{name}]\nreply = [{}]", replies.join(", "));
        }
        toml
    })
}

// === impl Draft ===

impl Draft {
    /// The steps in order; the last one becomes the reply and uses all that nobody else does.
    pub fn program(drafts: &[Self], last: &Self) -> String {
        let mut steps: Vec<Step> = Vec::new();
        let mut text = HEAD.to_owned();
        for (index, draft) in drafts.iter().enumerate() {
            let name = format!("s{index}");
            let Line { text: line, is_list, panel } = draft.line(&mut steps, Some(index));
            let _ = writeln!(text, "  {name} = {line}");
            steps.push(Step { name, is_list, is_used: false, panel });
        }
        let line = match last.compound_reply(&mut steps, &mut text) {
            Some(line) => line,
            None => last.line(&mut steps, None),
        };
        assert!(!line.is_list, "a reply is one answer");
        let _ = write!(text, "  reply = {}\n}}\n", line.text);
        text
    }

    /// The right side of step `index`, or of the reply.
    fn line(&self, steps: &mut [Step], index: Option<usize>) -> Line {
        if let Some(index) = index
            && let Some(line) = self.compound(steps, index)
        {
            return line;
        }
        let panel = matches!(self.verb, Verb::Parallel).then(|| format!("[{}]", self.panel().join(", ")));
        let (text, is_list) = self.simple(steps, index.is_none());
        Line { text, is_list, panel: panel.filter(|_| index.is_some()) }
    }

    /// The right side of a verb that makes at most one kind of call, and whether it gives a list.
    fn simple(&self, steps: &mut [Step], is_reply: bool) -> (String, bool) {
        let list = self.list(steps, is_reply);
        let model = MODELS[self.models[0] % MODELS.len()];
        let list_or = |with: fn(&str, &str) -> String| list.as_ref().map(|list| with(list, model));
        let verb = if self.is_compound() { Verb::Ask } else { self.verb };
        let wants_list = !matches!(verb, Verb::Ask | Verb::Parallel | Verb::Sample | Verb::Text);
        let verb = match verb {
            // Where there is nothing to work on yet, somebody is asked.
            _ if wants_list && list.is_none() => Verb::Ask,
            Verb::Parallel | Verb::Sample | Verb::Head | Verb::Concat if is_reply => Verb::Merge,
            Verb::Ask if is_reply && list.is_some() => Verb::Merge,
            verb => verb,
        };
        let (line, is_list) = match verb {
            Verb::Merge => (list_or(|list, model| format!("merge {list} by {model}")), false),
            Verb::Pick => (list_or(|list, model| format!("pick {list} by {model}")), false),
            Verb::Vote => (list_or(|list, _| format!("vote {list}")), false),
            Verb::First => (list_or(|list, _| format!("first({list})")), false),
            Verb::Last => (list_or(|list, _| format!("last({list})")), false),
            Verb::Index => {
                (list_or(|list, _| format!("{list}[0]")).filter(|list| !list.starts_with('[')), false)
            }
            Verb::Name => {
                let drawn = self.mentioned(steps, is_reply);
                let only = [Some(&drawn), None][usize::from(drawn.len() != 1)];
                let step = only.map(|drawn| &steps[drawn[0]]).filter(|step| !step.is_list);
                (step.map(|step| step.name.clone()), false)
            }
            Verb::Head => (list.as_ref().map(|list| format!("first({}, {list})", self.count)), true),
            Verb::Concat => (list.as_ref().map(|list| format!("concat({list}, {list})")), true),
            Verb::Parallel => (Some(format!("parallel [{}]", self.panel().join(", "))), true),
            Verb::Sample => (Some(format!("sample {} of {model}", self.count)), true),
            Verb::Text => (Some(format!("text \"\"\"Said: {}\"\"\"", self.printed(steps, is_reply))), false),
            _ => (Some(format!("ask {model}")), false),
        };
        let (verb, line) = match line {
            Some(line) => (verb, line),
            // An index needs a step's name.
            None => (Verb::First, format!("first({})", list.as_deref().unwrap_or("[]"))),
        };
        if list.is_some() && wants_list {
            self.mentioned(steps, is_reply).into_iter().for_each(|at| steps[at].is_used = true);
        }
        if is_reply {
            steps.iter_mut().for_each(|step| step.is_used = true);
        }
        let block = self.block(verb, steps);
        let fallback = if is_list { String::new() } else { self.fallback(steps) };
        let fallback = match fallback.as_str() {
            "" if is_reply && block.contains("skip when") => " else text \"\"\"nothing\"\"\"".to_owned(),
            _ => fallback,
        };
        (format!("{line}{block}{fallback}"), is_list)
    }

    /// Steps that it works on, by index: those drawn, and for the reply all that are left over.
    fn mentioned(&self, steps: &[Step], is_reply: bool) -> Vec<usize> {
        let drawn = self.mentions.iter().filter(|_| !steps.is_empty()).map(|at| at % steps.len());
        let left = (0..steps.len()).filter(|&at| is_reply && !steps[at].is_used);
        let mut at: Vec<usize> = drawn.chain(left).collect();
        at.sort_unstable();
        at.dedup();
        at
    }

    fn list(&self, steps: &[Step], is_reply: bool) -> Option<String> {
        let at = self.mentioned(steps, is_reply);
        match at.as_slice() {
            [] => None,
            [only] if steps[*only].is_list => Some(steps[*only].name.clone()),
            _ => Some(format!(
                "[{}]",
                at.iter().map(|&at| steps[at].name.as_str()).collect::<Vec<_>>().join(", ")
            )),
        }
    }

    /// A template that prints what it mentions.
    fn printed(&self, steps: &mut [Step], is_reply: bool) -> String {
        let mut text = "well".to_owned();
        for at in self.mentioned(steps, is_reply) {
            let name = &steps[at].name;
            let _ = match steps[at].is_list {
                true => write!(text, " {{% for e in {name} %}}<e>{{{{ e }}}}</e>{{% endfor %}}"),
                false => write!(text, " <one>{{{{ {name} }}}}</one>"),
            };
            steps[at].is_used = true;
        }
        text
    }

    fn panel(&self) -> Vec<&'static str> {
        let mut panel: Vec<&str> =
            self.models.iter().take(self.count).map(|at| MODELS[at % MODELS.len()]).collect();
        panel.sort_unstable();
        panel.dedup();
        panel
    }

    fn block(&self, verb: Verb, steps: &mut [Step]) -> String {
        let o = &self.options;
        let mut lines: Vec<String> = Vec::new();
        match verb {
            Verb::Ask | Verb::Parallel | Verb::Sample | Verb::Merge | Verb::Pick => {
                lines.extend(o.retries.map(|n| format!("retries: {n}")));
                lines.extend(o.timeout_s.map(|n| format!("timeout: {n}s")));
                lines.extend(o.max_tokens.map(|n| format!("max_tokens: {n}")));
                if o.soft {
                    lines.push("reasoning_effort: low, soft: [reasoning_effort]".to_owned());
                }
            }
            Verb::Vote => {
                let tie = steps.iter_mut().filter(|step| !step.is_list).nth(self.count - 1);
                if let Some(step) = tie {
                    step.is_used = true;
                    lines.push(format!("ties: {}", step.name));
                }
            }
            _ => (),
        }
        if matches!(verb, Verb::Ask | Verb::Parallel | Verb::Sample) {
            lines.extend(o.first_token_s.map(|n| format!("first_token: {n}s")));
            if o.returns {
                lines.push("returns: one_of [yes, no]".to_owned());
            }
            if o.prompt {
                lines.push(format!("prompt: \"\"\"{}\"\"\"", self.printed(steps, false)));
            }
            if o.history_none && o.prompt {
                lines.push("history: none".to_owned());
            }
            if o.accept {
                lines.push("accept when it.text | length > 2".to_owned());
            }
        }
        if matches!(verb, Verb::Ask) && o.skip {
            lines.push("skip when request.tokens > 50".to_owned());
        }
        let members = match verb {
            Verb::Parallel => self.panel().len(),
            Verb::Sample => self.count,
            _ => 0,
        };
        if members > 0 {
            lines.extend(o.need.map(|need| format!("need: {}", need.min(members))));
            lines.extend(o.grace_s.map(|n| format!("grace: {n}s")));
        }
        if lines.is_empty() { String::new() } else { format!(" {{\n    {}\n  }}", lines.join("\n    ")) }
    }

    fn fallback(&self, steps: &mut [Step]) -> String {
        let model = MODELS[self.models[1] % MODELS.len()];
        match self.fallback {
            Else::Nothing => String::new(),
            Else::Ask => format!(" else ask {model} {{ }}"),
            Else::Text => " else text \"\"\"no\"\"\"".to_owned(),
            Else::Twice => format!(" else ask {model} {{ retries: 1 }} else text \"\"\"no\"\"\""),
            Else::Step => match steps.iter_mut().find(|step| !step.is_list) {
                Some(step) => {
                    step.is_used = true;
                    format!(" else {}", step.name)
                }
                None => String::new(),
            },
        }
    }
}
