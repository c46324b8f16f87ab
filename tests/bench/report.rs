//! The numbers, beside what is wanted of them.

use std::fmt;
use std::time::Duration;

/// Indices of the lists of three.
const BARE: usize = 0;
const RELAY: usize = 1;
const DAEMON: usize = 2;

#[derive(Default)]
pub struct Report {
    /// Of each request at one connection: bare, relay, daemon.
    pub latency: [Vec<Duration>; 3],
    /// Requests a second at many connections, of each round.
    pub throughput: [Vec<f64>; 3],
    /// Processor time a request at many connections, of each round. Bare has none.
    pub cpu: [Vec<Duration>; 3],
    pub idle_rss_kib: u64,
    pub ready_ms: Vec<f64>,
    pub check_ms: Vec<f64>,
}

/// One thing that is asked of the daemon.
struct Goal {
    name: &'static str,
    unit: &'static str,
    /// `None`: not measured.
    got: Option<f64>,
    want: Want,
}

enum Want {
    AtMost(f64),
    AtLeast(f64),
    /// Only to be known.
    Nothing,
}

impl Report {
    fn goals(&self) -> Vec<Goal> {
        let p50 = |who: usize| micros(percentile(&self.latency[who], 50.0));
        let p99 = |who: usize| micros(percentile(&self.latency[who], 99.0));
        let ratio = median(&self.throughput[DAEMON]).zip(median(&self.throughput[RELAY])).map(|(a, b)| a / b);
        let cpu = mean(&self.cpu[DAEMON]).zip(mean(&self.cpu[RELAY]));
        let cpu = cpu.map(|(daemon, relay)| daemon.as_secs_f64() / relay.as_secs_f64());
        let rss = self.idle_rss_kib as f64 / 1024.0;
        vec![
            Goal::new("added over bare, p50", "µs", minus(p50(DAEMON), p50(BARE)), Want::AtMost(400.0)),
            Goal::new("added over relay, p50", "µs", minus(p50(DAEMON), p50(RELAY)), Want::AtMost(200.0)),
            Goal::new("added over relay, p99", "µs", minus(p99(DAEMON), p99(RELAY)), Want::Nothing),
            Goal::new("throughput, share of relay's", "", ratio, Want::AtLeast(0.9)),
            Goal::new("processor time, share of relay's", "", cpu, Want::AtMost(1.3)),
            Goal::new("memory, fresh and idle", "MiB", Some(rss), Want::AtMost(20.0)),
            Goal::new("start to ready", "ms", median(&self.ready_ms), Want::AtMost(100.0)),
            Goal::new("`ensc check` of what we ship", "ms", median(&self.check_ms), Want::AtMost(20.0)),
        ]
    }

    fn rows(&self) -> Vec<(&'static str, [Option<f64>; 3])> {
        let of = |number: &dyn Fn(usize) -> Option<f64>| [number(BARE), number(RELAY), number(DAEMON)];
        vec![
            ("1 connection, p50 µs", of(&|who| micros(percentile(&self.latency[who], 50.0)))),
            ("1 connection, p99 µs", of(&|who| micros(percentile(&self.latency[who], 99.0)))),
            ("100 connections, requests/s", of(&|who| median(&self.throughput[who]))),
            ("100 connections, µs processor/request", of(&|who| micros(mean(&self.cpu[who])))),
        ]
    }

    pub fn json(&self) -> String {
        let goals = self.goals().into_iter().map(|goal| {
            let (want, verdict) = (goal.want.words(), goal.verdict());
            serde_json::json!({
                "name": goal.name, "unit": goal.unit, "got": goal.got, "want": want, "verdict": verdict,
            })
        });
        let rows = self.rows().into_iter().map(|(name, [bare, relay, daemon])| {
            serde_json::json!({ "name": name, "bare": bare, "relay": relay, "daemon": daemon })
        });
        let all = serde_json::json!({
            "requests": self.latency[DAEMON].len(),
            "measured": rows.collect::<Vec<_>>(),
            "goals": goals.collect::<Vec<_>>(),
        });
        format!("{all:#}\n")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<38} {:>9} {:>9} {:>9}", "", "bare", "relay", "daemon")?;
        for (name, numbers) in self.rows() {
            let [bare, relay, daemon] = numbers.map(shown);
            writeln!(f, "{name:<38} {bare:>9} {relay:>9} {daemon:>9}")?;
        }
        writeln!(f)?;
        for goal in self.goals() {
            let got = format!("{} {:<3}", shown(goal.got), goal.unit);
            let line = format!("{:<38} {got:>13}   {:<14} {}", goal.name, goal.want.words(), goal.verdict());
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

// === impl Goal ===

impl Goal {
    fn new(name: &'static str, unit: &'static str, got: Option<f64>, want: Want) -> Self {
        Self { name, unit, got, want }
    }

    fn verdict(&self) -> &'static str {
        match (self.got, &self.want) {
            (_, Want::Nothing) => "",
            (None, _) => "not measured",
            (Some(got), Want::AtMost(bound)) if got <= *bound => "met",
            (Some(got), Want::AtLeast(bound)) if got >= *bound => "met",
            _ => "MISSED",
        }
    }
}

// === impl Want ===

impl Want {
    /// `at most 400`; empty if nothing is asked.
    fn words(&self) -> String {
        match self {
            Self::AtMost(bound) => format!("at most {bound}"),
            Self::AtLeast(bound) => format!("at least {bound}"),
            Self::Nothing => String::new(),
        }
    }
}

/// The value that `percent` of the others do not exceed; nearest rank.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index into a list in memory")]
pub fn percentile(times: &[Duration], percent: f64) -> Option<Duration> {
    let mut times = times.to_vec();
    times.sort_unstable();
    let rank = (times.len() as f64 * percent / 100.0).ceil() as usize;
    times.get(rank.saturating_sub(1)).copied()
}

fn median(numbers: &[f64]) -> Option<f64> {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied()
}

fn mean(times: &[Duration]) -> Option<Duration> {
    Some(times.iter().sum::<Duration>() / u32::try_from(times.len()).ok().filter(|&count| count > 0)?)
}

pub fn micros(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64() * 1e6)
}

fn minus(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a - b)
}

/// Three digits that count, or a dash.
fn shown(number: Option<f64>) -> String {
    match number {
        None => "–".to_owned(),
        Some(number) if number.abs() < 10.0 => format!("{number:.2}"),
        Some(number) if number.abs() < 100.0 => format!("{number:.1}"),
        Some(number) => format!("{number:.0}"),
    }
}
