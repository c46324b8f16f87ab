use super::*;

/// The picture of one diagnostic at bytes `range` of `text`.
fn picture(text: &str, range: std::ops::Range<usize>) -> String {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new("a.ens", text));
    let span = Span::new(file, range.start, range.end);
    render(&sources, &[Diagnostic::error("N001", span, "no such thing").label("this").help("make it")], false)
}

#[test]
fn the_header_names_code_and_place() {
    let picture = picture("ensemble x {\n  ü = ask m\n}\n", 24..25);
    assert!(picture.starts_with("error[N001]: no such thing\n"), "{picture}");
    assert!(picture.contains("a.ens:2:11 ]"), "{picture}");
    assert!(picture.contains(" 2 │   ü = ask m\n"), "{picture}");
    assert!(picture.contains("  help: make it\n"), "{picture}");
    assert!(picture.ends_with("\n1 error\n"), "{picture}");
}

#[test]
fn long_lines_are_clipped_and_columns_stay_true() {
    let text = format!("{}x{}\n", "a".repeat(5000), "b".repeat(5000));
    let picture = picture(&text, 5000..5001);
    assert!(picture.contains("a.ens:1:5001 ]"), "{picture}");
    assert!(picture.lines().all(|line| line.chars().count() < WIDTH_MAX + 20), "{picture}");
    assert!(picture.contains("aaxbb"), "{picture}");
}

#[test]
fn a_place_inside_a_character_or_past_the_end_does_no_harm() {
    for range in [0..1, 1..2, 1..1, 2..9, 9..9, 0..9] {
        let picture = picture("üü\r\n\u{2028}\u{85}", range);
        assert!(picture.contains("a.ens:"), "{picture}");
    }
}

#[test]
fn no_line_ends_in_a_blank() {
    let picture = picture("a\n\nb\n", 0..4);
    assert!(picture.lines().all(|line| line == line.trim_end()), "{picture}");
}

#[test]
fn other_files_are_shown_too() {
    let mut sources = Sources::default();
    let one = sources.add(SourceFile::new("one.ens", "model a {}\n"));
    let two = sources.add(SourceFile::new("two.ens", "\nmodel a {}\n"));
    let diagnostic = Diagnostic::warning("N002", Span::new(two, 7, 8), "`a` is defined twice")
        .related(Span::new(one, 6, 7), "first here");
    let picture = render(&sources, &[diagnostic], false);
    assert!(picture.contains("two.ens:2:7 ]") && picture.contains("one.ens:1:7 ]"), "{picture}");
    assert!(picture.ends_with("\n1 warning\n"), "{picture}");
}

#[test]
fn every_place_is_underlined_in_the_order_of_the_file() {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new("a.ens", "one\ntwo\nthree\n"));
    let diagnostic =
        Diagnostic::error("S024", Span::new(file, 8, 13), "outside").related(Span::new(file, 0, 3), "first");
    let picture = render(&sources, &[diagnostic], false);
    let at = |part: &str| picture.find(part).unwrap_or_else(|| panic!("{part}: {picture}"));
    assert!(
        at(" 1 │ one") < at("── first")
            && at("── first") < at(" 3 │ three")
            && at(" 3 │ three") < at("── here")
    );
    assert!(picture.contains("a.ens:3:1 ]") && !picture.contains("├─["), "{picture}");
}
