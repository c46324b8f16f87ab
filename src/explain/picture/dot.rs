//! The drawing for Graphviz.

use crate::explain::picture::{Figure, Look, Picture};

/// The whole graph.
#[must_use]
pub fn render(picture: &Picture) -> String {
    let mut graph = Graph { reply: &picture.reply, lines: Vec::new() };
    graph.lines.push(format!("digraph {} {{", quoted(&[&picture.handle])));
    graph.lines.push(
        "  graph [rankdir=TB, compound=true, fontname=\"Helvetica\", fontsize=11, nodesep=0.4]".to_owned(),
    );
    graph.lines.push(
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\", fontsize=11]"
            .to_owned(),
    );
    graph.lines.push("  edge [fontname=\"Helvetica\", fontsize=9, color=\"#8c959f\"]".to_owned());
    graph.figures(&picture.figures, 1);
    let all: Vec<&Figure> = picture.figures.iter().flat_map(Figure::all).collect();
    let find = |id: &str| all.iter().copied().find(|figure| figure.id == id);
    for arrow in &picture.arrows {
        if let (Some(from), Some(to)) = (find(&arrow.from), find(&arrow.to)) {
            graph.edge(from, to, &arrow.label, "");
        }
    }
    for figure in &all {
        let strip: Vec<&Figure> = std::iter::once(*figure).chain(&figure.fallbacks).collect();
        strip
            .windows(2)
            .for_each(|pair| graph.edge(pair[0], pair[1], "else", "style=dashed, constraint=false"));
    }
    graph.lines.push("}".to_owned());
    graph.lines.into_iter().map(|line| format!("{line}\n")).collect()
}

struct Graph<'p> {
    reply: &'p str,
    lines: Vec<String>,
}

impl Graph<'_> {
    fn figures(&mut self, figures: &[Figure], depth: usize) {
        let indent = "  ".repeat(depth);
        for figure in figures {
            let label = label(figure);
            if figure.parts.is_empty() {
                let colour = self.colour(figure);
                self.lines
                    .push(format!("{indent}{} [label={label}, color=\"{colour}\"]", quoted(&[&figure.id])));
            } else {
                self.lines.push(format!("{indent}subgraph {} {{", quoted(&["cluster ", &figure.id])));
                self.lines.push(format!(
                    "{indent}  label={label}; style=rounded; color=\"{}\"",
                    self.colour(figure)
                ));
                self.figures(&figure.parts, depth + 1);
                self.lines.push(format!("{indent}}}"));
            }
            self.figures(&figure.fallbacks, depth);
        }
    }

    fn colour(&self, figure: &Figure) -> &'static str {
        match figure.look {
            _ if figure.id == self.reply => "#1a7f37",
            Look::Call => "#0969da",
            Look::Decider => "#8250df",
            Look::Free => "#8c959f",
        }
    }

    /// Between boxes; one that holds others is reached at one of them, and the arrow ends at its own edge.
    fn edge(&mut self, from: &Figure, to: &Figure, label: &str, more: &str) {
        let mut with: Vec<String> = Vec::new();
        with.extend((!label.is_empty()).then(|| format!("label={}", quoted(&[label]))));
        with.extend((!from.parts.is_empty()).then(|| format!("ltail={}", quoted(&["cluster ", &from.id]))));
        with.extend((!to.parts.is_empty()).then(|| format!("lhead={}", quoted(&["cluster ", &to.id]))));
        with.extend((!more.is_empty()).then(|| more.to_owned()));
        let with = if with.is_empty() { String::new() } else { format!(" [{}]", with.join(", ")) };
        let (from, to) = (quoted(&[&last(from).id]), quoted(&[&first(to).id]));
        self.lines.push(format!("  {from} -> {to}{with}"));
    }
}

fn first(figure: &Figure) -> &Figure {
    figure.parts.first().map_or(figure, first)
}

fn last(figure: &Figure) -> &Figure {
    figure.parts.last().map_or(figure, last)
}

fn label(figure: &Figure) -> String {
    let words = [&figure.tag, &figure.title, &figure.what].into_iter().filter(|text| !text.is_empty());
    let lines: Vec<&str> = words.chain(&figure.lines).map(String::as_str).collect();
    quoted(&[&lines.join("\n")])
}

fn quoted(parts: &[&str]) -> String {
    let text = parts.concat().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{text}\"")
}
