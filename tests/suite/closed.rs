//! What a run no longer needs is closed: between real sockets a call that is given up takes its connection to the upstream
//! with it, and no other.

use std::time::Duration;

use ensc::serve::Ending;
use ensc::upstream::sim::{Entry, Sim};

use crate::socket::{Daemon, served_between_sockets};
use crate::stage::{plan, script};

/// Why calls are given up, and the ensemble that gives them up: `x` and `y` hang, `MORE` are options of each call. Times
/// are shorter than an idle connection is kept, so that what is closed is closed because it was given up.
struct Cause {
    name: &'static str,
    program: &'static str,
    script: &'static str,
    /// Calls that hang, and are closed.
    cut: usize,
    /// Those that ended well before.
    well: usize,
    then: Then,
}

/// What ends the calls that hang.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    /// Time, in which others may answer.
    Wait,
    Leave,
    Stop,
}

const GRACE: Duration = Duration::from_secs(1);

const CAUSES: [Cause; 7] = [
    Cause {
        name: "client gone",
        program: "d = parallel [x, y] { MORE }, reply = merge d by a",
        script: "",
        cut: 2,
        well: 0,
        then: Then::Leave,
    },
    Cause {
        name: "deadline",
        program: "d = parallel [x, a] { need: 2, timeout: 2s, MORE }, reply = merge d by a",
        script: "",
        cut: 1,
        well: 1,
        then: Then::Wait,
    },
    Cause {
        name: "quorum",
        program: "d = parallel [x, y, a] { need: 1, grace: 1s, MORE }, reply = merge d by a",
        script: "",
        cut: 2,
        well: 1,
        then: Then::Wait,
    },
    Cause {
        name: "quorum out of reach",
        program: "d = parallel [x, y, a] { need: 3, retries: 0, MORE }, reply = merge d by a",
        script: r#"model.a.reply = [{ fault = "rejected", delay_ms = 1000 }]"#,
        cut: 2,
        well: 0,
        then: Then::Wait,
    },
    Cause {
        name: "decided vote",
        program: "v = parallel [x, a, b] { MORE }, reply = vote v",
        script: r#"model.a.reply = [{ text = "yes", delay_ms = 1000 }]
            model.b.reply = [{ text = "yes", delay_ms = 1000 }]"#,
        cut: 1,
        well: 0,
        then: Then::Wait,
    },
    Cause {
        name: "lost race",
        program: "reply = race [x, a]",
        script: "model.a.delay_ms = 1000",
        cut: 1,
        well: 0,
        then: Then::Wait,
    },
    Cause {
        name: "shutdown",
        program: "d = parallel [x, y] { MORE }, reply = merge d by a",
        script: "",
        cut: 2,
        well: 0,
        then: Then::Stop,
    },
];

/// How far a call that hangs is: nothing came, or its head and a part of its body.
const MOMENTS: [(&str, Option<u16>); 2] =
    [(r#"{ fault = "silence" }"#, None), (r#"{ fault = "stall", after_tokens = 0 }"#, Some(200))];

// === impl Cause ===

impl Cause {
    /// Lets the calls that hang come as far as they shall, and then ends them.
    async fn play(&self, daemon: &mut Daemon, stream: bool, status: Option<u16>) {
        let client = daemon.ask(stream).await;
        let hangs = |entry: &&Entry| "xy".contains(&entry.model);
        let is_there = |entry: &Entry| entry.ended_ms.is_none() && entry.status == status;
        daemon
            .settled(|sim| {
                let there = sim.calls().iter().filter(hangs).filter(|entry| is_there(entry)).count();
                (there, sim.totals().finished as usize) == (self.cut, self.well)
            })
            .await;
        let client = (self.then != Then::Leave).then_some(client);
        let is_cut = |sim: &Sim| sim.cancelled() as usize == self.cut;
        match self.then {
            Then::Leave => {}
            Then::Wait => daemon.later(is_cut).await,
            Then::Stop => {
                daemon.stop();
                daemon.later(is_cut).await;
            }
        }
        daemon.settled(is_cut).await;
        daemon
            .settled(|sim| {
                let totals = sim.totals();
                totals.connections - totals.open >= totals.cancelled && totals.alive == 0
            })
            .await;
        drop(client);
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that fails shows which of them it was")]
fn a_call_that_is_given_up_takes_its_connection_with_it() {
    for cause in &CAUSES {
        for (fault, status) in MOMENTS {
            for (stream, more) in
                [(false, ""), (true, ""), (false, "first_token: 1h"), (true, "first_token: 1h")]
            {
                let more = if more.is_empty() { "max_tokens: 900" } else { more };
                let text = format!(
                    "
                    model a {{ context: 32k, max_output: 1k }}
                    model b {{ context: 32k, max_output: 1k }}
                    model x {{ context: 32k, max_output: 1k }}
                    model y {{ context: 32k, max_output: 1k }}
                    tier s {{ }}
                    profile high {{ }}
                    ensemble e {{ timeout: 2h, {} }}
                    ",
                    cause.program.replace("MORE", more)
                );
                let toml = format!("model.x.reply = [{fault}]\nmodel.y.reply = [{fault}]\n{}", cause.script);
                eprintln!("{}, {fault}, streamed: {stream}, {more}", cause.name);
                let ((), ending) =
                    served_between_sockets(&plan(&text), script(&toml), GRACE, async |daemon| {
                        cause.play(daemon, stream, status).await;
                    });
                let cancelled = usize::from(cause.then == Then::Stop);
                assert_eq!(ending, Ending { cancelled }, "{}, {fault}, streamed: {stream}", cause.name);
            }
        }
    }
}
