//! The drawing as SVG: one file, readable on light and dark ground, with nothing to load.

use std::fmt::Write;

use crate::explain::picture::measure::{self, MARGIN, MODEL, TAG, TITLE, WHAT, clipped, waves, words};
use crate::explain::picture::place::{Line, Placed, Sheet, sheet};
use crate::explain::picture::{Figure, Look, Picture};

/// Around everything.
const MARGIN_PAGE: i32 = 28;

/// The handle and what it may cost.
const HEADING: i32 = 64;

/// From the last row to where the answer goes.
const EXIT: i32 = 62;

const STYLE: &str = "\
svg { --ink: #1f2328; --soft: #59636e; --edge: #c8d1da; --paper: #ffffff; --room: #59636e0d; --line: #8c959f;
  --call: #0969da; --decider: #8250df; --free: #8c959f; --reply: #1a7f37; --ground: #f6f8fa; }
@media (prefers-color-scheme: dark) { svg { --ink: #e6edf3; --soft: #9198a1; --edge: #3d444d; --paper: #1b2129;
  --room: #9198a114; --line: #6e7681; --call: #4493f8; --decider: #ab7df8; --free: #6e7681; --reply: #3fb950;
  --ground: #0d1117; } }
text { font: 12px system-ui, -apple-system, \"Segoe UI\", Roboto, Helvetica, Arial, sans-serif; fill: var(--ink); }
.handle { font-size: 19px; font-weight: 650; } .title { font-size: 14px; font-weight: 600; }
.soft { fill: var(--soft); } .tag { font-size: 11px; font-weight: 600; fill: var(--soft); }
.wave { font-size: 11px; fill: var(--soft); text-anchor: end; }
.model { font: 12px ui-monospace, SFMono-Regular, \"DejaVu Sans Mono\", Menlo, Consolas, monospace; }
.box { fill: var(--paper); stroke: var(--edge); } .room { fill: var(--room); stroke: var(--edge); }
.reply { stroke: var(--reply); stroke-width: 2; } .call { fill: var(--call); } .decider { fill: var(--decider); }
.free { fill: var(--free); } .done { fill: var(--reply); } .line { fill: none; stroke: var(--line); stroke-width: 1.5; }
.else { stroke-dasharray: 4 4; } .tip { fill: var(--line); }
.label { font-size: 11px; fill: var(--soft); text-anchor: middle; paint-order: stroke; stroke: var(--ground);
  stroke-width: 4px; stroke-linejoin: round; } .exit { text-anchor: middle; font-weight: 600; fill: var(--reply); }
.ground { fill: var(--ground); }
";

/// The whole file.
#[must_use]
pub fn render(picture: &Picture) -> String {
    let sheet = sheet(&picture.figures, &picture.arrows);
    let facts = picture.facts.join(" · ");
    let heading = words(&picture.handle, 20).max(words(&facts, 12));
    let w = sheet.w.max(heading) + 2 * MARGIN_PAGE;
    let h = MARGIN_PAGE + HEADING + sheet.h + EXIT + MARGIN_PAGE;
    let mut svg = Svg(String::new());
    svg.line(&format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-labelledby="name facts">"#
    ));
    svg.line(&format!(r#"<title id="name">{}</title>"#, escaped(&picture.handle)));
    svg.line(&format!(r#"<desc id="facts">{}</desc>"#, escaped(&facts)));
    svg.line(&format!("<style>\n{STYLE}</style>"));
    svg.line(r#"<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="tip" d="M0 .8 7.4 4 0 7.2z"/></marker></defs>"#);
    svg.line(&format!(r#"<rect class="ground" width="{w}" height="{h}" rx="10"/>"#));
    svg.text("handle", MARGIN_PAGE, MARGIN_PAGE + 16, &picture.handle);
    svg.text("soft", MARGIN_PAGE, MARGIN_PAGE + 38, &facts);
    let (left, top) = (MARGIN_PAGE + (w - 2 * MARGIN_PAGE - sheet.w) / 2, MARGIN_PAGE + HEADING);
    svg.sheet(&sheet, left, top, &picture.reply);
    svg.exit(&sheet, left, top, picture);
    svg.line("</svg>");
    svg.0
}

struct Svg(String);

impl Svg {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn text(&mut self, class: &str, x: i32, y: i32, text: &str) {
        self.line(&format!(r#"<text class="{class}" x="{x}" y="{y}">{}</text>"#, escaped(text)));
    }

    /// Arrows lie below the boxes, their words above them.
    fn sheet(&mut self, sheet: &Sheet<'_>, x: i32, y: i32, reply: &str) {
        sheet.lines.iter().for_each(|line| self.arrow(line, x, y));
        sheet.boxes.iter().for_each(|placed| self.figure(placed, x, y, reply));
        sheet.lines.iter().for_each(|line| self.label(line, x, y));
    }

    fn arrow(&mut self, line: &Line<'_>, x: i32, y: i32) {
        let class = if line.is_else { "line else" } else { "line" };
        let path = path(&line.points, x, y);
        self.line(&format!(r#"<path class="{class}" d="{path}" marker-end="url(#tip)"/>"#));
    }

    fn label(&mut self, line: &Line<'_>, x: i32, y: i32) {
        let [.., (x1, y1), (x2, y2)] = line.points[..] else { return };
        if !line.label.is_empty() {
            self.text(
                "label",
                x + (x1 + x2) / 2,
                y + (y1 + y2) / 2 + if line.is_else { -6 } else { 4 },
                line.label,
            );
        }
    }

    fn figure(&mut self, placed: &Placed<'_>, x: i32, y: i32, reply: &str) {
        let figure = placed.figure;
        let (x, y) = (x + placed.x, y + placed.y);
        let room = if figure.parts.is_empty() { "box" } else { "room" };
        let is_reply = figure.id == reply;
        let accent = if is_reply { " reply" } else { "" };
        self.line(&format!(
            r#"<rect class="{room}{accent}" x="{x}" y="{y}" width="{}" height="{}" rx="8"/>"#,
            placed.w, placed.h
        ));
        if figure.parts.is_empty() {
            let look = look(figure, is_reply);
            let h = placed.h - 16;
            self.line(&format!(
                r#"<rect class="{look}" x="{x}" y="{}" width="4" height="{h}" rx="2"/>"#,
                y + 8
            ));
        }
        self.words(figure, x, y, placed.w);
        let inside_x = x + (placed.w - placed.inside.w) / 2;
        self.sheet(&placed.inside, inside_x, y + measure::top(figure) + 6, reply);
    }

    fn words(&mut self, figure: &Figure, x: i32, y: i32, w: i32) {
        let left = x + MARGIN + 4;
        let mut base = y + MARGIN - 3;
        let mut put = |class: &str, height: i32, text: &str| {
            if !text.is_empty() {
                base += height;
                let text = clipped(text);
                self.line(&format!(
                    r#"<text class="{class}" x="{left}" y="{}">{}</text>"#,
                    base - 4,
                    escaped(&text)
                ));
            }
        };
        put("tag", TAG, &figure.tag);
        put("title", TITLE, &figure.title);
        put(if figure.title.is_empty() { "title" } else { "soft" }, WHAT, &figure.what);
        figure.lines.iter().for_each(|line| put("model", MODEL, line));
        let tag = if figure.tag.is_empty() { 0 } else { TAG };
        let waves = waves(figure);
        if !waves.is_empty() {
            self.text("wave", x + w - MARGIN, y + MARGIN + 11 + tag, &waves);
        }
    }

    /// Where the answer goes.
    fn exit(&mut self, sheet: &Sheet<'_>, x: i32, y: i32, picture: &Picture) {
        let Some(reply) = sheet.boxes.iter().find(|placed| placed.figure.id == picture.reply) else { return };
        let middle = reply.x + reply.w / 2;
        let end = sheet.h + EXIT - 22;
        let line =
            Line { points: vec![(middle, reply.y + reply.h), (middle, end)], label: "", is_else: false };
        self.arrow(&line, x, y);
        let words = if picture.manner.is_empty() {
            "client".to_owned()
        } else {
            format!("client · {}", picture.manner)
        };
        self.text("exit", x + middle, y + end + 18, &words);
    }
}

fn look(figure: &Figure, is_reply: bool) -> &'static str {
    match figure.look {
        _ if is_reply => "done",
        Look::Call => "call",
        Look::Decider => "decider",
        Look::Free => "free",
    }
}

/// Straight through lanes, bent between rows.
fn path(points: &[(i32, i32)], x: i32, y: i32) -> String {
    let mut path = String::new();
    for (index, &(px, py)) in points.iter().enumerate() {
        let (px, py) = (px + x, py + y);
        let _ = match index.checked_sub(1).map(|before| points[before]) {
            None => write!(path, "M{px} {py}"),
            // Within a lane, and sideways to an `else`.
            Some((bx, by)) if bx + x == px || by + y == py => write!(path, " L{px} {py}"),
            Some((bx, by)) => {
                let (bx, middle) = (bx + x, (by + y + py) / 2);
                write!(path, " C{bx} {middle} {px} {middle} {px} {py}")
            }
        };
    }
    path
}

/// As text between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
