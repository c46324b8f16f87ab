//! The only file that names pest. Knows the grammar, not the tree.

use std::iter::Peekable;

use pest::Parser as _;

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/ens.pest"]
struct Grammar;

pub type Pair<'t> = pest::iterators::Pair<'t, Rule>;

/// The parts of one pair, taken from the left.
pub struct Parts<'t> {
    pairs: Peekable<pest::iterators::Pairs<'t, Rule>>,
}

/// The parts of a whole file. `None` only if pest gave up on its native stack, which the scan's cut prevents.
pub fn pairs(text: &str) -> Option<Parts<'_>> {
    let file = Grammar::parse(Rule::file, text).ok()?.next()?;
    Some(parts(file))
}

pub fn parts(pair: Pair<'_>) -> Parts<'_> {
    Parts { pairs: pair.into_inner().peekable() }
}

/// The bytes that `pair` takes, without the blanks and comments that pest skips before a last part that is absent.
pub fn range(pair: &Pair<'_>) -> std::ops::Range<usize> {
    let start = pair.as_span().start();
    let mut last = pair.clone();
    while !ends_itself(last.as_rule()) {
        match last.clone().into_inner().next_back() {
            Some(inner) => last = inner,
            None => break,
        }
    }
    start..last.as_span().end()
}

/// Whether a rule ends with a closer of its own, or skips nothing.
fn ends_itself(rule: Rule) -> bool {
    use Rule as R;
    matches!(
        rule,
        R::block
            | R::list
            | R::map
            | R::args
            | R::params
            | R::round
            | R::braces
            | R::string
            | R::templ
            | R::single
    ) || matches!(
        rule,
        R::quantity
            | R::path
            | R::cell
            | R::at_cell
            | R::decimal_comma
            | R::quoted
            | R::condition
            | R::expr
            | R::items
            | R::doc_line
    )
}

// === impl Parts ===

impl<'t> Parts<'t> {
    /// The next part, if it is a `rule`.
    pub fn eat(&mut self, rule: Rule) -> Option<Pair<'t>> {
        self.pairs.next_if(|pair| pair.as_rule() == rule)
    }

    /// The next part, if it is one of `rules`.
    pub fn eat_any(&mut self, rules: &[Rule]) -> Option<Pair<'t>> {
        self.pairs.next_if(|pair| rules.contains(&pair.as_rule()))
    }

    pub fn peek(&mut self) -> Option<Rule> {
        self.pairs.peek().map(Pair::as_rule)
    }
}

impl<'t> Iterator for Parts<'t> {
    type Item = Pair<'t>;

    fn next(&mut self) -> Option<Pair<'t>> {
        self.pairs.next()
    }
}
