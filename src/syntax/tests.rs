use super::*;
#[test]
fn tryout() {
    let mut names: Vec<_> = std::fs::read_dir("/tmp/try").unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    for p in names {
        let text = std::fs::read_to_string(&p).unwrap();
        let mut s = crate::source::Sources::default();
        let id =
            s.add(crate::source::SourceFile::new(p.file_name().unwrap().to_str().unwrap(), text.as_str()));
        let (_f, d) = parse(id, &text);
        for d in &d {
            println!(
                "{} {} [{}] {} {:?} {:?}",
                s.place(d.span),
                s.position(d.span).column,
                d.code.0,
                d.message,
                s.text(d.span),
                d.help.first()
            );
        }
    }
}
