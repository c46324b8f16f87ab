use ensc::source::{FileId, SourceFile, Sources};
fn main() {
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path).unwrap();
        match ensc::fmt::format(FileId(0), &text) {
            Ok(new) => {
                if new != text {
                    println!("== {path}\n{}", ensc::fmt::difference(&text, &new));
                }
            }
            Err(ensc::fmt::Refusal::Mistakes(found)) => {
                let mut s = Sources::default();
                s.add(SourceFile::new(path, text));
                print!("{}", ensc::diagnostic::render::render(&s, &found, false));
            }
            Err(other) => println!("== {path}: {other:?}"),
        }
    }
}
