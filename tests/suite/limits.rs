//! What limits how much is asked of the upstream at once, and what comes beyond it. Many runs on one host.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, advance};

use ensc::plan::Plan;
use ensc::run::breaker::REST;
use ensc::run::host::Host;
use ensc::run::slots::QUEUE_MAX;
use ensc::run::{ErrorKind, Event, Finished, Run};
use ensc::upstream::sim::{Sim, SimUpstream};

use crate::stage::{paused, plan, request, script};

/// An ensemble of the one model `a`, of which so many calls may be in flight.
fn sole(concurrency: u32) -> Arc<Plan> {
    plan(&format!(
        "model a {{ context: 32k, max_output: 4k, concurrency: {concurrency} }}
        tier s {{ }}
        profile high {{ }}
        ensemble x {{ reply = ask a {{ retries: 1 }} }}"
    ))
}

fn stand(day: &str) -> (Arc<Sim>, Arc<Host>) {
    let sim = Sim::new(Vec::new(), script(day));
    let host = Arc::new(Host::new(Arc::new(SimUpstream::new(Arc::clone(&sim)))));
    (sim, host)
}

async fn run(plan: &Arc<Plan>, host: &Arc<Host>) -> Finished {
    let mut run = Run::new(Arc::clone(plan), Arc::new(request("Well?")), Arc::clone(host));
    loop {
        if let Some(Event::Done(finished)) = run.next().await {
            return *finished;
        }
    }
}

/// Why the call failed for good, and its attempts.
fn failed(finished: &Finished) -> (&str, u32) {
    let call = &finished.receipt.calls[0];
    (call.why.as_deref().unwrap_or("it did not fail"), call.attempts)
}

const LEFT_ALONE: &str = "is left alone after 5 failures in a row";

#[test]
fn a_model_that_failed_five_times_is_left_alone_until_a_probe_works() {
    paused(async {
        let (sim, host) = stand(r#"model.a.reply = [{ fault = "503" }]"#);
        let plan = sole(64);
        for attempts in [2, 2, 1] {
            // The fifth failure leaves nothing to try again.
            assert_eq!(failed(&run(&plan, &host).await), ("answered with a server error", attempts));
        }
        assert_eq!((sim.calls().len(), host.breakers.open()), (5, vec!["a".to_owned()]));

        // Any plan that names the model finds it so, and at once: a reload does not forget.
        let began = Instant::now();
        let finished = run(&sole(8), &host).await;
        assert_eq!((failed(&finished), began.elapsed()), ((LEFT_ALONE, 0), Duration::ZERO));
        assert_eq!((sim.calls().len(), finished.receipt.totals.usage_unknown), (5, 0));
        let error = finished.result.expect_err("nobody was asked");
        assert_eq!((error.kind, error.retry_after_s), (ErrorKind::Unreachable, Some(5)));
        assert_eq!(error.message, format!("every model {LEFT_ALONE}; none was reached"));

        // One call finds out that it is still ill; while it does, the others wait for nothing.
        sim.set_script(script(r#"model.a.reply = [{ fault = "503", delay_ms = 2000 }, {}]"#));
        advance(REST).await;
        let both = join_all([run(&plan, &host), run(&plan, &host)]).await;
        assert_eq!(failed(&both[0]), ("answered with a server error", 1));
        assert_eq!(failed(&both[1]), (LEFT_ALONE, 0));
        assert_eq!(failed(&run(&plan, &host).await), (LEFT_ALONE, 0));

        advance(REST).await;
        assert!(run(&plan, &host).await.result.is_ok(), "the second probe works");
        assert!(host.breakers.open().is_empty() && run(&plan, &host).await.result.is_ok());
    });
}

#[test]
fn calls_that_wait_while_their_model_falls_ill_go_nowhere() {
    paused(async {
        let (sim, host) = stand(r#"model.a.reply = [{ fault = "503", delay_ms = 100 }]"#);
        let plan = sole(1);
        let all = join_all((0..20).map(|_| run(&plan, &host))).await;
        assert_eq!(sim.calls().len(), 5);
        assert_eq!(all.iter().filter(|finished| failed(finished).0 == LEFT_ALONE).count(), 15);
    });
}

#[test]
fn one_stumble_under_many_samples_does_not_end_them() {
    paused(async {
        let stumble = r#"{ fault = "503" }, "#.repeat(8);
        let (sim, host) = stand(&format!("model.a.delay_ms = 100\nmodel.a.reply = [{stumble}{{}}]"));
        let plan = plan(
            "model a { context: 32k, max_output: 4k }
            tier s { }
            profile high { }
            ensemble x {
              all = sample 8 of a { retries: 1 }
              reply = first(all)
            }",
        );
        let finished = run(&plan, &host).await;
        assert!(finished.result.is_ok() && !finished.receipt.degraded, "{:?}", finished.receipt);
        assert_eq!((sim.calls().len(), host.breakers.open().len()), (16, 0));
    });
}

#[test]
fn a_client_that_leaves_with_the_probe_leaves_it_to_the_next() {
    paused(async {
        let (sim, host) = stand(r#"model.a.reply = [{ fault = "reset" }]"#);
        let plan = sole(64);
        for _ in 0..3 {
            run(&plan, &host).await;
        }
        sim.set_script(script(r#"model.a.reply = [{ fault = "silence" }, {}]"#));
        advance(REST).await;
        assert!(tokio::time::timeout(Duration::from_secs(1), run(&plan, &host)).await.is_err());
        assert!(run(&plan, &host).await.result.is_ok());
    });
}

#[test]
fn what_is_no_illness_leaves_a_model_in_reach() {
    for fault in ["400", "429", "context-full", "filtered", "empty", "garbage", "silence"] {
        paused(async {
            let (sim, host) = stand(&format!(r#"model.a.reply = [{{ fault = "{fault}" }}]"#));
            let plan = sole(64);
            for _ in 0..10 {
                assert!(run(&plan, &host).await.result.is_err());
            }
            assert!(sim.calls().len() >= 10 && host.breakers.open().is_empty(), "{fault}");
        });
    }
}

#[test]
fn an_outage_is_not_multiplied() {
    paused(async {
        let (sim, host) = stand(r#"model.a.reply = [{ fault = "429" }]"#);
        let plan = sole(64);
        join_all((0..100).map(|_| run(&plan, &host))).await;
        // Ten retries, and one for five calls.
        assert_eq!(sim.calls().len(), 100 + 10 + 20);
        advance(Duration::from_secs(10)).await;
        run(&plan, &host).await;
        assert_eq!(sim.calls().len(), 130 + 2, "another window, another budget");
    });
}

#[test]
fn so_many_calls_wait_and_the_next_fails_at_once() {
    paused(async {
        let (sim, host) = stand("model.a.delay_ms = 1000");
        let plan = sole(1);
        let mut all: FuturesUnordered<_> = (0..=QUEUE_MAX).map(|_| run(&plan, &host)).collect();
        // Polls each of them once.
        assert!(futures_util::poll!(all.next()).is_pending());
        assert_eq!((sim.calls().len(), host.slots.queued()), (1, QUEUE_MAX));
        assert_eq!(host.slots.uses()[0].in_use, 1);
        let one_more = run(&plan, &host).await;
        assert_eq!(failed(&one_more), ("found no place in the queue", 0));
        let error = one_more.result.expect_err("it was not asked");
        assert_eq!((error.kind, error.retry_after_s), (ErrorKind::Overloaded, Some(1)));
        assert_eq!(error.message, "overload: 4096 calls wait for their models already");

        // Those who wait are served in turn.
        let first = all.next().await.expect("there are many");
        assert!(first.result.is_ok() && futures_util::poll!(all.next()).is_pending());
        assert_eq!((sim.calls().len(), host.slots.queued()), (2, QUEUE_MAX - 1));
        drop(all);
        assert_eq!((sim.alive(), host.slots.queued(), host.slots.uses()[0].in_use), (0, 0, 0));
    });
}

#[test]
fn two_thousand_runs_in_flight_all_answer() {
    const RUNS: usize = 2000;
    paused(async {
        let (sim, host) = stand("model.\"*\".delay_ms = 3000\nmodel.chief.delay_ms = 2000");
        let plan = plan(
            "model a { context: 32k, max_output: 4k, concurrency: 2000 }
            model b { context: 32k, max_output: 4k, concurrency: 2000 }
            model c { context: 32k, max_output: 4k, concurrency: 2000 }
            model chief { context: 32k, max_output: 4k, concurrency: 2000 }
            tier s { }
            profile high { }
            ensemble x {
              drafts = parallel [a, b, c]
              reply = merge drafts by chief
            }",
        );
        let began = Instant::now();
        let all = join_all((0..RUNS).map(|_| run(&plan, &host))).await;
        assert!(all.iter().all(|finished| finished.result.is_ok() && !finished.receipt.degraded));
        assert_eq!(began.elapsed().as_secs(), 5, "nobody waited for anybody");
        let totals = sim.totals();
        assert_eq!((totals.calls, totals.alive_max, totals.alive), (8000, 6000, 0));
    });
}
