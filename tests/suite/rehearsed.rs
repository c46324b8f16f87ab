//! What `--requests` prints is what a run sends: the same calls, made by a run against an upstream that answers with the
//! names that stand in a rehearsal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};

use ensc::plan::Plan;
use ensc::run::host::Host;
use ensc::run::rehearse::rehearse;
use ensc::run::{Event, Run};
use ensc::upstream::{Call, CallError, Completion, Incoming, Upstream};

use crate::ensembles::shipped;
use crate::stage::request;

/// Answers every call with ‹its step›, and keeps what came.
#[derive(Default)]
struct Parrot {
    calls: Mutex<Vec<Arc<Call>>>,
}

impl Upstream for Parrot {
    fn start(&self, call: Arc<Call>) -> BoxFuture<'static, Result<Incoming, CallError>> {
        let step = call.attribution.step.rsplit('.').next().unwrap_or_default();
        let text = format!("‹{step}›");
        self.calls.lock().expect("nobody panics here").push(call);
        let completion = Completion { text, finish_reason: "stop".to_owned(), ..Completion::default() };
        std::future::ready(Ok(Incoming::Whole(Box::new(completion)))).boxed()
    }
}

/// Runs it to its end, and gives the first attempt of each call by its step.
fn run(plan: &Arc<Plan>) -> BTreeMap<Arc<str>, Arc<Call>> {
    let upstream = Arc::new(Parrot::default());
    let host = Arc::new(Host::new(Arc::clone(&upstream) as Arc<dyn Upstream>));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let mut run = Run::new(Arc::clone(plan), Arc::new(request("‹conversation›")), host);
        while let Some(event) = run.next().await {
            if matches!(event, Event::Done(_)) {
                break;
            }
        }
    });
    let mut first = BTreeMap::new();
    for call in upstream.calls.lock().expect("nobody panics here").iter() {
        first.entry(call.attribution.step.clone()).or_insert_with(|| Arc::clone(call));
    }
    first
}

fn texts(call: &Call) -> Vec<(String, String)> {
    call.messages.iter().map(|message| (message.role.word().to_owned(), message.text.to_string())).collect()
}

fn fields(call: &Call) -> Vec<(String, String)> {
    call.fields.iter().map(|(name, value)| (name.clone(), value.get().to_owned())).collect()
}

#[test]
fn a_run_sends_what_was_rehearsed() {
    let mut compared = 0;
    for plan in shipped().into_iter().map(Arc::new) {
        let host = Arc::new(Host::new(Arc::new(Parrot::default())));
        let made = run(&plan);
        for rehearsed in rehearse(&plan, request("‹conversation›"), &host) {
            let node = plan.node(rehearsed.node);
            let call = rehearsed.sends.unwrap_or_else(|why| panic!("{}: {} {why}", plan.handle, node.id));
            let Some(sent) = made.get(&node.id) else { continue };
            let place = format!("{}: {}", plan.handle, node.id);
            assert_eq!((&call.model, call.stream), (&sent.model, sent.stream), "{place}");
            assert_eq!(fields(&call), fields(sent), "{place}");
            // A decider sees the answers in an order of chance, and what was lost on the way is not shown.
            if node.act.verb() == "ask" || node.act.verb() == "merge" {
                assert_eq!(texts(&call), texts(sent), "{place}");
                compared += 1;
            }
        }
    }
    assert!(compared > 15, "{compared}");
}
