//! The drawing as a Mermaid flowchart, for pages that draw those.

use std::collections::BTreeMap;

use crate::explain::picture::{Figure, Look, Picture};

/// The whole chart, without a fence.
#[must_use]
pub fn render(picture: &Picture) -> String {
    let all: Vec<&Figure> = picture.figures.iter().flat_map(Figure::all).collect();
    let names = all.iter().enumerate().map(|(at, figure)| (figure.id.as_str(), format!("n{at}"))).collect();
    let mut chart = Chart { names, reply: &picture.reply, lines: vec!["flowchart TB".to_owned()] };
    chart.figures(&picture.figures, 1);
    for arrow in &picture.arrows {
        let label =
            if arrow.label.is_empty() { String::new() } else { format!("|{}|", escaped(&arrow.label)) };
        let line = format!("  {} -->{label} {}", chart.names[&*arrow.from], chart.names[&*arrow.to]);
        chart.lines.push(line);
    }
    chart.fallbacks(&all);
    let client =
        if picture.manner.is_empty() { "client".to_owned() } else { format!("client: {}", picture.manner) };
    chart.lines.push(format!("  {} ==> client([\"{client}\"])", chart.names[&*picture.reply]));
    chart.classes(&all);
    chart.lines.into_iter().map(|line| format!("{line}\n")).collect()
}

struct Chart<'p> {
    names: BTreeMap<&'p str, String>,
    reply: &'p str,
    lines: Vec<String>,
}

impl Chart<'_> {
    fn figures(&mut self, figures: &[Figure], depth: usize) {
        let indent = "  ".repeat(depth);
        for figure in figures {
            let name = self.names[&*figure.id].clone();
            let label = label(figure);
            if figure.parts.is_empty() {
                self.lines.push(format!("{indent}{name}[\"{label}\"]"));
            } else {
                self.lines.push(format!("{indent}subgraph {name}[\"{label}\"]"));
                self.figures(&figure.parts, depth + 1);
                self.lines.push(format!("{indent}end"));
            }
            self.figures(&figure.fallbacks, depth);
        }
    }

    fn fallbacks(&mut self, all: &[&Figure]) {
        for figure in all {
            let strip = std::iter::once(*figure).chain(&figure.fallbacks).collect::<Vec<_>>();
            for pair in strip.windows(2) {
                let line = format!("  {} -. else .-> {}", self.names[&*pair[0].id], self.names[&*pair[1].id]);
                self.lines.push(line);
            }
        }
    }

    fn classes(&mut self, all: &[&Figure]) {
        let mut lines = vec![format!("  class {} reply", self.names[self.reply])];
        for (look, class) in [(Look::Decider, "decider"), (Look::Free, "free")] {
            let boxes = all.iter().filter(|figure| figure.look == look && figure.parts.is_empty());
            let others = boxes.filter(|figure| figure.id != self.reply);
            let names: Vec<&str> = others.map(|figure| self.names[&*figure.id].as_str()).collect();
            lines.extend((!names.is_empty()).then(|| format!("  class {} {class}", names.join(","))));
        }
        lines.push("  classDef reply stroke:#1a7f37,stroke-width:2px".to_owned());
        lines.push("  classDef decider stroke:#8250df".to_owned());
        lines.push("  classDef free stroke-dasharray:4 4".to_owned());
        self.lines.extend(lines);
    }
}

fn label(figure: &Figure) -> String {
    let title = (!figure.title.is_empty()).then(|| format!("<b>{}</b>", escaped(&figure.title)));
    let words =
        [&figure.tag, &figure.what].into_iter().filter(|text| !text.is_empty()).map(|text| escaped(text));
    let mut lines: Vec<String> = title.into_iter().chain(words).collect();
    lines.extend(figure.lines.iter().map(|line| escaped(line)));
    lines.join("<br/>")
}

/// What would end a label.
fn escaped(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace('#', "#35;")
        .replace('"', "#quot;")
        .replace('<', "#lt;")
        .replace('>', "#gt;")
        .replace('|', "#124;")
}
