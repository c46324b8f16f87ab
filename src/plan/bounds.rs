//! The worst case, from the plan alone. `explain` prints these numbers and the run is held to them.

use crate::template::Size;
use crate::units::{MicroUsd, Millis, Tokens};

use super::{Act, Ask, Bounds, History, InputBound, NodeId, Operand, Plan, Select, Ties, Turn, waves};

/// Tokens that a message costs beyond its text: role and separators.
const MESSAGE_OVERHEAD: u64 = 8;

/// Fills the bounds of every call, then those of the whole.
pub fn fill(plan: &mut Plan) {
    let sizes = sizes(plan);
    for id in plan.ids() {
        let bound = input(plan, &sizes, id);
        if let Some(ask) = plan.nodes[id.0 as usize].act.ask_mut() {
            ask.input_max = bound;
        }
    }
    plan.bounds = of(plan);
}

/// Everything that the plan can reach counts, fallbacks included; early ends and skips lower nothing.
fn of(plan: &Plan) -> Bounds {
    let mut bounds = Bounds {
        waves: waves::total(plan),
        time: times(plan)[plan.reply.0 as usize],
        request_max: request_max(plan),
        ..Bounds::default()
    };
    for ask in plan.nodes.iter().filter_map(|node| node.act.ask()) {
        let (attempts, input) = (attempts(ask), ask.input_max);
        let times = u64::from(attempts);
        let conversations = attempts.saturating_mul(input.conversations);
        bounds.calls += 1;
        bounds.attempts += attempts;
        bounds.tokens_out = bounds.tokens_out.plus(ask.max_tokens.times(times));
        bounds.tokens_in.conversations = bounds.tokens_in.conversations.saturating_add(conversations);
        bounds.tokens_in.constant = bounds.tokens_in.constant.plus(input.constant.times(times));
        bounds.cost = bounds.cost.plus(cost(plan, ask, attempts, input, bounds.request_max));
    }
    bounds
}

/// The first attempt, retries, the repair round of `returns`, the second chance of `soft`.
#[must_use]
pub fn attempts(ask: &Ask) -> u32 {
    1 + ask.retries + u32::from(ask.returns.is_some()) + u32::from(!ask.soft.is_empty())
}

/// The most that one attempt of the call at `id` sends.
fn input(plan: &Plan, sizes: &[Size], id: NodeId) -> InputBound {
    let node = plan.node(id);
    let Some(ask) = node.act.ask() else { return InputBound::default() };
    let shown = match &node.act {
        Act::Merge { list, .. } | Act::Pick { list, .. } => sizes[list.0 as usize],
        _ => Size::default(),
    };
    let mut bound =
        InputBound { conversations: u32::from(ask.history != History::None), ..InputBound::default() };
    for turn in ask.prompt.iter().chain(&ask.system) {
        let size = turn_size(plan, sizes, turn, shown);
        bound.conversations = bound.conversations.saturating_add(size.conversations);
        bound.constant = bound.constant.plus(Tokens(size.tokens)).plus(Tokens(MESSAGE_OVERHEAD));
    }
    if ask.returns.is_some() {
        // The repair round shows the bad answer again and says what was wrong with it.
        bound.constant = bound.constant.plus(ask.max_tokens).plus(Tokens(200));
    }
    bound
}

fn turn_size(plan: &Plan, sizes: &[Size], turn: &Turn, shown: Size) -> Size {
    let named = |name: &str| named(plan, sizes, name);
    match &turn.binds {
        None => turn.template.size(&named),
        Some(binds) => turn.template.size(&|name: &str| {
            let operand = binds.iter().find(|(param, _)| param == name).map(|(_, operand)| operand);
            match operand {
                Some(Operand::Shown) => shown,
                Some(Operand::Expression(expression)) => expression.size(&named),
                Some(Operand::Constant(data)) => constant(data),
                None => Size::default(),
            }
        }),
    }
}

fn constant(data: &crate::template::Data) -> Size {
    use crate::template::Data;
    match data {
        Data::List(items) => {
            let sizes: Vec<Size> = items.iter().map(constant).collect();
            let each = sizes.iter().map(|size| size.tokens).max().unwrap_or(0);
            let sum = sizes.into_iter().fold(Size::default(), Size::plus);
            Size { count: items.len() as u32, each, ..sum }
        }
        Data::Text(text) => Size { tokens: crate::template::estimate(text), ..Size::default() },
        // A number, or a model's name.
        _ => Size { tokens: 40, ..Size::default() },
    }
}

/// The size of what templates call `name`: one of the nodes in `sizes`, or what is no step.
fn named(plan: &Plan, sizes: &[Size], name: &str) -> Size {
    let step = plan.nodes.iter().position(|node| node.name.as_deref() == Some(name));
    if let Some(size) = step.and_then(|at| sizes.get(at)) {
        return *size;
    }
    match plan.frames[0].constants.iter().find(|(constant, _)| constant == name) {
        Some((_, data)) => constant(data),
        None if name == "request" => Size { conversations: 1, ..Size::default() },
        // `choices`, `elapsed`.
        None => Size { tokens: 100, ..Size::default() },
    }
}

/// The most that each node's answer can hold; in one pass, since what a node uses stands before it.
fn sizes(plan: &Plan) -> Vec<Size> {
    let mut sizes = Vec::with_capacity(plan.nodes.len());
    for id in plan.ids() {
        sizes.push(output(plan, &sizes, id));
    }
    sizes
}

/// `sizes` holds those of the nodes before `id`.
fn output(plan: &Plan, sizes: &[Size], id: NodeId) -> Size {
    let node = plan.node(id);
    let of = |id: NodeId| sizes[id.0 as usize];
    let tokens = |tokens: Tokens| Size { tokens: tokens.0, count: 0, each: tokens.0, conversations: 0 };
    let own = match &node.act {
        Act::Ask(ask) | Act::Merge { ask, .. } => tokens(ask.max_tokens),
        Act::Group(group) => all(sizes, &group.members),
        Act::List(items) => all(sizes, items),
        Act::Pick { list, .. } => element(of(*list)),
        Act::Vote(vote) => match vote.ties {
            Ties::Step(step) => either(element(of(vote.list)), of(step)),
            Ties::First | Ties::Longest => element(of(vote.list)),
        },
        Act::Text(template) => {
            let size = template.size(&|name: &str| named(plan, sizes, name));
            Size { count: 0, each: size.tokens, ..size }
        }
        Act::Alias(id) => of(*id),
        Act::Select(select) => match select {
            Select::First { count: Some(count), list } | Select::Last { count: Some(count), list } => {
                let list = of(*list);
                let count = if list.count == 0 { *count } else { list.count.min(*count) };
                Size { tokens: list.each.saturating_mul(u64::from(count)), count, ..list }
            }
            Select::First { list, .. } | Select::Last { list, .. } | Select::Index { list, .. } => {
                element(of(*list))
            }
            Select::Without { list, .. } => of(*list),
            Select::Concat(lists) => all(sizes, lists),
            _ => unreachable!("no program is lowered to this yet"),
        },
        _ => unreachable!("no program is lowered to this yet"),
    };
    node.fallback.map_or(own, |fallback| either(own, of(fallback)))
}

fn either(one: Size, other: Size) -> Size {
    Size {
        tokens: one.tokens.max(other.tokens),
        conversations: one.conversations.max(other.conversations),
        count: one.count.max(other.count),
        each: one.each.max(other.each),
    }
}

fn element(list: Size) -> Size {
    Size { tokens: list.each.max(u64::from(list.count == 0) * list.tokens), count: 0, ..list }
}

fn all(sizes: &[Size], ids: &[NodeId]) -> Size {
    let mut sum = Size::default();
    for id in ids {
        let size = sizes[id.0 as usize];
        sum.tokens = sum.tokens.saturating_add(size.tokens);
        sum.conversations = sum.conversations.saturating_add(size.conversations);
        sum.count = sum.count.saturating_add(size.count.max(1));
        sum.each = sum.each.max(size.each);
    }
    sum
}

fn cost(plan: &Plan, ask: &Ask, attempts: u32, input: InputBound, request: Tokens) -> MicroUsd {
    let price = plan.model(ask.model).price;
    let sent = input.of(request).times(u64::from(attempts));
    price.input.per_million(sent).plus(price.output.per_million(ask.max_tokens.times(u64::from(attempts))))
}

/// The longest path of step deadlines to each node's end; a step without one may take all the time there is. In one
/// pass, since what a node uses stands before it.
fn times(plan: &Plan) -> Vec<Millis> {
    let mut ends: Vec<Millis> = Vec::with_capacity(plan.nodes.len());
    for id in plan.ids() {
        let node = plan.node(id);
        let end = |id: NodeId| ends[id.0 as usize];
        let before = node.needs().into_iter().map(end).max().unwrap_or_default();
        // The tie's step and the `else` begin when that place is reached.
        let tie = node.tie_step().map(end).unwrap_or_default();
        let fallback = node.fallback.map(end).unwrap_or_default();
        let whole = before.plus(wait(plan, id)).plus(tie).plus(fallback);
        ends.push(whole.min(plan.timeout));
    }
    ends
}

/// How long a node itself may take, members included.
fn wait(plan: &Plan, id: NodeId) -> Millis {
    let node = plan.node(id);
    match &node.act {
        Act::Group(group) => {
            let waits = group.members.iter().map(|member| plan.node(*member).timeout.unwrap_or(plan.timeout));
            waits.max().unwrap_or_default()
        }
        act if act.ask().is_some() => node.timeout.unwrap_or(plan.timeout),
        _ => Millis(0),
    }
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
