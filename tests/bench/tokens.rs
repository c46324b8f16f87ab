//! How long a token is under way: from the moment in which the back end sends it to the one in which the client has it,
//! straight, through a relay that passes on what comes, and through the daemon. Each token is the time of its sending, so nothing is guessed.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Result;
use crate::load::{Caller, Target};
use crate::process::Child;
use crate::report::{micros, percentile};

/// Tokens of one answer, and the time between two.
pub const COUNT: usize = 200;
pub const EVERY: Duration = Duration::from_millis(3);

/// Answers of each, in turn.
const ANSWERS: usize = 20;

/// Nanoseconds since 1970, the same clock for all processes.
pub fn now_ns() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}

/// How long tokens were under way: the first of each answer, and the others.
#[derive(Default)]
struct Under {
    first: Vec<Duration>,
    others: Vec<Duration>,
}

pub async fn measure(ensembles: &Path, logs: &Path) -> Result<()> {
    let backend = Child::of_role("speaker", None, logs).await?;
    let relay = Child::of_role("passer", Some(&backend.address), logs).await?;
    let daemon = Child::daemon(&backend.address, ensembles, logs).await?;
    let targets =
        [Target::Alone(&backend.address), Target::Through(&relay.address), Target::Through(&daemon.address)];
    let mut callers = Vec::new();
    for target in &targets {
        callers.push(Caller::connect(target).await?);
    }
    let mut under = [Under::default(), Under::default(), Under::default()];
    for round in 0..=ANSWERS {
        for (caller, under) in callers.iter_mut().zip(&mut under) {
            let times = answer(caller).await?;
            // The first round warms up.
            if round > 0 {
                under.first.push(times[0]);
                under.others.extend(&times[1..]);
            }
        }
    }
    println!(
        "from the back end to the client, in µs; {ANSWERS} answers of {COUNT} tokens, one each {} ms",
        EVERY.as_millis()
    );
    println!(
        "{:<22} {:>9} {:>9} {:>9} {:>9} {:>11}",
        "", "straight", "relay", "daemon", "added", "over relay"
    );
    for (name, percent) in [("p50", 50.0), ("p99", 99.0)] {
        row(
            &format!("first token, {name}"),
            under.each_ref().map(|under| micros(percentile(&under.first, percent))),
        );
        row(
            &format!("later tokens, {name}"),
            under.each_ref().map(|under| micros(percentile(&under.others, percent))),
        );
    }
    Ok(())
}

fn row(name: &str, under: [Option<f64>; 3]) {
    let [straight, relay, daemon] = under.map(Option::unwrap_or_default);
    let (added, over_relay) = (daemon - straight, daemon - relay);
    println!("{name:<22} {straight:>9.0} {relay:>9.0} {daemon:>9.0} {added:>9.0} {over_relay:>11.0}");
}

/// Every token of one answer.
async fn answer(caller: &mut Caller) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(COUNT);
    let mut rest = String::new();
    caller
        .read(|data| {
            let now = now_ns();
            rest.push_str(&String::from_utf8_lossy(data));
            while let Some((event, more)) = rest.split_once("\n\n") {
                times.extend(sent(event).map(|sent| Duration::from_nanos(now.saturating_sub(sent) as u64)));
                rest = more.to_owned();
            }
        })
        .await?;
    match times.len() {
        COUNT => Ok(times),
        other => Err(format!("{other} tokens came, not {COUNT}").into()),
    }
}

/// The times in an event's text: more than one where the daemon joined what waited.
fn sent(event: &str) -> impl Iterator<Item = u128> {
    let text =
        event.split_once(r#""content":""#).and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
    text.split_whitespace().filter_map(|word| word.parse().ok())
}
