//! Where every box stands: rows from the top down, each user below what it uses, boxes in boxes the same way.
//!
//! Lengths are whole CSS pixels, so that the same plan always gives the same drawing.

use std::collections::BTreeMap;

use crate::explain::picture::measure::{Extent, extent};
use crate::explain::picture::{Arrow, Figure};

/// Between boxes beside each other, and between rows.
const GAP_X: i32 = 36;
const GAP_Y: i32 = 46;

/// Inside a box that holds boxes.
const PAD: i32 = 20;

/// From a box to its `else`.
const GAP_ELSE: i32 = 56;

/// Room that an arrow takes in a row that it only crosses.
const LANE: i32 = 18;

/// A box in its place.
#[derive(Debug)]
pub(super) struct Placed<'p> {
    pub figure: &'p Figure,
    pub x: i32,
    pub y: i32,
    pub w: i32,
    pub h: i32,
    pub inside: Sheet<'p>,
}

/// Boxes and arrows, from the top left corner.
#[derive(Debug, Default)]
pub(super) struct Sheet<'p> {
    pub boxes: Vec<Placed<'p>>,
    pub lines: Vec<Line<'p>>,
    pub w: i32,
    pub h: i32,
}

/// An arrow. Between its points, which go in pairs, it bends.
#[derive(Debug)]
pub(super) struct Line<'p> {
    pub points: Vec<(i32, i32)>,
    pub label: &'p str,
    /// To an `else`: sideways.
    pub is_else: bool,
}

/// What stands in a row: a box with its `else`s beside it, or the lane of an arrow.
struct Item<'p> {
    strip: Vec<(&'p Figure, Sheet<'p>, Extent)>,
    rank: usize,
    w: i32,
    h: i32,
    /// Of the middle of its first box.
    x: i32,
}

/// The way of an arrow through items, from row to row.
struct Way<'p> {
    items: Vec<usize>,
    from: (usize, usize),
    to: (usize, usize),
    label: &'p str,
}

pub(super) fn sheet<'p>(figures: &'p [Figure], arrows: &'p [Arrow]) -> Sheet<'p> {
    let mut items: Vec<Item<'p>> = figures.iter().map(|figure| item(figure, arrows)).collect();
    let homes = homes(figures);
    let mut ways: Vec<Way<'p>> = Vec::new();
    for Arrow { from, to, label } in arrows {
        let (Some(&from), Some(&to)) = (homes.get(from.as_str()), homes.get(to.as_str())) else { continue };
        let known = ways.iter().any(|way| (way.from, way.to) == (from, to));
        if from.0 != to.0 && !known {
            ways.push(Way { items: vec![from.0, to.0], from, to, label });
        }
    }
    rank(&mut items, &ways);
    make_lanes(&mut items, &mut ways);
    let rows = order(&items, &ways);
    set_x(&mut items, &ways, &rows);
    draw(items, &ways, &rows)
}

/// The item, and the box of its strip, that a figure stands in.
fn homes(figures: &[Figure]) -> BTreeMap<&str, (usize, usize)> {
    let mut homes = BTreeMap::new();
    for (at, figure) in figures.iter().enumerate() {
        for inner in figure.all() {
            homes.insert(inner.id.as_str(), (at, 0));
        }
        for (place, fallback) in figure.fallbacks.iter().enumerate() {
            for inner in fallback.all() {
                homes.insert(inner.id.as_str(), (at, place + 1));
            }
        }
    }
    homes
}

fn item<'p>(figure: &'p Figure, arrows: &'p [Arrow]) -> Item<'p> {
    let strip: Vec<_> = std::iter::once(figure)
        .chain(&figure.fallbacks)
        .map(|figure| {
            let inside = sheet(&figure.parts, arrows);
            let extent = extent(figure, inside.w, inside.h, PAD);
            (figure, inside, extent)
        })
        .collect();
    let w = strip.iter().map(|(_, _, extent)| extent.w).sum::<i32>() + GAP_ELSE * (strip.len() as i32 - 1);
    let h = strip.iter().map(|(_, _, extent)| extent.h).max().unwrap_or(0);
    Item { strip, rank: 0, w, h, x: 0 }
}

/// A user stands below all that it uses.
fn rank(items: &mut [Item<'_>], ways: &[Way<'_>]) {
    for _ in 0..items.len() {
        let mut changed = false;
        for way in ways {
            let wanted = items[way.from.0].rank + 1;
            if items[way.to.0].rank < wanted && wanted < items.len() {
                items[way.to.0].rank = wanted;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Arrows over several rows get a lane in each that they cross.
fn make_lanes<'p>(items: &mut Vec<Item<'p>>, ways: &mut [Way<'p>]) {
    for way in ways {
        let (first, last) = (items[way.from.0].rank, items[way.to.0].rank);
        let mut through = vec![way.from.0];
        for rank in first + 1..last {
            through.push(items.len());
            items.push(Item { strip: Vec::new(), rank, w: LANE, h: 0, x: 0 });
        }
        through.push(way.to.0);
        way.items = through;
    }
}

/// Rows of items, ordered so that few arrows cross: each goes to the mean place of its neighbours, a few times.
fn order(items: &[Item<'_>], ways: &[Way<'_>]) -> Vec<Vec<usize>> {
    let depth = items.iter().map(|item| item.rank + 1).max().unwrap_or(0);
    let mut rows = vec![Vec::new(); depth];
    for (at, item) in items.iter().enumerate() {
        rows[item.rank].push(at);
    }
    let neighbours = neighbours(items.len(), ways);
    for round in 0..6 {
        let ranks: Vec<usize> =
            if round % 2 == 0 { (0..depth).collect() } else { (0..depth).rev().collect() };
        for rank in ranks {
            let mut places = vec![0usize; items.len()];
            rows.iter().for_each(|row| {
                row.iter().enumerate().for_each(|(place, &at)| places[at] = place * 1000 / row.len().max(1));
            });
            let above = |at: usize| items[at].rank < rank;
            let mean = |at: &usize| {
                let near: Vec<usize> = neighbours[*at]
                    .iter()
                    .copied()
                    .filter(|&other| above(other) == (round % 2 == 0))
                    .collect();
                match near.len() {
                    0 => places[*at],
                    n => near.iter().map(|&other| places[other]).sum::<usize>() / n,
                }
            };
            rows[rank].sort_by_key(mean);
        }
    }
    rows
}

fn neighbours(count: usize, ways: &[Way<'_>]) -> Vec<Vec<usize>> {
    let mut neighbours = vec![Vec::new(); count];
    for pair in ways.iter().flat_map(|way| way.items.windows(2)) {
        neighbours[pair[0]].push(pair[1]);
        neighbours[pair[1]].push(pair[0]);
    }
    neighbours
}

/// Each item as near below and above its neighbours as its row allows.
fn set_x(items: &mut [Item<'_>], ways: &[Way<'_>], rows: &[Vec<usize>]) {
    let neighbours = neighbours(items.len(), ways);
    for row in rows {
        let mut x = 0;
        for &at in row {
            items[at].x = x + items[at].head() / 2;
            x += items[at].w + GAP_X;
        }
        let shift = (x - GAP_X) / 2;
        row.iter().for_each(|&at| items[at].x -= shift);
    }
    for round in 0..8 {
        let order: Vec<&Vec<usize>> =
            if round % 2 == 0 { rows.iter().collect() } else { rows.iter().rev().collect() };
        for row in order {
            let wanted: Vec<i32> = row
                .iter()
                .map(|&at| match &neighbours[at][..] {
                    [] => items[at].x,
                    near => near.iter().map(|&other| items[other].x).sum::<i32>() / near.len() as i32,
                })
                .collect();
            settle(items, row, &wanted);
        }
    }
    let left = items.iter().map(|item| item.x - item.head() / 2).min().unwrap_or(0);
    items.iter_mut().for_each(|item| item.x -= left);
}

/// Moves the items of a row to where they want to be, as near as their order and their widths allow: neighbours that
/// are in each other's way move together.
fn settle(items: &mut [Item<'_>], row: &[usize], wanted: &[i32]) {
    // Groups of (sum of wants, members, first member); a want is relative to the group's first member.
    let mut groups: Vec<(i32, i32, usize)> = Vec::new();
    let mut offsets = Vec::new();
    let mut offset = 0;
    for (place, &at) in row.iter().enumerate() {
        if place > 0 {
            let before = &items[row[place - 1]];
            offset += before.w - before.head() / 2 + GAP_X + items[at].head() / 2;
        }
        offsets.push(offset);
        groups.push((wanted[place] - offset, 1, place));
        while let [.., left, right] = &groups[..] {
            if left.0 * right.1 <= right.0 * left.1 {
                break;
            }
            let merged = (left.0 + right.0, left.1 + right.1, left.2);
            groups.truncate(groups.len() - 2);
            groups.push(merged);
        }
    }
    for (index, &(sum, count, first)) in groups.iter().enumerate() {
        let end = groups.get(index + 1).map_or(row.len(), |next| next.2);
        for place in first..end {
            items[row[place]].x = sum / count + offsets[place];
        }
    }
}

/// Boxes and arrows, now that every item has its place.
fn draw<'p>(items: Vec<Item<'p>>, ways: &[Way<'p>], rows: &[Vec<usize>]) -> Sheet<'p> {
    let mut tops = Vec::new();
    let mut y = 0;
    for row in rows {
        let h = row.iter().map(|&at| items[at].h).max().unwrap_or(0);
        tops.push((y, h));
        y += h + GAP_Y;
    }
    let mut lines = arrows(&items, ways, &tops);
    let w = items.iter().map(|item| item.x - item.head() / 2 + item.w).max().unwrap_or(0);
    let mut boxes = Vec::new();
    for item in items {
        let (top, row_h) = tops[item.rank];
        let mut x = item.x - item.head() / 2;
        for (place, (figure, inside, extent)) in item.strip.into_iter().enumerate() {
            let y = top + (row_h - extent.h) / 2;
            if place > 0 {
                let middle = top + row_h / 2;
                lines.push(Line {
                    points: vec![(x - GAP_ELSE, middle), (x, middle)],
                    label: "else",
                    is_else: true,
                });
            }
            boxes.push(Placed { figure, x, y, w: extent.w, h: extent.h, inside });
            x += extent.w + GAP_ELSE;
        }
    }
    Sheet { boxes, lines, w, h: (y - GAP_Y).max(0) }
}

/// From the middle of a box's lower edge to the upper edge of another; those that arrive at one box share its edge.
fn arrows<'p>(items: &[Item<'p>], ways: &[Way<'p>], tops: &[(i32, i32)]) -> Vec<Line<'p>> {
    let mut arrivals: BTreeMap<(usize, usize), Vec<(i32, usize)>> = BTreeMap::new();
    for (index, way) in ways.iter().enumerate() {
        let before = way.items[way.items.len() - 2];
        arrivals.entry(way.to).or_default().push((items[before].x, index));
    }
    arrivals.values_mut().for_each(|list| list.sort_unstable());
    let line = |(index, way): (usize, &Way<'p>)| {
        let from = items[way.from.0].edge(way.from.1, tops);
        let to = items[way.to.0].edge(way.to.1, tops);
        let list = &arrivals[&way.to];
        let place = list.iter().position(|(_, other)| *other == index).unwrap_or(0) as i32;
        let port = to.x + to.w * (place + 1) / (list.len() as i32 + 1);
        let mut points = vec![(from.x + from.w / 2, from.y + from.h)];
        for &lane in &way.items[1..way.items.len() - 1] {
            let (top, h) = tops[items[lane].rank];
            points.extend([(items[lane].x, top), (items[lane].x, top + h)]);
        }
        points.push((port, to.y));
        Line { points, label: way.label, is_else: false }
    };
    ways.iter().enumerate().map(line).collect()
}

/// A box's place on the sheet.
struct Edge {
    x: i32,
    y: i32,
    w: i32,
    h: i32,
}

// === impl Item ===

impl Item<'_> {
    /// Width of its first box: what stands beside it does not draw it to the side.
    fn head(&self) -> i32 {
        self.strip.first().map_or(self.w, |(_, _, extent)| extent.w)
    }

    fn edge(&self, place: usize, tops: &[(i32, i32)]) -> Edge {
        let (top, row_h) = tops[self.rank];
        let before = self.strip.iter().take(place).map(|(_, _, extent)| extent.w + GAP_ELSE).sum::<i32>();
        let extent = &self.strip[place].2;
        Edge {
            x: self.x - self.head() / 2 + before,
            y: top + (row_h - extent.h) / 2,
            w: extent.w,
            h: extent.h,
        }
    }
}
