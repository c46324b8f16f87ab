//! Verbs that are made of others.

use std::fmt::Write;

use super::{Draft, Line, MODELS, Step, Verb};

// === impl Draft ===

impl Draft {
    pub(super) fn is_compound(&self) -> bool {
        use Verb::{
            Best, BestOf, Cascade, Each, KeyedVote, Named, Over, Pairwise, PickByScore, PickSome, Race, Rank,
            Repeat, Route, Score, Technique,
        };
        matches!(
            self.verb,
            Score
                | Rank
                | Best
                | BestOf
                | PickSome
                | PickByScore
                | Pairwise
                | KeyedVote
                | Route
                | Cascade
                | Race
                | Repeat
                | Each
                | Named
                | Over
                | Technique
        )
    }

    /// A reply that streams, or goes round. What is left over goes into one step that it uses, written before it.
    pub(super) fn compound_reply(&self, steps: &mut Vec<Step>, text: &mut String) -> Option<Line> {
        let is_one = match self.verb {
            Verb::Route | Verb::Cascade | Verb::Race => true,
            Verb::Repeat => !self.mentions.is_empty(),
            Verb::Technique => self.options.way % 3 < 2 && !self.options.history_none,
            _ => false,
        };
        let left: Vec<String> =
            steps.iter().filter(|step| !step.is_used).map(|step| step.name.clone()).collect();
        if !is_one || left.is_empty() {
            return None;
        }
        let _ = writeln!(text, "  left = merge [{}] by {}", left.join(", "), self.model(1));
        steps.clear();
        steps.push(Step { name: "left".to_owned(), is_list: false, is_used: false, panel: None });
        let mut line = self.compound(steps, 99)?;
        if matches!(self.verb, Verb::Technique) {
            line.text.push_str(" else left");
        }
        Some(line)
    }

    /// The right side of step `index`; `None` if the verb is none of these, or finds nothing to work on.
    pub(super) fn compound(&self, steps: &mut [Step], index: usize) -> Option<Line> {
        let one = |text: String| Some(Line { text, is_list: false, panel: None });
        let many = |text: String| Some(Line { text, is_list: true, panel: None });
        let (model, other) = (self.model(0), self.model(1));
        let calls = self.calls();
        match self.verb {
            Verb::Score => {
                let judges = if self.way(0, 2) { model.to_owned() } else { format!("[{model}, {other}]") };
                let own = if self.way(1, 3) { "\n    own: skip" } else { "" };
                many(format!("score {} by {judges} {{{calls}{own}\n  }}", self.taken(steps)?))
            }
            Verb::Rank => many(format!(
                "score {} by [{model}, {other}] {{{calls}\n    method: rank, own: skip\n  }}",
                self.taken(steps)?
            )),
            Verb::Best => one(format!("best({})", self.taken(steps)?)),
            Verb::BestOf => many(format!("best({}, {})", self.count, self.taken(steps)?)),
            Verb::PickSome => {
                many(format!("pick {} of {} by {model} {{{calls}\n  }}", self.count, self.taken(steps)?))
            }
            Verb::PickByScore => {
                one(format!("pick {} by {model} {{{calls}\n    method: score\n  }}", self.taken(steps)?))
            }
            Verb::Pairwise => {
                one(format!("pick {} by {model} {{{calls}\n    method: pairwise\n  }}", self.taken(steps)?))
            }
            Verb::KeyedVote => {
                let key = [
                    r#"key: """{{ it | lower | trim }}""""#,
                    r#"key: """{{ it.json.there }}""""#,
                    "match: number",
                    "match: similarity(0.5)",
                ];
                one(format!(
                    "vote {} {{\n    {}\n  }}",
                    self.taken(steps)?,
                    key[self.options.way % key.len()]
                ))
            }
            Verb::Route => one(self.route(steps)),
            Verb::Cascade => one(self.cascade(steps)),
            Verb::Race => one(self.race(steps)),
            Verb::Repeat => self.repeat(steps, index),
            Verb::Each => Some(self.each(steps, index)),
            Verb::Named => many(self.named(index)),
            Verb::Over => self.over(steps),
            Verb::Technique => match self.options.way % 3 {
                0 => one(format!("pair(one: {model}, two: {other}){}", self.conversation(steps))),
                1 => one(format!("again(one: {model}){}", self.conversation(steps))),
                _ => many(format!("some(one: {model})")),
            },
            _ => None,
        }
    }

    fn model(&self, at: usize) -> &'static str {
        // Not twice the same: a list of models has each once.
        let first = self.models[0] % MODELS.len();
        MODELS[(first + at + usize::from(at > 0) * (self.models[1] % (MODELS.len() - 1))) % MODELS.len()]
    }

    /// Whether the die fell so.
    fn way(&self, shift: u32, of: usize) -> bool {
        (self.options.way >> shift).is_multiple_of(of)
    }

    /// Options that every call takes.
    fn calls(&self) -> String {
        let o = &self.options;
        let mut text = String::new();
        for option in [
            o.retries.map(|n| format!("retries: {n}")),
            o.timeout_s.map(|n| format!("timeout: {n}s")),
            o.max_tokens.map(|n| format!("max_tokens: {n}")),
        ]
        .into_iter()
        .flatten()
        {
            text.push_str("\n    ");
            text.push_str(&option);
        }
        text
    }

    /// What it works on, from now on used.
    fn taken(&self, steps: &mut [Step]) -> Option<String> {
        let list = self.list(steps, false)?;
        self.mentioned(steps, false).into_iter().for_each(|at| steps[at].is_used = true);
        Some(list)
    }

    /// An earlier step that gives one answer.
    fn single<'s>(&self, steps: &'s mut [Step]) -> Option<&'s mut Step> {
        let at = self.mentions.first().copied().unwrap_or_default();
        let singles = steps.iter().filter(|step| !step.is_list).count();
        let step = steps.iter_mut().filter(|step| !step.is_list).nth(at.checked_rem(singles)?)?;
        step.is_used = true;
        Some(step)
    }

    fn conversation(&self, steps: &mut [Step]) -> String {
        match self.options.history_none {
            true => format!(
                " {{\n    history: none\n    prompt: \"\"\"{}\"\"\"\n  }}",
                self.printed(steps, false)
            ),
            false => String::new(),
        }
    }

    fn route(&self, steps: &mut [Step]) -> String {
        let (model, other) = (self.model(0), self.model(1));
        let step = self.single(steps).map_or_else(|| format!("ask {model}"), |step| step.name.clone());
        let fallback = if self.way(3, 2) { " else text \"\"\"no\"\"\"" } else { "" };
        format!(
            "route by {other} {{{}\n    when request.tokens > 50 -> {step}\n    yes \"agrees\" -> ask {model}\n    \
             no \"differs\" -> pair(one: {other}, two: {model})\n    else -> {step} else ask {other} {{ }}\n  }}{fallback}",
            self.calls()
        )
    }

    fn cascade(&self, steps: &mut [Step]) -> String {
        let (model, other) = (self.model(0), self.model(1));
        let rungs = match self.single(steps).map(|step| step.name.clone()) {
            Some(step) => format!("[{step}, {model}, {other}]"),
            None => format!("[{model}, again(one: {other})]"),
        };
        let fallback = if self.way(2, 2) { " else text \"\"\"no\"\"\"" } else { "" };
        match self.way(0, 3) {
            true => format!(
                "cascade {rungs} {{{}\n    accept when it.text | length > 3\n  }}{fallback}",
                self.calls()
            ),
            false => {
                format!("cascade {rungs} by {other} {{{}\n    accept: 0.2\n  }}{fallback}", self.calls())
            }
        }
    }

    fn race(&self, steps: &mut [Step]) -> String {
        let (model, other) = (self.model(0), self.model(1));
        let last = match self.single(steps).map(|step| step.name.clone()) {
            Some(step) => step,
            None => format!("pair(one: {other}, two: {model})"),
        };
        let fallback = if self.way(2, 2) { " else text \"\"\"no\"\"\"" } else { "" };
        format!(
            "race [{model}, {other} after 1s, {last} after {}s] {{{}\n  }}{fallback}",
            self.count,
            self.calls()
        )
    }

    fn repeat(&self, steps: &mut [Step], index: usize) -> Option<Line> {
        let (model, other) = (self.model(0), self.model(1));
        let (most, calls) = (self.count, self.calls());
        let at = self.mentions.first().map(|at| at.checked_rem(steps.len()))??;
        let Step { name, is_list, is_used, .. } = &mut steps[at];
        *is_used = true;
        let stop = match self.options.way % 3 {
            0 => format!("stop when \"yes\" in n{index}.text"),
            1 => format!("stop when n{index}.json[0] == 1"),
            _ => String::new(),
        };
        let printed = if *is_list {
            format!("{{% for e in {name} %}}<e>{{{{ e }}}}</e>{{% endfor %}}")
        } else {
            format!("<x>{{{{ {name} }}}}</x>")
        };
        let next = if *is_list {
            format!("{name} = best(2, concat({name}, [m{index}]))")
        } else {
            let skip = if self.options.skip {
                format!("\n      skip when n{index}.text == \"yes\"")
            } else {
                String::new()
            };
            format!(
                "{name} = ask {other} {{{skip}\n      prompt: \"\"\"{printed}<m>{{{{ m{index} }}}}</m>\"\"\"\n    }}"
            )
        };
        let text = format!(
            "repeat {name} up to {most} {{\n    n{index} = ask {model} {{{calls}\n      prompt: \"\"\"{printed}\"\"\"\n    }}\n    \
             m{index} = ask {other} {{{calls}\n      prompt: \"\"\"And? <n>{{{{ n{index} }}}}</n>\"\"\"\n    }}\n    {stop}\n    {next}\n  }}"
        );
        let text = if stop.is_empty() { text.replace("\n    \n", "\n") } else { text };
        Some(Line { text, is_list: *is_list, panel: None })
    }

    fn each(&self, steps: &mut [Step], index: usize) -> Line {
        let (model, other) = (self.model(0), self.model(1));
        let calls = self.calls();
        let items =
            match self.mentions.first().and_then(|at| at.checked_rem(steps.len())).map(|at| &mut steps[at]) {
                Some(step) if step.is_list => {
                    step.is_used = true;
                    step.name.clone()
                }
                _ => "request.last | chunks(60, 0)".to_owned(),
            };
        let need =
            self.options.need.map(|need| format!("\n    need: {}", need.min(self.count))).unwrap_or_default();
        let text = format!(
            "parallel for x{index} in {items} up to {} {{{need}\n    n{index} = ask {model} {{{calls}\n      \
             prompt: \"\"\"<x>{{{{ x{index} }}}}</x>\"\"\"\n    }}\n    o{index} = ask {other} {{{calls}\n      \
             prompt: \"\"\"<n>{{{{ n{index} }}}}</n><x>{{{{ x{index} }}}}</x>\"\"\"\n    }}\n  }}",
            self.count
        );
        Line { text, is_list: true, panel: None }
    }

    fn named(&self, index: usize) -> String {
        let (model, other) = (self.model(0), self.model(1));
        let o = &self.options;
        let need = o.need.map(|need| format!("\n    need: {}", need.min(3))).unwrap_or_default();
        let grace = o.grace_s.map(|n| format!("\n    grace: {n}s")).unwrap_or_default();
        format!(
            "parallel {{{need}{grace}\n    p{index} = ask {model} {{{}\n    }}\n    q{index} = sample 2 of {other}\n    \
             r{index} = pair(one: {other}, two: {model})\n  }}",
            self.calls()
        )
    }

    fn over(&self, steps: &mut [Step]) -> Option<Line> {
        let step = steps.iter_mut().rfind(|step| step.panel.is_some())?;
        step.is_used = true;
        let panel = step.panel.clone()?;
        let text = format!(
            "parallel {panel} over {} {{{}\n    prompt: \"\"\"Mine: <m>{{{{ mine }}}}</m>{{% for o in others %}}<o>{{{{ o }}}}</o>{{% endfor %}}\"\"\"\n  }}",
            step.name,
            self.calls()
        );
        Some(Line { text, is_list: true, panel: None })
    }
}
