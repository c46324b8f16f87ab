use tokio::time::advance;

use super::*;
use crate::upstream::Retry;

fn fail(breakers: &Breakers, times: u32) {
    for _ in 0..times {
        breakers.pass("m").expect("it is closed").ended(Health::Ill);
    }
}

/// Five failures in a row.
fn opened() -> Breakers {
    let breakers = Breakers::default();
    fail(&breakers, FAILURES_MAX);
    assert_eq!(breakers.open(), ["m"]);
    breakers
}

#[tokio::test(start_paused = true)]
async fn only_failures_in_a_row_open_it_and_only_for_that_model() {
    let breakers = Breakers::default();
    fail(&breakers, FAILURES_MAX - 1);
    breakers.pass("m").expect("four are not enough").ended(Health::Well);
    fail(&breakers, FAILURES_MAX - 1);
    breakers.pass("m").expect("four again").ended(Health::Unclear);
    assert!(breakers.open().is_empty());
    breakers.pass("m").expect("what is unclear neither counts nor ends the row").ended(Health::Ill);
    assert!(breakers.pass("m").is_none() && breakers.is_open("m"));
    assert!(breakers.pass("other").is_some() && !breakers.is_open("other"));
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_together_stumbles_once() {
    let breakers = Breakers::default();
    for round in 1..=FAILURES_MAX {
        let samples: Vec<_> = (0..8).map(|_| breakers.pass("m").expect("not yet")).collect();
        samples.into_iter().for_each(|sample| sample.ended(Health::Ill));
        assert_eq!(breakers.is_open("m"), round == FAILURES_MAX, "after round {round}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_probe_after_the_rest_decides() {
    let breakers = opened();
    advance(REST - Duration::from_millis(1)).await;
    assert!(breakers.pass("m").is_none());
    advance(Duration::from_millis(1)).await;
    let probe = breakers.pass("m").expect("the rest is over");
    assert!(breakers.pass("m").is_none() && breakers.is_open("m"), "one probe at a time");
    probe.ended(Health::Ill);
    assert!(breakers.pass("m").is_none(), "and another rest");
    advance(REST).await;
    breakers.pass("m").expect("the second probe").ended(Health::Well);
    assert!(breakers.open().is_empty());
    fail(&breakers, FAILURES_MAX - 1);
    assert!(breakers.open().is_empty(), "the row begins anew");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_found_out_nothing_leaves_it_to_the_next() {
    let breakers = opened();
    advance(REST).await;
    drop(breakers.pass("m").expect("a probe, and its client left"));
    breakers.pass("m").expect("another").ended(Health::Unclear);
    assert!(!breakers.is_open("m") && breakers.open() == ["m"], "neither open nor closed");
}

#[tokio::test(start_paused = true)]
async fn who_set_out_before_it_opened_counts_as_it_ends() {
    let breakers = Breakers::default();
    let (late, later) = (breakers.pass("m").expect("closed"), breakers.pass("m").expect("closed"));
    fail(&breakers, FAILURES_MAX);
    advance(REST / 2).await;
    late.ended(Health::Ill);
    advance(REST / 2).await;
    assert!(!breakers.is_open("m"), "a late failure does not make the rest longer");
    later.ended(Health::Well);
    assert!(breakers.open().is_empty(), "and a late success ends it");
}

#[test]
fn only_what_says_that_the_server_is_ill_counts() {
    let says = |fault| Health::of(&CallError::new(fault, Retry::Never, ""));
    let ill: Vec<Fault> = Fault::ALL.into_iter().filter(|fault| says(*fault) == Health::Ill).collect();
    assert_eq!(
        ill,
        [Fault::Stalled, Fault::Refused, Fault::Reset, Fault::Cut, Fault::BrokeOff, Fault::Unwell]
    );
    assert_eq!(says(Fault::Rejected), Health::Well);
    assert_eq!(says(Fault::TimedOut), Health::Unclear, "our own deadline");
    let theirs = CallError::new(Fault::TimedOut, Retry::Never, "").status(408);
    assert_eq!(Health::of(&theirs), Health::Ill);
}
