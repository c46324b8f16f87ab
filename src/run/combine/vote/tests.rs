use super::*;

const NUMBER: Matching = Matching::Number;
const ALIKE: Matching = Matching::Similarity(0.8);

fn ballot(text: &str, weight: u32) -> Ballot {
    Ballot { key: Key::text(text).expect("has a key"), weight }
}

fn tally(texts: &[&str], matching: Matching) -> Tally {
    let ballots: Vec<Ballot> = texts.iter().map(|text| ballot(text, 1)).collect();
    Tally::of(&ballots, matching)
}

#[track_caller]
fn check(votes: &[u32], left: u32, min_share: f64, expected: Option<usize>) {
    assert_eq!(settled(votes, left, min_share), expected, "{votes:?} with {left} out");
}

#[test]
fn a_lead_larger_than_the_ballots_left_is_settled() {
    check(&[3, 1], 1, 0.0, Some(0));
    check(&[3, 1], 2, 0.0, None);
    check(&[2, 2], 0, 0.0, None);
    check(&[], 5, 0.0, None);
    check(&[1, 4], 2, 0.0, Some(1));
    check(&[3, 0], 1, 0.8, None);
    check(&[4, 0], 1, 0.8, Some(0));
}

#[test]
fn answers_that_say_the_same_vote_together() {
    let text = |text: &str| Completion { text: text.to_owned(), ..Completion::default() };
    let key = |completion: &Completion| Key::of(None, completion, None);
    assert_eq!(key(&text(" Yes\n")), key(&text("yes")));
    assert_eq!(key(&text("  ")), None);
    assert_eq!(Key::of(Some(" "), &text("yes"), None), None);
    assert_eq!(Key::of(Some("A"), &text("so: A"), None), key(&text("a")));
    let tool = |arguments: &str| Completion {
        tool_calls: vec![ToolCall { id: "x".into(), name: "f".into(), arguments: arguments.into() }],
        ..Completion::default()
    };
    assert_eq!(key(&tool(r#"{"a":1,"b":2}"#)), key(&tool(r#"{ "b": 2, "a": 1 }"#)));
    assert_ne!(key(&tool(r#"{"a":1}"#)), key(&tool(r#"{"a":2}"#)));
}

#[test]
fn answers_with_a_value_vote_on_it() {
    let said = Completion { text: "whatever".to_owned(), ..Completion::default() };
    let key = |value: Data| Key::of(None, &said, Some(&value));
    assert_eq!(key(Data::Number(8.0)), key(Data::Int(8)));
    assert_eq!(key(Data::Text("Pass".into())), key(Data::Text("pass".into())));
    let list = |items: &[&str]| Data::List(items.iter().map(|item| Data::Text((*item).into())).collect());
    assert_eq!(key(list(&["a"])), key(list(&["a"])));
    assert_ne!(key(list(&["a"])), key(list(&["b"])));
    let map = |pairs: [(&str, i64); 2]| {
        Data::Map(pairs.map(|(name, value)| (name.to_owned(), Data::Int(value))).to_vec())
    };
    assert_eq!(key(map([("a", 1), ("b", 2)])), key(map([("b", 2), ("a", 1)])));
    assert_eq!(key(Data::None), None);
}

#[test]
fn numbers_are_compared_as_numbers() {
    let counted = tally(&["1,000", "It is \\boxed{1000.0}.", "999", "1e3", "many"], NUMBER);
    assert_eq!(counted.votes, [3, 1, 1]);
    assert_eq!(counted.first, [0, 2, 4]);
    assert_eq!(counted.choices, [0, 0, 1, 0, 2]);
    assert_eq!(tally(&["1,000", "1000"], Matching::Text).votes, [1, 1]);
}

#[test]
fn alike_answers_join_the_first_choice_that_they_are_alike_to() {
    let texts = [
        "the cat sat on the mat",
        "a dog ran over the road",
        "the cat sat on a mat",
        "the cat is on the mat",
        "dogs ran over the road",
    ];
    let counted = tally(&texts, ALIKE);
    assert_eq!(counted.choices, [0, 1, 0, 0, 1]);
    assert_eq!(counted.first, [0, 1]);
    assert_eq!(counted.votes, [3, 2]);
}

/// Chains do not grow: what counts is the likeness to the first, not to the last that joined.
#[test]
fn a_cluster_does_not_drift() {
    let counted = tally(&["aaaaaaaaaa", "aaaaaaaabb", "aaaaaabbbb"], ALIKE);
    assert_eq!(counted.choices, [0, 0, 1]);
}

#[test]
fn tool_calls_are_never_merely_alike() {
    let call = |path: &str| Ballot { key: Key::Exact(format!("read {{\"path\":\"{path}\"}}")), weight: 1 };
    assert_eq!(Tally::of(&[call("/data/a.txt"), call("/data/b.txt")], ALIKE).votes, [1, 1]);
}

#[test]
fn a_tie_has_several_leaders() {
    let weighed =
        Tally::of(&[ballot("a", 1), ballot("b", 2), ballot("a", 1), ballot("c", 1)], Matching::Text);
    assert_eq!(weighed.leaders(), [0, 1]);
    assert!((weighed.share(0) - 0.4).abs() < 1e-9);
    assert!(Tally::default().leaders().is_empty());
}

#[test]
fn a_vote_is_settled_when_no_one_out_can_change_it() {
    let cast = |text: &str| Slot::Cast(ballot(text, 1));
    let out = || Slot::Out(1);
    let settled = |slots: &[Slot], matching| is_settled(slots, matching, 0.0);
    assert!(settled(&[cast("5"), cast("5"), out()], NUMBER));
    assert!(settled(&[out(), cast("5"), cast("5.0")], NUMBER));
    assert!(!settled(&[out(), cast("5"), cast("6")], NUMBER));
    assert!(settled(&[cast("5"), Slot::Abstains, Slot::Abstains], NUMBER));
    // The one in front may be alike to only one of the two.
    assert!(settled(&[cast("aaaa"), cast("aaaa"), out()], ALIKE));
    assert!(!settled(&[out(), cast("aaaa"), cast("aaaa")], ALIKE));
    assert!(!is_settled(&[cast("5"), cast("5"), out()], NUMBER, 0.9));
}
