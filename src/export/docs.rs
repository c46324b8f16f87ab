//! The platform's documents about this service. What is known of the handles is written from their plans; the rest are
//! texts in `docs/`, with a word in braces where a table stands.

use crate::export::lines::Placed;
use crate::export::{answers_with_tools, headline, markdown};
use crate::plan::Plan;
use crate::units::Bytes;

/// The manual of the techniques, of which the platform gets two sections.
const MANUAL: &str = include_str!("../../docs/techniques.md");

/// One document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Which technique for which tier.
    Techniques,
    /// How the handles are called.
    Integrations,
    /// Why there is this service: the decision with its reasons.
    Journal,
    /// What it is, where it listens, how it is run.
    ServiceSpec,
}

// === impl Page ===

impl Page {
    pub const ALL: [Self; 4] = [Self::Techniques, Self::Integrations, Self::Journal, Self::ServiceSpec];

    /// Where it lies on the platform if nothing else is said, below its root.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Techniques => "docs/foundation/opt-techniques.md",
            Self::Integrations => "docs/INTEGRATIONS.md",
            Self::Journal => "docs/journal/optillm-proxy-ensc.md",
            Self::ServiceSpec => "layer-gateway/optillm-proxy/SERVICE_SPEC.md",
        }
    }

    /// The file with this document in our region, and the rest as it was.
    ///
    /// # Errors
    ///
    /// What [`markdown::place`] refuses.
    pub fn place(self, plans: &[Plan], old: &str) -> Placed {
        let (head, body) = self.text().split_once("\n\n").unwrap_or((self.text(), ""));
        markdown::place(&format!("{head}\n"), &filled(body, plans), old)
    }

    fn text(self) -> &'static str {
        match self {
            Self::Techniques => include_str!("docs/techniques.md"),
            Self::Integrations => include_str!("docs/integrations.md"),
            Self::Journal => include_str!("docs/journal.md"),
            Self::ServiceSpec => include_str!("docs/service_spec.md"),
        }
    }
}

/// The text with a table in the place of each word in braces.
fn filled(text: &str, plans: &[Plan]) -> String {
    let parts: [(&str, &dyn Fn() -> String); 7] = [
        ("{tiers}", &|| tiers(plans)),
        ("{handles}", &|| handles(plans)),
        ("{limits}", &|| limits(plans)),
        ("{selectors}", &|| selectors(plans)),
        ("{count}", &|| plans.len().to_string()),
        ("{overview}", &|| section("Overview")),
        ("{choice}", &|| section("Which one on which tier")),
    ];
    parts.iter().fold(text.to_owned(), |text, (word, part)| match text.contains(word) {
        true => text.replace(word, part().trim_end()),
        false => text,
    })
}

/// What stands under a heading of the manual, its links to itself as plain words.
fn section(heading: &str) -> String {
    let (_, rest) = MANUAL.split_once(&format!("\n## {heading}\n\n")).expect("the manual has this heading");
    let text = rest.split("\n## ").next().unwrap_or_default();
    let mut plain = String::new();
    for (index, part) in text.split("](#").enumerate() {
        let part = if index == 0 { part } else { part.split_once(')').map_or(part, |(_, rest)| rest) };
        plain.push_str(&part.replace("[`", "`"));
    }
    plain
}

/// Each tier with what its handles hold, in the order of the plans.
fn tiers(plans: &[Plan]) -> String {
    let mut firsts: Vec<&Plan> = Vec::new();
    for plan in plans {
        if !firsts.iter().any(|first| first.tier == plan.tier) {
            firsts.push(plan);
        }
    }
    let rows = firsts.into_iter().map(|first| {
        let own = plans.iter().filter(|plan| plan.tier == first.tier);
        let own: Vec<String> = own.map(|plan| format!("`{}` {}", plan.handle, held(plan))).collect();
        let most = first.memory.map_or_else(|| "not limited".to_owned(), |most| most.to_string());
        format!("| {} | {most} | {} |", first.tier, own.join(", "))
    });
    table("| tier | memory | handles, and what the models of each hold together |\n| --- | --- | --- |", rows)
}

fn held(plan: &Plan) -> String {
    let sizes: Option<Vec<Bytes>> = plan.models.iter().map(|model| model.memory).collect();
    sizes.map_or_else(
        || "an unknown size".to_owned(),
        |sizes| sizes.into_iter().fold(Bytes(0), Bytes::plus).to_string(),
    )
}

fn handles(plans: &[Plan]) -> String {
    let rows = plans.iter().map(|plan| {
        let mut runtimes: Vec<&str> = plan.models.iter().map(|model| model.runs_on()).collect();
        runtimes.sort_unstable();
        runtimes.dedup();
        format!("| `{}` | {} | {} |", plan.handle, runtimes.join(", "), cell(&headline(plan)))
    });
    table("| handle | runtime | what for |\n| --- | --- | --- |", rows)
}

fn limits(plans: &[Plan]) -> String {
    let rows = plans.iter().map(|plan| {
        format!(
            "| `{}` | {} | {} | {} | {} |",
            plan.handle,
            plan.bounds.request_max.0,
            plan.output_max().0,
            plan.timeout,
            if answers_with_tools(plan) { "yes" } else { "no" }
        )
    });
    table(
        "| handle | conversation, tokens | answer, tokens | deadline | tool calls |\n| --- | --- | --- | --- | --- |",
        rows,
    )
}

fn selectors(plans: &[Plan]) -> String {
    let rows = plans.iter().map(|plan| {
        let bounds = &plan.bounds;
        format!(
            "| `{}` | `{}` | {} | {} | `{}` |",
            plan.handle,
            plan.selector,
            bounds.calls,
            bounds.waves,
            plan.short_hash()
        )
    });
    table(
        "| handle | selector | calls at most | waves at most | plan |\n| --- | --- | --- | --- | --- |",
        rows,
    )
}

fn table(head: &str, rows: impl Iterator<Item = String>) -> String {
    std::iter::once(head.to_owned()).chain(rows).collect::<Vec<_>>().join("\n")
}

/// Text that stays in its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
