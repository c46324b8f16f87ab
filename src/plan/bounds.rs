//! The worst case, from the plan alone. `explain` prints these numbers and the run is held to them.

use crate::template::Size;
use crate::units::{MicroUsd, Millis, Tokens};

use super::paths::Paths;
use super::sizes::Sizes;
use super::{Act, Ask, Bounds, History, InputBound, NodeId, Plan};

/// Tokens that a message costs beyond its text: role and separators.
const MESSAGE_OVERHEAD: u64 = 8;

/// Fills the bounds of every call, then those of the whole.
pub fn fill(plan: &mut Plan) {
    let sizes = Sizes::of(plan);
    for id in plan.ids() {
        let bound = input(plan, &sizes, id);
        if let Some(ask) = plan.nodes[id.0 as usize].act.ask_mut() {
            ask.input_max = bound;
        }
    }
    plan.bounds = of(plan);
}

/// Everything that the plan can reach counts, fallbacks included, but of the arms of a route only the dearest: early ends
/// and skips lower nothing.
fn of(plan: &Plan) -> Bounds {
    let request_max = request_max(plan);
    let sum = sum(plan, &[plan.reply], &mut vec![false; plan.nodes.len()], request_max);
    let waves = Paths::of(plan, &|node| u64::from(node.act.ask().is_some())).total();
    let wait = |node: &super::Node| {
        let own = node.timeout.unwrap_or(plan.timeout).0;
        if node.act.ask().is_some() { own } else { 0 }
    };
    Bounds {
        calls: sum.calls,
        attempts: sum.attempts,
        waves: u32::try_from(waves).unwrap_or(u32::MAX),
        tokens_out: sum.tokens_out,
        tokens_in: sum.tokens_in,
        cost: sum.cost,
        time: Millis(Paths::of(plan, &wait).total()).min(plan.timeout),
        request_max,
    }
}

/// A `limit` of a handle that the worst case of a plan is above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// `calls`, `tokens`, `cost`
    pub limit: &'static str,
    /// As it is printed in `explain`.
    pub most: String,
    pub worst: String,
}

impl Breach {
    /// Why a request for `n` choices is refused.
    #[must_use]
    pub fn of_choices(&self, handle: &str, n: u32) -> String {
        let Self { limit, most, worst } = self;
        format!("with `n` {n} the worst case of `{handle}` is {limit} {worst}; its limit is {limit} {most}")
    }
}

/// For the longest conversation that the plan takes. `limit.request` cannot be broken: it is a bound itself.
#[must_use]
pub fn breaches(plan: &Plan) -> Vec<Breach> {
    let (limit, bounds) = (&plan.limit, &plan.bounds);
    let tokens = bounds.tokens_in.of(bounds.request_max).plus(bounds.tokens_out);
    let breach = |limit: &'static str, most: &dyn ToString, worst: &dyn ToString| Breach {
        limit,
        most: most.to_string(),
        worst: worst.to_string(),
    };
    let calls = limit.calls.filter(|most| bounds.calls > *most);
    let over = limit.tokens.filter(|most| tokens > *most);
    let cost = limit.cost.filter(|most| bounds.cost > *most);
    [
        calls.map(|most| breach("calls", &most, &bounds.calls)),
        over.map(|most| breach("tokens", &most.0, &tokens.0)),
        cost.map(|most| breach("cost", &most, &bounds.cost)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What calls may cost together.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    calls: u32,
    attempts: u32,
    tokens_out: Tokens,
    tokens_in: InputBound,
    cost: MicroUsd,
}

/// Of everything that is reached from `starts` and was not counted before.
fn sum(plan: &Plan, starts: &[NodeId], counted: &mut [bool], request: Tokens) -> Sum {
    let mut sum = Sum::default();
    let mut routes = Vec::new();
    let mut open = starts.to_vec();
    while let Some(id) = open.pop() {
        if std::mem::replace(&mut counted[id.0 as usize], true) {
            continue;
        }
        let node = plan.node(id);
        if let Some(ask) = node.act.ask() {
            sum = sum.plus(Sum::of(plan, ask, request));
        }
        open.extend(node.needs());
        open.extend(node.tie_step());
        open.extend(node.fallback);
        match &node.act {
            Act::Route(route) => routes.push(route),
            act => open.extend(act.parts()),
        }
    }
    for route in routes {
        let arms = route.arms.iter().map(|arm| self::sum(plan, &[arm.node], &mut counted.to_vec(), request));
        sum = sum.plus(arms.fold(Sum::default(), Sum::larger));
    }
    sum
}

// === impl Sum ===

impl Sum {
    fn of(plan: &Plan, ask: &Ask, request: Tokens) -> Self {
        let (attempts, input) = (attempts(ask), ask.input_max);
        let times = u64::from(attempts);
        Self {
            calls: 1,
            attempts,
            tokens_out: ask.max_tokens.times(times),
            tokens_in: InputBound {
                conversations: attempts.saturating_mul(input.conversations),
                constant: input.constant.times(times),
            },
            cost: cost(plan, ask, attempts, input, request),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            attempts: self.attempts + other.attempts,
            tokens_out: self.tokens_out.plus(other.tokens_out),
            tokens_in: InputBound {
                conversations: self.tokens_in.conversations.saturating_add(other.tokens_in.conversations),
                constant: self.tokens_in.constant.plus(other.tokens_in.constant),
            },
            cost: self.cost.plus(other.cost),
        }
    }

    /// The larger in everything: no way costs more than this.
    fn larger(self, other: Self) -> Self {
        Self {
            calls: self.calls.max(other.calls),
            attempts: self.attempts.max(other.attempts),
            tokens_out: self.tokens_out.max(other.tokens_out),
            tokens_in: InputBound {
                conversations: self.tokens_in.conversations.max(other.tokens_in.conversations),
                constant: self.tokens_in.constant.max(other.tokens_in.constant),
            },
            cost: self.cost.max(other.cost),
        }
    }
}

/// The first attempt, retries, the repair round of `returns`, the second chance of `soft`.
#[must_use]
pub fn attempts(ask: &Ask) -> u32 {
    1 + ask.retries + u32::from(ask.returns.is_some()) + u32::from(!ask.soft.is_empty())
}

/// The most that one attempt of the call at `id` sends.
fn input(plan: &Plan, sizes: &Sizes, id: NodeId) -> InputBound {
    let Some(ask) = plan.node(id).act.ask() else { return InputBound::default() };
    let around = match ask.history {
        History::None => Size::default(),
        _ => sizes.conversation(plan, id),
    };
    let mut bound = InputBound { conversations: around.conversations, constant: Tokens(around.tokens) };
    for turn in ask.prompt.iter().chain(&ask.system) {
        let size = sizes.turn(plan, id, turn);
        bound.conversations = bound.conversations.saturating_add(size.conversations);
        bound.constant = bound.constant.plus(Tokens(size.tokens)).plus(Tokens(MESSAGE_OVERHEAD));
    }
    if ask.returns.is_some() {
        // The repair round shows the bad answer again and says what was wrong with it.
        bound.constant = bound.constant.plus(ask.max_tokens).plus(Tokens(200));
    }
    bound
}

fn cost(plan: &Plan, ask: &Ask, attempts: u32, input: InputBound, request: Tokens) -> MicroUsd {
    let price = plan.model(ask.model).price;
    let sent = input.of(request).times(u64::from(attempts));
    price.input.per_million(sent).plus(price.output.per_million(ask.max_tokens.times(u64::from(attempts))))
}

/// `limit.request`, else the smallest room that a model leaves beside its output.
fn request_max(plan: &Plan) -> Tokens {
    if let Some(request) = plan.limit.request {
        return request;
    }
    // A prompt may print the conversation where `history` does not send it.
    let sends =
        plan.nodes.iter().filter_map(|node| node.act.ask()).filter(|ask| ask.input_max.conversations > 0);
    let room = sends.map(|ask| {
        let model = plan.model(ask.model);
        Tokens(model.context.0.saturating_sub(ask.max_tokens.0))
    });
    room.min().unwrap_or(Tokens(128_000))
}
