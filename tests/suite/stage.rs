//! A plan played in process, on the virtual clock, and everything that can be known of it afterwards.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;

use ensc::plan::Plan;
use ensc::run::host::Host;
use ensc::run::record::Record;
use ensc::run::request::Request;
use ensc::run::{Event, Finished, Run};
use ensc::source::{SourceFile, Sources};
use ensc::upstream::sim::{Entry, Script, Sim, SimUpstream};
use ensc::upstream::{Delta, Message, Role};

/// Three models in a panel, and a technique: what the tables of bounds are written about.
pub const HEAD: &str = "
model a { context: 32k, max_output: 1k }
model b { context: 32k, max_output: 1k }
model c { context: 32k, max_output: 1k }
tier s { panel = [a, b, c] }
profile high { }

technique pair(x: model, y: model) {
  both = parallel [x, y]
  reply = merge both by x
}
";

/// What happened.
pub struct Played {
    pub finished: Finished,
    /// Every call as it reached the upstream, in the order of arrival: one an attempt.
    pub calls: Vec<Arrived>,
    /// What each of them sent.
    pub bodies: Vec<serde_json::Value>,
    /// Calls that the upstream still answers after the end.
    pub alive: u64,
    /// The upstream's own books.
    pub book: Vec<Entry>,
    /// From the first poll to the end, on the virtual clock.
    pub took: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrived {
    pub step: String,
    pub model: String,
    pub at_ms: u64,
}

/// The plan of the text's only handle; what is wrong with the text fails the test.
#[track_caller]
pub fn plan(text: &str) -> Arc<Plan> {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("test.ens", text));
    let (file, mut diagnostics) = ensc::syntax::parse(id, text);
    let (program, more) = ensc::program::check(&sources, &[file]);
    diagnostics.extend(more);
    let found = ensc::diagnostic::render::render(&sources, &diagnostics, false);
    let plans = program.as_ref().map(ensc::plan::lower).unwrap_or_default();
    let is_sound = diagnostics.iter().all(|diagnostic| !diagnostic.is_error());
    let [plan] = &plans[..] else { panic!("{} handles:\n{found}\n{text}", plans.len()) };
    assert!(is_sound, "{found}\n{text}");
    Arc::new(plan.clone())
}

#[track_caller]
pub fn script(toml: &str) -> Script {
    toml.parse().unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

pub fn request(text: &str) -> Request {
    Request {
        run: "run-test".to_owned().into(),
        model: "test".to_owned(),
        messages: vec![Message::ours(Role::User, text)],
        fields: Vec::new(),
        stream: false,
        strict: false,
        ignored: Vec::new(),
        traceparent: None,
        patience: None,
        progress: false,
    }
}

/// Runs it to its end.
pub fn play(plan: &Arc<Plan>, script: Script, request: Request) -> Played {
    paused(async {
        let sim = Sim::new(plan.models.iter().map(|model| model.name.to_string()).collect(), script);
        let host = Arc::new(Host::new(Arc::new(SimUpstream::new(Arc::clone(&sim)))));
        let began = tokio::time::Instant::now();
        let mut run = Run::new(Arc::clone(plan), Arc::new(request), host);
        let mut finished = None;
        while let Some(event) = run.next().await {
            if let Event::Done(done) = event {
                assert!(finished.replace(*done).is_none(), "a run is done once");
            }
        }
        // What is alive now was left behind by the run; dropping it would hide that.
        let alive = sim.alive();
        Played {
            finished: finished.expect("a run ends with `Done`"),
            calls: sim.calls().iter().map(Arrived::of).collect(),
            bodies: sim
                .calls()
                .iter()
                .map(|call| serde_json::from_slice(&call.body).expect("JSON"))
                .collect(),
            alive,
            book: sim.calls(),
            took: began.elapsed(),
        }
    })
}

/// What a streamed run says, piece by piece.
pub fn deltas(plan: &Arc<Plan>, script: Script, request: Request) -> Vec<Delta> {
    said(plan, script, request).into_iter().map(|(_, delta)| delta).collect()
}

/// The same, each with its choice.
pub fn said(plan: &Arc<Plan>, script: Script, request: Request) -> Vec<(u32, Delta)> {
    paused(async {
        let sim = Sim::new(plan.models.iter().map(|model| model.name.to_string()).collect(), script);
        let host = Arc::new(Host::new(Arc::new(SimUpstream::new(sim))));
        let run = Run::new(Arc::clone(plan), Arc::new(request), host);
        let said = run.filter_map(async |event| match event {
            Event::Delta { choice, delta } => Some((choice, delta)),
            Event::Done(_) => None,
        });
        said.collect().await
    })
}

/// What every node was asked and gave in a run to its end.
pub fn recorded(plan: &Arc<Plan>, script: Script, request: Request) -> Record {
    paused(async {
        let sim = Sim::new(plan.models.iter().map(|model| model.name.to_string()).collect(), script);
        let host = Arc::new(Host::new(Arc::new(SimUpstream::new(sim))));
        let mut run = Run::new(Arc::clone(plan), Arc::new(request), host).recording().in_order();
        while run.next().await.is_some() {}
        run.record().expect("it was recorded")
    })
}

/// Calls that the upstream answers when a run is left `after` so long: before it is dropped, and behind that.
pub fn left(plan: &Arc<Plan>, script: Script, request: Request, after: Duration) -> (u64, u64) {
    paused(async {
        let sim = Sim::new(plan.models.iter().map(|model| model.name.to_string()).collect(), script);
        let host = Arc::new(Host::new(Arc::new(SimUpstream::new(Arc::clone(&sim)))));
        let mut run = Run::new(Arc::clone(plan), Arc::new(request), host);
        let _ = tokio::time::timeout(after, async { while run.next().await.is_some() {} }).await;
        let before = sim.alive();
        drop(run);
        (before, sim.alive())
    })
}

/// On the virtual clock.
pub fn paused<T>(what: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime starts").block_on(what)
}

// === impl Arrived ===

impl Arrived {
    pub fn of(entry: &Entry) -> Self {
        let metadata = &entry.headers["x-litellm-spend-logs-metadata"];
        let metadata: serde_json::Value = serde_json::from_str(metadata).expect("the metadata is JSON");
        Self {
            step: metadata["role"].as_str().expect("a call says which step makes it").to_owned(),
            model: entry.model.clone(),
            at_ms: entry.started_ms,
        }
    }
}
