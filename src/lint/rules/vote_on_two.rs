//! L003: a vote that cannot have a majority against anyone.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Act, Node, Ties};

pub const RULE: Rule = Rule {
    code: "L003",
    name: "vote-on-two",
    page: include_str!("vote_on_two.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

/// The fewest ballots with which one can be outvoted.
const BALLOTS_MIN: usize = 3;

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().filter_map(|(_, node)| finding(view, node)).collect()
}

/// Two who disagree may be a question to a third (`ties: STEP`), or a failure (`min_share` above one half).
fn finding(view: &View<'_>, node: &Node) -> Option<Diagnostic> {
    let Act::Vote(vote) = &node.act else { return None };
    let ballots = view.most(vote.list);
    let settled = matches!(vote.ties, Ties::Step(_)) || vote.min_share > 0.5;
    if ballots >= BALLOTS_MIN || settled {
        return None;
    }
    let message = match ballots {
        2 => "two ballots agree or tie: nobody can be outvoted",
        _ => "a vote on one answer is that answer",
    };
    Some(
        Diagnostic::warning("L003", view.place(node), message).label("the first answer wins every tie").help(
            "let three vote, say `ties: STEP` to ask a third only then, or `min_share: 1` to want both",
        ),
    )
}
