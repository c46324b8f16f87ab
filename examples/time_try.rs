use ensc::source::FileId;
use std::time::Instant;
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let n: usize = std::env::args().nth(2).map_or(1, |n| n.parse().unwrap());
    let text = text.repeat(n);
    let t = Instant::now();
    let (tree, _) = ensc::syntax::parse(FileId(0), &text);
    println!("parse {:?} {}", t.elapsed(), text.len());
    let t = Instant::now();
    let m = tree.meaning();
    println!("meaning {:?} {}", t.elapsed(), m.len());
    let t = Instant::now();
    let c = ensc::syntax::comments(FileId(0), &text);
    println!("comments {:?} {}", t.elapsed(), c.len());
    let t = Instant::now();
    let f = ensc::fmt::format(FileId(0), &text).map(|f| f.len());
    println!("format {:?} {:?}", t.elapsed(), f);
}
