//! Nobody works for a client that has left: over a real socket, every call of its run is closed upstream.

use std::sync::Arc;
use std::time::Duration;

use ensc::plan::Plan;
use ensc::serve::Ending;

use crate::socket::served;
use crate::stage::{plan, script};

const MEMBERS_HANG: &str = r#"
model.a.reply = [{ fault = "silence" }]
model.b.reply = [{ fault = "silence" }]
"#;

fn panel() -> Arc<Plan> {
    plan(
        "
        model a { context: 32k, max_output: 4k }
        model b { context: 32k, max_output: 4k }
        model c { context: 32k, max_output: 4k }
        tier s { }
        profile high { }
        ensemble x { timeout: 5m, d = parallel [a, b], reply = merge d by c }
        ",
    )
}

#[test]
fn a_client_that_leaves_before_the_answer_ends_every_call_of_its_run() {
    for stream in [false, true] {
        served(&panel(), script(MEMBERS_HANG), Duration::ZERO, async |daemon| {
            let client = daemon.ask(stream).await;
            daemon.until(|sim| sim.alive() == 2).await;
            drop(client);
            daemon.until(|sim| sim.alive() == 0).await;
            let totals = daemon.sim.totals();
            assert_eq!((totals.calls, totals.cancelled), (2, 2), "stream: {stream}");
        });
    }
}

#[test]
fn a_client_that_leaves_in_mid_stream_ends_the_reply() {
    let one_word = script(r#"model.c.reply = [{ text = "one more than this" }]"#);
    served(&panel(), one_word, Duration::ZERO, async |daemon| {
        let _gate = daemon.sim.token_gate("c");
        let mut client = daemon.ask(true).await;
        client.read_until(r#""content":"one ""#).await;
        assert_eq!(daemon.sim.alive(), 1);
        drop(client);
        daemon.until(|sim| sim.alive() == 0).await;
        let totals = daemon.sim.totals();
        assert_eq!((totals.calls, totals.cancelled), (3, 1));
    });
}

/// The reply is under way upstream and nothing of it has come: not streamed, a client sees nothing until the end.
#[test]
fn a_client_that_leaves_while_the_reply_is_written_ends_it() {
    let hangs = script(r#"model.c.reply = [{ fault = "silence" }]"#);
    served(&panel(), hangs, Duration::ZERO, async |daemon| {
        let client = daemon.ask(false).await;
        daemon.until(|sim| sim.totals().calls == 3).await;
        drop(client);
        daemon.until(|sim| sim.alive() == 0).await;
        assert_eq!(daemon.sim.cancelled(), 1);
    });
}

#[test]
fn one_client_that_leaves_takes_nothing_from_another() {
    served(&panel(), script(r#"model.c.reply = [{ text = "well" }]"#), Duration::ZERO, async |daemon| {
        daemon.sim.expect_waves(&[4]);
        let leaves = daemon.ask(true).await;
        daemon.until(|sim| sim.alive() == 2).await;
        drop(leaves);
        daemon.until(|sim| sim.alive() == 0).await;
        let mut stays = daemon.ask(true).await;
        stays.read_until("data: [DONE]\n\n").await;
        assert_eq!(daemon.sim.cancelled(), 2);
    });
}

#[test]
fn a_stop_cancels_what_outlives_its_grace() {
    for stream in [false, true] {
        let (sim, ending) = served(&panel(), script(MEMBERS_HANG), Duration::ZERO, async |daemon| {
            let client = daemon.ask(stream).await;
            daemon.until(|sim| sim.alive() == 2).await;
            daemon.stop();
            let mut client = client;
            client.read_to_end().await;
            assert!(!client.seen.contains("[DONE]"), "what is cut must not look whole: {}", client.seen);
            Arc::clone(&daemon.sim)
        });
        assert_eq!(ending, Ending { cancelled: 1 });
        assert_eq!((sim.alive(), sim.cancelled()), (0, 2), "stream: {stream}");
    }
}

#[test]
fn a_stop_lets_what_ends_within_its_grace_end() {
    let one_word = script(r#"model.c.reply = [{ text = "one more" }]"#);
    let ((), ending) = served(&panel(), one_word, Duration::from_secs(3600), async |daemon| {
        let gate = daemon.sim.token_gate("c");
        let mut client = daemon.ask(true).await;
        client.read_until(r#""content":"one ""#).await;
        daemon.stop();
        gate.received();
        client.read_until("data: [DONE]\n\n").await;
        assert_eq!(daemon.sim.cancelled(), 0);
    });
    assert_eq!(ending, Ending { cancelled: 0 });
}
