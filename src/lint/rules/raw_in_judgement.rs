//! L012: an answer that can speak to its judge.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Node, Operand, Turn};
use crate::template::Kind;

pub const RULE: Rule = Rule {
    code: "L012",
    name: "raw-in-judgement",
    page: include_str!("raw_in_judgement.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().flat_map(|(_, node)| findings(view, node)).collect()
}

/// A call judges if it decides about answers, or if its own is read as a verdict.
fn findings(view: &View<'_>, node: &Node) -> Vec<Diagnostic> {
    let Some(ask) = node.act.ask().filter(|ask| node.act.decides() || ask.returns.is_some()) else {
        return Vec::new();
    };
    let turns = ask.prompt.iter().chain(&ask.system);
    turns.flat_map(|turn| in_turn(view, node, turn)).collect()
}

fn in_turn(view: &View<'_>, node: &Node, turn: &Turn) -> Vec<Diagnostic> {
    let prints = turn.template.raw_prints();
    let of_answers = prints.iter().filter(|print| print.names.iter().any(|name| is_answer(node, turn, name)));
    of_answers
        .map(|print| {
            let place = view.text(node, turn).map(|text| text.place(print.filter.clone()));
            let span = place.unwrap_or_else(|| view.place(node));
            let finding = Diagnostic::warning("L012", span, "an answer reaches its judge as it is")
                .label("it can close its tag and tell the judge what to say")
                .help("leave `| raw` out: what would close a tag or begin a turn is then broken");
            match place {
                Some(place) => finding.fix(place, ""),
                None => finding,
            }
        })
        .collect()
}

/// Whether a name of the template holds what a model wrote.
fn is_answer(node: &Node, turn: &Turn, name: &str) -> bool {
    let is_step = |name: &str| node.inputs.iter().any(|input| input.name == name);
    match &turn.binds {
        None => is_step(name),
        Some(binds) => match binds.iter().find(|(param, _)| param == name).map(|(_, operand)| operand) {
            Some(Operand::Shown) => true,
            Some(Operand::Expression(expression)) => {
                let (mentions, _) = expression.check(&|_| Some(Kind::Any));
                mentions.iter().any(|mention| is_step(&mention.name))
            }
            _ => false,
        },
    }
}
