use proptest::prelude::*;

use super::*;

/// All events of a text that arrives in these pieces, and what was left at its end.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Option<String>) {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece));
        while let Some(event) = decoder.next().unwrap() {
            events.push(text(event));
        }
    }
    (events, decoder.finish().map(text))
}

/// What there is to read, the events in it, and the rest.
const CORPUS: &[(&str, &[&str], Option<&str>)] = &[
    ("data: a\n\ndata: b\n\n", &["a", "b"], None),
    ("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"], None),
    ("data: a\r\rdata: b\r\r", &["a", "b"], None),
    ("data: a\r\n\rdata: b\n\r", &["a", "b"], None),
    ("data:a\n\ndata:  b\n\n", &["a", " b"], None),
    ("\u{feff}data: a\n\n\u{feff}data: b\n\n", &["a"], None),
    (": comment\n\n:\n\n: data: no\ndata: a\n: more\ndata: b\n\n", &["a\nb"], None),
    ("data: one\ndata: two\ndata:\ndata: three\n\n", &["one\ntwo\n\nthree"], None),
    ("data\n\ndata: \n\n", &["", ""], None),
    ("event: error\nid: 1\nretry: 5\ndatabase: x\ndata: a\n\n", &["a"], None),
    ("\n\n\r\n\n", &[], None),
    ("data: grüße 🦀\n\n", &["grüße 🦀"], None),
    ("data: [DONE]", &[], Some("[DONE]")),
    ("data: a\n\ndata: [DONE]\n", &["a"], Some("[DONE]")),
    ("data: a\ndata: b", &[], Some("a\nb")),
    ("", &[], None),
];

fn expected(events: &[&str], rest: Option<&str>) -> (Vec<String>, Option<String>) {
    (events.iter().map(|&event| event.to_owned()).collect(), rest.map(str::to_owned))
}

#[test]
fn every_cut_of_the_corpus_into_two_or_three_gives_the_same_events() {
    for (text, events, rest) in CORPUS {
        let bytes = text.as_bytes();
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                assert_eq!(decode(pieces), expected(events, *rest), "{text:?} cut at {first} and {second}");
            }
        }
    }
}

#[test]
fn bytes_one_by_one_give_the_same_events() {
    for (text, events, rest) in CORPUS {
        assert_eq!(decode(text.as_bytes().chunks(1)), expected(events, *rest), "{text:?}");
    }
}

#[test]
fn an_event_in_one_chunk_is_not_copied() {
    let chunk = Bytes::from_static(b"data: hello\n\n");
    let mut decoder = Decoder::default();
    decoder.push(chunk.clone());
    let event = decoder.next().unwrap().unwrap();
    assert_eq!(event.as_ptr(), chunk[6..].as_ptr());
}

#[test]
fn what_is_larger_than_an_event_may_be_is_an_error() {
    let line = format!("data: {}\n", "x".repeat(EVENT_SIZE_MAX));
    let lines = "data: xxxxxxxx\n".repeat(EVENT_SIZE_MAX / 8);
    let endless = "x".repeat(EVENT_SIZE_MAX + 1);
    for text in [line, lines, endless] {
        let mut decoder = Decoder::default();
        let outcome = text.as_bytes().chunks(10_000).try_for_each(|piece| {
            decoder.push(Bytes::copy_from_slice(piece));
            while decoder.next()?.is_some() {}
            Ok(())
        });
        assert_eq!(outcome, Err(TooLarge));
    }
    let fits = format!("data: {}\n\n", "x".repeat(EVENT_SIZE_MAX - 6));
    assert_eq!(decode([fits.as_bytes()]).0[0].len(), EVENT_SIZE_MAX - 6);
}

proptest! {
    #[test]
    fn any_cut_of_any_text_gives_the_same_events(
        lines in proptest::collection::vec("(data:| |:|data: |[a-z]{0,3}|\r|\n|\r\n|\n\n|é|\u{feff}){0,6}", 0..12),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
    ) {
        let text = lines.concat();
        let bytes = text.as_bytes();
        let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        ends.sort_unstable();
        ends.push(bytes.len());
        let mut start = 0;
        let pieces: Vec<_> = ends.into_iter().map(|end| &bytes[std::mem::replace(&mut start, end)..end]).collect();
        prop_assert_eq!(decode(pieces), decode([bytes]));
    }
}
