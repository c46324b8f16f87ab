//! What the daemon adds to the calls that it makes: three members at once, then one aggregator.
//!
//! Four processes over loopback sockets, all from the release build: this one (the load), a back end that answers a
//! fixed text at no cost, the daemon, and a *relay*: the cheapest program that could stand in the daemon's place. It
//! uses the daemon's client library, makes the same four calls and passes the last answer on, and knows nothing else.
//! The *bare* client makes the four calls itself. The three take turns within one run, so that whatever else the
//! machine does falls on all of them.
//!
//! `cargo bench --bench latency -- [--quick] [--stand-in] [--json FILE]`; `--stand-in` measures a second relay in the
//! daemon's place (the bench's own error). Instead of that `--crowd` measures many runs in flight, `--tokens` how long a
//! token is under way, `--soak` what the daemon holds under ten minutes of load, `--idle` what it holds for ten thousand idle
//! connections.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program of its own, on the real clock"
)]

mod crowd;
mod idle;
mod load;
mod process;
mod report;
mod roles;
mod tokens;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::load::{Caller, Target};
use crate::process::Child;
use crate::report::Report;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const ENSC: &str = env!("CARGO_BIN_EXE_ensc");
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ensembles");

/// The ensemble of the bench: the shape of the relay.
const ENSEMBLE: &str = r#"
model bench-one { runtime: remote, memory: 1GB, context: 32_768, max_output: 4_096, concurrency: 4_096 }
model bench-two { runtime: remote, memory: 1GB, context: 32_768, max_output: 4_096, concurrency: 4_096 }
model bench-three { runtime: remote, memory: 1GB, context: 32_768, max_output: 4_096, concurrency: 4_096 }
model bench-chief { runtime: remote, memory: 1GB, context: 32_768, max_output: 4_096, concurrency: 4_096 }
tier s { memory: 50GB }
profile fast { timeout: 60s }

/// Three drafts, merged.
ensemble bench at fast-s {
  drafts = parallel [bench-one, bench-two, bench-three]
  reply = merge drafts by bench-chief
}
"#;
/// How long the soak lasts.
const SOAK_MINUTES: u32 = 10;

const HANDLE: &str = "opt-bench-fast-s";

/// How much is measured.
struct Plan {
    /// Turns that bare, relay and daemon take at one connection.
    rounds: usize,
    /// Requests of each in such a turn.
    requests: usize,
    /// Turns at many connections.
    loud_rounds: usize,
    loud_for: Duration,
    connections: usize,
    /// Starts of the daemon, and runs of `check`.
    starts: usize,
}

/// What is measured.
enum What {
    Latency,
    Crowd,
    Tokens,
    Soak,
    Idle,
}

struct Options {
    what: What,
    stand_in: bool,
    json: Option<PathBuf>,
    plan: Plan,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let Some(role) = value_of(&args, "--role") {
        return roles::serve(role, value_of(&args, "--backend"));
    }
    let options = Options::parse(&args)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(measure(&options))
}

async fn measure(options: &Options) -> Result<()> {
    let plan = &options.plan;
    let folder = tempfile::tempdir()?;
    let ensembles = folder.path().join("ensembles");
    std::fs::create_dir(&ensembles)?;
    std::fs::write(ensembles.join("bench.ens"), ENSEMBLE)?;
    let logs = folder.path();

    match options.what {
        What::Latency => (),
        What::Crowd => return crowd::measure(&ensembles, logs).await,
        What::Tokens => return tokens::measure(&ensembles, logs).await,
        What::Soak => return crowd::soak(&ensembles, logs, SOAK_MINUTES).await,
        What::Idle => return idle::measure(&ensembles, logs).await,
    }

    let backend = Child::of_role("backend", None, logs).await?;
    let relay = Child::of_role("relay", Some(&backend.address), logs).await?;
    let daemon = match options.stand_in {
        true => Child::of_role("relay", Some(&backend.address), logs).await?,
        false => Child::daemon(&backend.address, &ensembles, logs).await?,
    };

    let mut report = Report::default();
    tokio::time::sleep(Duration::from_millis(300)).await;
    report.idle_rss_kib = daemon.rss_kib()?;

    let targets =
        [Target::Bare(&backend.address), Target::Through(&relay.address), Target::Through(&daemon.address)];
    if !options.stand_in {
        is_the_daemon(&targets[2]).await?;
    }
    one_connection(&targets, plan, &mut report).await?;
    many_connections(&targets, [&relay, &daemon], plan, &mut report).await?;
    if !options.stand_in {
        drop(daemon);
        report.ready_ms = starts(&backend.address, &ensembles, logs, plan.starts).await?;
        report.check_ms = checks(Path::new(SHIPPED), plan.starts)?;
    }

    println!("{report}");
    if let Some(path) = &options.json {
        std::fs::write(path, report.json())?;
    }
    Ok(())
}

/// A figure is worth nothing if an error page was timed: the answer must be that of a whole run.
async fn is_the_daemon(target: &Target<'_>) -> Result<()> {
    let answer = Caller::connect(target).await?.look().await?;
    let answer: serde_json::Value = serde_json::from_slice(&answer)?;
    let (calls, degraded) = (&answer["ensc"]["totals"]["calls"], &answer["ensc"]["degraded"]);
    if *calls != 4 || *degraded != false {
        return Err(format!("the daemon did not answer from a whole run: {answer}").into());
    }
    Ok(())
}

/// Latency: whoever answers, one request at a time.
async fn one_connection(targets: &[Target<'_>; 3], plan: &Plan, report: &mut Report) -> Result<()> {
    let mut callers = Vec::new();
    for target in targets {
        let mut caller = Caller::connect(target).await?;
        load::one_after_another(&mut caller, plan.requests).await?; // warm
        callers.push(caller);
    }
    for round in 0..plan.rounds {
        for turn in 0..targets.len() {
            let who = (round + turn) % targets.len();
            let times = load::one_after_another(&mut callers[who], plan.requests).await?;
            report.latency[who].extend(times);
        }
    }
    Ok(())
}

/// Throughput and processor time: many callers, each with one request under way.
async fn many_connections(
    targets: &[Target<'_>; 3],
    servers: [&Child; 2],
    plan: &Plan,
    report: &mut Report,
) -> Result<()> {
    for round in 0..=plan.loud_rounds {
        for turn in 0..targets.len() {
            let who = (round + turn) % targets.len();
            let server = who.checked_sub(1).map(|at| servers[at]);
            let before = server.map(Child::cpu).transpose()?;
            let loud = load::all_at_once(&targets[who], plan.connections, plan.loud_for).await?;
            if round == 0 {
                continue; // warm
            }
            report.throughput[who].push(loud.per_second());
            if let (Some(server), Some(before)) = (server, before) {
                report.cpu[who].push((server.cpu()? - before) / u32::try_from(loud.answered)?);
            }
        }
    }
    Ok(())
}

/// From the start of the process to the line that says where it listens.
async fn starts(backend: &str, ensembles: &Path, logs: &Path, count: usize) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for _ in 0..count {
        times.push(Child::daemon(backend, ensembles, logs).await?.ready_after.as_secs_f64() * 1e3);
    }
    Ok(times)
}

/// Wall time of `ensc check` over what we ship. Empty if it does not pass.
fn checks(folder: &Path, count: usize) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for _ in 0..count {
        let begun = std::time::Instant::now();
        let done = std::process::Command::new(ENSC).arg("check").arg(folder).output()?;
        if !done.status.success() {
            println!("`ensc check {}` does not pass: not measured", folder.display());
            return Ok(Vec::new());
        }
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

fn value_of<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    let at = args.iter().position(|arg| arg == name)?;
    args.get(at + 1).map(String::as_str)
}

// === impl Options ===

impl Options {
    fn parse(args: &[String]) -> Result<Self> {
        let known = ["--quick", "--stand-in", "--json", "--crowd", "--tokens", "--soak", "--idle"];
        let json = value_of(args, "--json").map(PathBuf::from);
        for arg in args {
            let is_value = json.as_deref().is_some_and(|path| path == Path::new(arg));
            if !known.contains(&arg.as_str()) && !is_value {
                return Err(format!("unknown argument `{arg}`; known are {}", known.join(" ")).into());
            }
        }
        let has = |name: &str| args.iter().any(|arg| arg == name);
        let plan = if has("--quick") { Plan::quick() } else { Plan::full() };
        let what = match () {
            () if has("--crowd") => What::Crowd,
            () if has("--tokens") => What::Tokens,
            () if has("--soak") => What::Soak,
            () if has("--idle") => What::Idle,
            () => What::Latency,
        };
        Ok(Self { what, stand_in: has("--stand-in"), json, plan })
    }
}

// === impl Plan ===

impl Plan {
    fn full() -> Self {
        Self {
            rounds: 15,
            requests: 200,
            loud_rounds: 6,
            loud_for: Duration::from_secs(2),
            connections: 100,
            starts: 11,
        }
    }

    fn quick() -> Self {
        Self {
            rounds: 3,
            requests: 100,
            loud_rounds: 2,
            loud_for: Duration::from_millis(700),
            starts: 3,
            ..Self::full()
        }
    }
}
