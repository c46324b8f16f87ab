//! L005: a cascade that asks the dear one first.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::lint::answers::writers;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Act, ModelId, Node, NodeId};

pub const RULE: Rule = Rule {
    code: "L005",
    name: "cascade-order",
    page: include_str!("cascade_order.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().filter_map(|(_, node)| finding(view, node)).collect()
}

fn finding(view: &View<'_>, node: &Node) -> Option<Diagnostic> {
    let Act::Cascade(cascade) = &node.act else { return None };
    let prices: Vec<u64> = cascade.rungs.iter().map(|&rung| price(view, rung)).collect();
    // Where nothing is paid for tokens, what counts is the memory that they are read through.
    let (costs, unit): (Vec<u64>, &str) = match prices.iter().all(|price| *price == 0) {
        true => (cascade.rungs.iter().map(|&rung| memory(view, rung)).collect(), "memory"),
        false => (prices, "price"),
    };
    let at = costs.windows(2).position(|pair| pair[0] > pair[1])?;
    let names = |rung: NodeId| -> String {
        let names: Vec<&str> =
            models(view, rung).into_iter().map(|id| view.plan.model(id).name.as_ref()).collect();
        names.join("`, `")
    };
    let (dear, cheap) = (names(cascade.rungs[at]), names(cascade.rungs[at + 1]));
    Some(
        Diagnostic::warning(
            "L005",
            view.place(node),
            format!("this cascade falls in {unit} from `{dear}` to `{cheap}`"),
        )
        .label("the dearer one is asked first")
        .help("order it from cheap to dear: it stops at the first answer that is good enough"),
    )
}

/// The models that write the rung's answer.
fn models(view: &View<'_>, rung: NodeId) -> BTreeSet<ModelId> {
    writers(view.plan, rung).into_iter().filter_map(|id| Some(view.plan.node(id).act.ask()?.model)).collect()
}

/// Per million tokens in and out, of the dearest.
fn price(view: &View<'_>, rung: NodeId) -> u64 {
    let price = |id| {
        let price = view.plan.model(id).price;
        price.input.0 + price.output.0
    };
    models(view, rung).into_iter().map(price).max().unwrap_or(0)
}

fn memory(view: &View<'_>, rung: NodeId) -> u64 {
    let memory = |id| view.plan.model(id).memory.map_or(0, |memory| memory.0);
    models(view, rung).into_iter().map(memory).max().unwrap_or(0)
}
