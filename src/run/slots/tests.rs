use futures_util::FutureExt;

use super::*;

fn take<'a>(slots: &'a Slots, model: &'a str) -> impl Future<Output = Result<Slot, QueueFull>> + 'a {
    slots.take(model, 1)
}

fn now(slots: &Slots, model: &str, width: u32) -> Slot {
    slots.take(model, width).now_or_never().expect("it is free").expect("nobody waits")
}

fn used(slots: &Slots) -> Vec<(String, u32, u32)> {
    slots.uses().into_iter().map(|used| (used.model, used.in_use, used.slots)).collect()
}

#[test]
fn more_slots_are_there_at_once() {
    let slots = Slots::new();
    let _first = now(&slots, "m", 1);
    slots.resize("m", 3).now_or_never().expect("nothing to wait for");
    let _more = (now(&slots, "m", 1), now(&slots, "m", 1));
    assert!(take(&slots, "m").now_or_never().is_none(), "the old plan's call counts, too");
    assert_eq!(used(&slots), [("m".to_owned(), 3, 3)]);
}

#[test]
fn fewer_slots_are_taken_away_as_calls_end() {
    let slots = Slots::new();
    let calls: Vec<_> = (0..3).map(|_| now(&slots, "m", 3)).collect();
    let mut shrinking = Box::pin(slots.resize("m", 1));
    assert!(shrinking.as_mut().now_or_never().is_none(), "three calls are in flight");
    assert_eq!(used(&slots), [("m".to_owned(), 3, 1)]);
    drop(calls);
    shrinking.now_or_never().expect("they have ended");
    let _only = now(&slots, "m", 3);
    assert!(take(&slots, "m").now_or_never().is_none());
}

#[test]
fn a_model_that_was_never_called_gets_its_slots_from_its_first_call() {
    let slots = Slots::new();
    slots.resize("m", 7).now_or_never().expect("nothing to wait for");
    let _call = now(&slots, "m", 2);
    assert_eq!(used(&slots), [("m".to_owned(), 1, 2)]);
}

#[test]
fn so_many_wait_and_no_more() {
    let slots = Slots::new();
    let in_flight = now(&slots, "m", 1);
    let mut waiting: Vec<_> = (0..QUEUE_MAX).map(|_| Box::pin(take(&slots, "m"))).collect();
    for call in &mut waiting {
        assert!(call.as_mut().now_or_never().is_none());
    }
    assert_eq!(slots.queued(), QUEUE_MAX);
    assert_eq!(take(&slots, "m").now_or_never().map(|slot| slot.err()), Some(Some(QueueFull)));
    // A model that has a slot needs no queue.
    drop(now(&slots, "other", 1));
    drop(in_flight);
    let next = waiting[0].as_mut().now_or_never().expect("its turn").expect("it had its place");
    assert_eq!(slots.queued(), QUEUE_MAX - 1);
    assert!(waiting[1].as_mut().now_or_never().is_none(), "one at a time");
    drop((next, waiting));
    assert_eq!((slots.queued(), used(&slots)[0].1), (0, 0));
}

#[test]
fn who_waits_for_a_model_holds_no_slot_of_others() {
    let slots = Slots::new();
    let _busy = now(&slots, "slow", 1);
    let mut waiting = Box::pin(take(&slots, "slow"));
    assert!(waiting.as_mut().now_or_never().is_none());
    assert_eq!(slots.in_flight(), 1);
}

#[test]
fn there_is_an_end_over_all_models() {
    let slots = Slots::new();
    let all: Vec<_> = (0..CALLS_MAX).map(|n| now(&slots, if n % 2 == 0 { "a" } else { "b" }, 8192)).collect();
    let mut next = Box::pin(slots.take("c", 1));
    assert!(next.as_mut().now_or_never().is_none());
    assert_eq!(slots.queued(), 1);
    drop(all);
    assert!(next.now_or_never().is_some_and(|slot| slot.is_ok()));
}
