//! The cells of one ensemble beside each other: what each of its handles costs at most.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::explain::json::{BoundsOut, Document};
use crate::explain::text::{has_price, purpose};
use crate::explain::words::money;
use crate::plan::Plan;
use crate::units::{Bytes, Millis, Tokens};

/// The handles of an ensemble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    pub ensemble: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// By profile, then by tier, each in the order in which the program first names them.
    pub cells: Vec<Cell>,
}

/// One handle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    pub profile: String,
    pub tier: String,
    pub handle: String,
    pub selector: String,
    pub place: String,
    /// First digits of the hash of what it means.
    pub plan: String,
    pub bounds: BoundsOut,
    /// Names of every model that it can call, fallbacks included.
    pub models: Vec<String>,
    /// What its models hold together; absent if one of them does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_bytes: Option<u64>,
    /// What they may hold together, where the tier says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// One of its models has a price.
    pub has_price: bool,
    /// The handle above it that differs from it in nothing but names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
}

// === impl Grid ===

impl Grid {
    /// Of plans that are all of one ensemble.
    #[must_use]
    pub fn of(ensemble: &str, plans: &[&Plan]) -> Self {
        let documents: Vec<Document> = plans.iter().map(|plan| Document::of(plan)).collect();
        let order = |of: fn(&Document) -> &str| {
            let mut seen: BTreeMap<String, usize> = BTreeMap::new();
            for doc in &documents {
                let next = seen.len();
                seen.entry(of(doc).to_owned()).or_insert(next);
            }
            seen
        };
        let (profiles, tiers) = (order(|doc| &doc.profile), order(|doc| &doc.tier));
        let mut cells: Vec<Cell> = documents.iter().map(Cell::of).collect();
        cells.sort_by_key(|cell| (profiles[&cell.profile], tiers[&cell.tier]));
        let meanings: BTreeMap<&str, Document> =
            documents.iter().map(|doc| (doc.handle.as_str(), nameless(doc))).collect();
        for index in 1..cells.len() {
            let (above, here) = cells.split_at_mut(index);
            let twin = above.iter().find(|other| meanings[&*other.handle] == meanings[&*here[0].handle]);
            here[0].same_as = twin.map(|other| other.handle.clone());
        }
        // Written in several blocks, an ensemble may say something else in each: then no one doc is that of all.
        let doc = documents.first().map(|doc| doc.doc.clone()).unwrap_or_default();
        let doc = if documents.iter().all(|other| other.doc == doc) { doc } else { String::new() };
        Self { ensemble: ensemble.to_owned(), doc, cells }
    }

    /// Indented JSON with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        super::pretty(self)
    }

    /// A line for each cell, profiles apart.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut lines = vec![format!("{}: {} handles", self.ensemble, self.cells.len())];
        lines.extend(purpose(&self.doc, ""));
        lines.push(String::new());
        lines.extend(self.table());
        lines.push(String::new());
        lines.push("calls, waves, time and tokens out: the most that one run can take".to_owned());
        lines.extend(self.twins());
        lines.into_iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    fn table(&self) -> Vec<String> {
        let has_price = self.cells.iter().any(|cell| cell.has_price);
        let mut rows = vec![head(has_price)];
        rows.extend(self.cells.iter().map(|cell| cell.row(has_price)));
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
        let mut lines = Vec::new();
        let in_blocks = self.cells.windows(2).any(|pair| pair[0].profile == pair[1].profile);
        for (index, row) in rows.iter().enumerate() {
            let is_new =
                in_blocks && index > 1 && self.cells[index - 1].profile != self.cells[index - 2].profile;
            lines.extend(is_new.then(String::new));
            let last = row.len() - 1;
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (text, &width))| {
                // Names stand at the left, numbers at the right.
                if column == 0 || column == last {
                    format!("{text:width$}")
                } else {
                    format!("{text:>width$}")
                }
            });
            lines.push(format!("  {}", cells.collect::<Vec<_>>().join("   ")));
        }
        lines
    }

    /// Cells that differ in nothing but the name are worth knowing.
    fn twins(&self) -> Vec<String> {
        let twin = |cell: &Cell| {
            cell.same_as.as_ref().map(|other| format!("{} is {other} under another name", cell.handle))
        };
        self.cells.iter().filter_map(twin).collect()
    }
}

/// What a document says besides names and where things were written.
fn nameless(doc: &Document) -> Document {
    let none = String::new;
    let (handle, selector, profile, tier, place, plan) = (none(), none(), none(), none(), none(), none());
    Document { handle, selector, profile, tier, place, plan, settings: Vec::new(), ..doc.clone() }
}

fn head(has_price: bool) -> Vec<String> {
    let mut words = vec!["handle", "calls", "waves", "time", "out"];
    words.extend(has_price.then_some("cost"));
    words.extend(["models", "memory"]);
    words.into_iter().map(str::to_owned).collect()
}

// === impl Cell ===

impl Cell {
    fn of(doc: &Document) -> Self {
        let held: Option<Vec<u64>> = doc.models.iter().map(|model| model.memory_bytes).collect();
        Self {
            profile: doc.profile.clone(),
            tier: doc.tier.clone(),
            handle: doc.handle.clone(),
            selector: doc.selector.clone(),
            place: doc.place.clone(),
            plan: doc.plan.clone(),
            bounds: doc.bounds.clone(),
            models: doc.members.clone(),
            held_bytes: held.map(|sizes| sizes.into_iter().sum()),
            memory_bytes: doc.memory_bytes,
            has_price: has_price(doc),
            same_as: None,
        }
    }

    fn row(&self, has_price: bool) -> Vec<String> {
        let b = &self.bounds;
        let mut row = vec![
            self.handle.clone(),
            b.calls.to_string(),
            b.waves.to_string(),
            Millis(b.time_ms).to_string(),
            Tokens(b.tokens_out).to_string(),
        ];
        row.extend(has_price.then(|| money(b.cost_usd)));
        row.extend([self.models.len().to_string(), self.memory()]);
        row
    }

    /// `150GB of 200GB`
    fn memory(&self) -> String {
        match (self.held_bytes, self.memory_bytes) {
            (Some(held), Some(most)) => format!("{} of {}", Bytes(held), Bytes(most)),
            (Some(held), None) => Bytes(held).to_string(),
            (None, _) => String::new(),
        }
    }
}
