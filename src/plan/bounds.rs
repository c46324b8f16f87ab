//! The worst case, from the plan alone. `explain` prints these numbers and the run is held to them.

use crate::template::{Size, Template};
use crate::units::{MicroUsd, Millis, Tokens};

use super::{Act, Ask, Bounds, History, InputBound, NodeId, Operand, Plan, Select, Turn, waves};

/// Tokens that a message costs beyond its text: role and separators.
const MESSAGE_OVERHEAD: u64 = 8;

/// Fills the bounds of every call, then those of the whole.
pub fn fill(plan: &mut Plan) {
    for id in plan.ids() {
        let bound = input(plan, id);
        if let Act::Ask(ask) | Act::Merge { ask, .. } | Act::Pick { ask, .. } =
            &mut plan.nodes[id.0 as usize].act
        {
            ask.input_max = bound;
        }
    }
    plan.bounds = of(plan);
}

/// Everything that the plan can reach counts, fallbacks included; early ends and skips lower nothing.
fn of(plan: &Plan) -> Bounds {
    let mut bounds = Bounds {
        waves: waves::total(plan),
        time: time(plan, plan.reply).min(plan.timeout),
        request_max: request_max(plan),
        ..Bounds::default()
    };
    for id in plan.ids() {
        let Some(ask) = plan.node(id).act.ask() else { continue };
        let (attempts, input) = (attempts(ask), ask.input_max);
        let out = ask.max_tokens.times(u64::from(attempts));
        bounds.calls += 1;
        bounds.attempts += attempts;
        bounds.tokens_out = bounds.tokens_out.plus(out);
        bounds.tokens_in.conversations += attempts * input.conversations;
        bounds.tokens_in.constant = bounds.tokens_in.constant.plus(input.constant.times(u64::from(attempts)));
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
fn input(plan: &Plan, id: NodeId) -> InputBound {
    let node = plan.node(id);
    let Some(ask) = node.act.ask() else { return InputBound::default() };
    let shown = match &node.act {
        Act::Merge { list, .. } | Act::Pick { list, .. } => output(plan, *list),
        _ => Size::default(),
    };
    let mut bound =
        InputBound { conversations: u32::from(ask.history != History::None), ..InputBound::default() };
    for turn in ask.prompt.iter().chain(&ask.system) {
        let size = turn_size(plan, turn, shown);
        bound.conversations += size.conversations;
        bound.constant = bound.constant.plus(Tokens(size.tokens + MESSAGE_OVERHEAD));
    }
    if ask.returns.is_some() {
        // The repair round shows the bad answer again and says what was wrong with it.
        bound.constant = bound.constant.plus(ask.max_tokens).plus(Tokens(200));
    }
    bound
}

fn turn_size(plan: &Plan, turn: &Turn, shown: Size) -> Size {
    let named = |name: &str| named(plan, name);
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

/// The size of what templates call `name`.
fn named(plan: &Plan, name: &str) -> Size {
    if let Some(id) = plan.ids().find(|&id| plan.node(id).name.as_deref() == Some(name)) {
        return output(plan, id);
    }
    match plan.constants.iter().find(|(constant, _)| constant == name) {
        Some((_, data)) => constant(data),
        None if name == "request" => Size { conversations: 1, ..Size::default() },
        // `choices`, `elapsed`.
        None => Size { tokens: 100, ..Size::default() },
    }
}

/// The most that the node's answer can hold.
fn output(plan: &Plan, id: NodeId) -> Size {
    let node = plan.node(id);
    let tokens = |tokens: Tokens| Size { tokens: tokens.0, count: 0, each: tokens.0, conversations: 0 };
    let own = match &node.act {
        Act::Ask(ask) | Act::Merge { ask, .. } => tokens(ask.max_tokens),
        Act::Group(group) => all(plan, &group.members),
        Act::List(items) => all(plan, items),
        Act::Pick { list, .. } => element(output(plan, *list)),
        Act::Vote(vote) => element(output(plan, vote.list)),
        Act::Text(template) => text_size(plan, template),
        Act::Alias(id) => output(plan, *id),
        Act::Select(select) => match select {
            Select::First { count: Some(count), list } | Select::Last { count: Some(count), list } => {
                let list = output(plan, *list);
                let count = if list.count == 0 { *count } else { list.count.min(*count) };
                Size { tokens: list.each * u64::from(count), count, ..list }
            }
            Select::First { list, .. } | Select::Last { list, .. } | Select::Index { list, .. } => {
                element(output(plan, *list))
            }
            Select::Without { list, .. } => output(plan, *list),
            Select::Concat(lists) => all(plan, lists),
        },
    };
    match node.fallback.map(|fallback| output(plan, fallback)) {
        Some(other) => Size {
            tokens: own.tokens.max(other.tokens),
            conversations: own.conversations.max(other.conversations),
            count: own.count.max(other.count),
            each: own.each.max(other.each),
        },
        None => own,
    }
}

fn text_size(plan: &Plan, template: &Template) -> Size {
    let size = template.size(&|name: &str| named(plan, name));
    Size { count: 0, each: size.tokens, ..size }
}

fn element(list: Size) -> Size {
    Size { tokens: list.each.max(u64::from(list.count == 0) * list.tokens), count: 0, ..list }
}

fn all(plan: &Plan, ids: &[NodeId]) -> Size {
    let mut sum = Size::default();
    for id in ids {
        let size = output(plan, *id);
        sum.tokens += size.tokens;
        sum.conversations += size.conversations;
        sum.count += size.count.max(1);
        sum.each = sum.each.max(size.each);
    }
    sum
}

fn cost(plan: &Plan, ask: &Ask, attempts: u32, input: InputBound, request: Tokens) -> MicroUsd {
    let price = plan.model(ask.model).price;
    let sent = request.times(u64::from(input.conversations)).plus(input.constant).times(u64::from(attempts));
    price.input.per_million(sent).plus(price.output.per_million(ask.max_tokens.times(u64::from(attempts))))
}

/// The longest path of step deadlines; a step without one may take all the time there is.
fn time(plan: &Plan, id: NodeId) -> Millis {
    let node = plan.node(id);
    let before = node.waits_for().into_iter().map(|input| time(plan, input)).max().unwrap_or_default();
    let own = match &node.act {
        Act::Group(group) => {
            let waits = group.members.iter().map(|member| plan.node(*member).timeout.unwrap_or(plan.timeout));
            waits.max().unwrap_or_default()
        }
        act if act.ask().is_some() => node.timeout.unwrap_or(plan.timeout),
        _ => Millis(0),
    };
    let own = before.plus(own);
    match node.fallback {
        Some(fallback) => own.plus(time(plan, fallback)).min(plan.timeout),
        None => own.min(plan.timeout),
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
