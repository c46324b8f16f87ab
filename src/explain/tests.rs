//! The page and the document, on plans made by hand.

use crate::explain::json::Document;
use crate::explain::picture::{Figure, mermaid, svg};
use crate::explain::{document, picture, sample, text, to_json, to_text};

const ARCHITECT: &str = "\
opt-architect-high-xl                 architect.ens:2 · selector moa-architect-high-xl · plan 7f3a1c
Architecture, planning, trade-offs: three independent designs, one synthesis.
4 calls (at most 12 attempts) in 2 waves · at most 5m, 90k tokens out, in 4c + 25k
conversation (c) up to 65k tokens · 3 models, 150GB of 200GB in tier xl

  reply   merge drafts by mlx-gpt-oss-120b-mxfp4-q4                                           wave 2
  │       sees conversation + 2–3 drafts · streams · tools: pass
  └─ drafts   parallel, need 2 of 3                                                           wave 1
     │        each sees conversation
     ├─ mlx-gpt-oss-120b-mxfp4-q4
     ├─ mlx-qwen3-next-80b-a3b-instruct-mxfp4
     └─ mlx-llama-3-1-70b-instruct-4bit

  timeout   5m             profile high   profiles.ens:4
  panel     [… 3 models]   tier xl        tiers/xl.ens:7
  retries   2              defaults       defaults.ens:3

2 built-in settings not shown (--full)
";

const EXTRACT: &str = "\
opt-extract-fast-s            extract.ens:2 · selector self-consistency-extract-fast-s · plan 7f3a1c
5 calls (at most 15 attempts) in 3 waves · at most 30s, 0 tokens out, in 0
conversation (c) up to 0 tokens · 2 models, 23GB of 200GB in tier s

  reply   vote reads                                                                    after wave 2
  │       in one piece · ties: asked
  ├─ reads      sample 3 of ov-mistral-7b-instruct-v0-3-fp16, need 2 of 3                     wave 1
  │             each sees conversation · stragglers get 20s
  ├─ on a tie   judge = ask ov-phi-4-mini-instruct-fp16                                       wave 2
  │             sees conversation
  └─ else       ask ov-phi-4-mini-instruct-fp16                                               wave 3
                sees conversation

  timeout   5m             profile high   profiles.ens:4
  panel     [… 3 models]   tier xl        tiers/xl.ens:7
  retries   2              defaults       defaults.ens:3

2 built-in settings not shown (--full)
";

#[test]
fn the_page_of_a_panel_reads_from_the_reply_down() {
    assert_eq!(to_text(&sample::architect(), false), ARCHITECT);
    assert_eq!(to_text(&sample::extract(), false), EXTRACT);
}

#[test]
fn the_page_is_written_from_the_document_alone() {
    for plan in [sample::architect(), sample::extract(), sample::everything()] {
        let read: Document = serde_json::from_str(&to_json(&plan)).expect("the document can be read back");
        assert_eq!(read, document(&plan));
        assert_eq!(text::render(&read, false), to_text(&plan, false));
    }
}

#[test]
fn the_page_keeps_its_width() {
    for plan in [sample::architect(), sample::extract(), sample::everything()] {
        for line in to_text(&plan, true).lines() {
            assert!(line.chars().count() <= text::WIDTH, "{line}");
        }
    }
}

#[test]
fn what_runs_again_and_again_is_drawn_once() {
    assert_eq!(to_text(&sample::everything(), false), include_str!("tests/everything.txt"));
}

#[test]
fn every_id_that_a_node_names_is_one_of_the_plan() {
    for plan in [sample::architect(), sample::extract(), sample::everything()] {
        let document = document(&plan);
        for (node, step) in plan.nodes.iter().zip(&document.nodes) {
            let named: Vec<&str> =
                step.needs().into_iter().chain(step.parts()).chain(step.fallback.as_deref()).collect();
            for used in node.uses() {
                let id = &plan.node(used).id;
                let is_tie = step.ties.as_deref() == Some(id);
                assert!(named.contains(&id.as_ref()) || is_tie, "{}: the document loses {id}", step.id);
            }
            let mapped = step.with_ids(|id| {
                assert!(
                    plan.nodes.iter().any(|node| node.id.as_ref() == id) || step.ties.as_deref() == Some(id),
                    "{id}"
                );
                id.to_owned()
            });
            assert_eq!(&mapped, step);
        }
    }
}

#[test]
fn every_step_of_a_drawing_is_there_once_and_every_arrow_ends_at_one() {
    for plan in [sample::architect(), sample::extract(), sample::everything()] {
        let picture = picture(&plan);
        let all: Vec<&str> =
            picture.figures.iter().flat_map(Figure::all).map(|figure| figure.id.as_str()).collect();
        let mut once = all.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), all.len(), "{all:?}");
        for arrow in &picture.arrows {
            assert!(all.contains(&arrow.from.as_str()) && all.contains(&arrow.to.as_str()), "{arrow:?}");
        }
        assert!(all.contains(&picture.reply.as_str()));
    }
}

#[test]
fn a_drawing_keeps_loops_and_bodies_together() {
    assert_eq!(mermaid::render(&picture(&sample::everything())), include_str!("tests/everything.mermaid"));
}

#[test]
fn boxes_do_not_lie_on_each_other() {
    let svg = svg::render(&picture(&sample::everything()));
    let number = |line: &str, name: &str| -> i32 {
        let start = line.split(&format!(" {name}=\"")).nth(1).expect("a box has it");
        start.split('"').next().and_then(|text| text.parse().ok()).expect("a number")
    };
    let boxes: Vec<[i32; 4]> = svg
        .lines()
        .filter(|line| line.starts_with("<rect class=\"box"))
        .map(|line| ["x", "y", "width", "height"].map(|name| number(line, name)))
        .collect();
    assert!(boxes.len() > 10, "{}", boxes.len());
    for (at, [x, y, w, h]) in boxes.iter().enumerate() {
        for [ox, oy, ow, oh] in &boxes[at + 1..] {
            assert!(
                x + w <= *ox || ox + ow <= *x || y + h <= *oy || oy + oh <= *y,
                "at {x} {y} and {ox} {oy}"
            );
        }
    }
}
