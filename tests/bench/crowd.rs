//! Many runs in flight, all of them waiting for slow models: what the daemon adds to each, and what it holds.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::Result;
use crate::load::{Caller, Target};
use crate::process::Child;
use crate::report::{micros, percentile};

/// How long each call takes at the back end. A run is two of them, one behind the other.
pub const CALL: Duration = Duration::from_millis(500);

/// Runs in flight at once.
const CROWDS: [usize; 3] = [1, 100, 1_000];

/// Runs that each of a crowd makes, and of the crowd of one.
const RUNS: usize = 5;
const RUNS_ALONE: usize = 20;

/// Requests a second of the soak, and the connections that they share.
const SOAK_RATE: u32 = 200;
const SOAK_CONNECTIONS: usize = 20;

/// Crowds of bare clients, of the relay's and of the daemon's in turn. Beside each its processor time a run.
pub async fn measure(ensembles: &Path, logs: &Path) -> Result<()> {
    let backend = Child::of_role("slow", None, logs).await?;
    let relay = Child::of_role("relay", Some(&backend.address), logs).await?;
    let daemon = Child::daemon(&backend.address, ensembles, logs).await?;
    let targets =
        [Target::Bare(&backend.address), Target::Through(&relay.address), Target::Through(&daemon.address)];
    println!("beyond two calls of {} ms, in µs", CALL.as_millis());
    println!("{:>8} {:>12} {:>12} {:>12}   daemon's memory", "runs", "bare", "relay", "daemon");
    for crowd in CROWDS {
        let fresh = daemon.rss_kib()?;
        let mut rows = [String::new(), String::new()];
        for target in &targets {
            let times = waiting(target, crowd).await?;
            for (row, percent) in rows.iter_mut().zip([50.0, 99.0]) {
                let beyond =
                    micros(percentile(&times, percent)).unwrap_or_default() - 2.0 * CALL.as_secs_f64() * 1e6;
                row.push_str(&format!(" {beyond:>12.0}"));
            }
        }
        let held = daemon.rss_kib()?;
        println!("{crowd:>8}{}   p50", rows[0]);
        println!("{crowd:>8}{}   p99   {fresh} KiB before, {held} KiB after", rows[1]);
    }
    Ok(())
}

/// How long each run of a crowd took; the first of each caller is not counted.
async fn waiting(target: &Target<'_>, crowd: usize) -> Result<Vec<Duration>> {
    let runs = if crowd == 1 { RUNS_ALONE } else { RUNS };
    let mut callers = Vec::new();
    for _ in 0..crowd {
        callers.push(Caller::connect(target).await?);
    }
    let all = join_all(callers.iter_mut().enumerate().map(|(index, caller)| async move {
        // Spread over a call's time: a thousand that begin in the same moment measure the machine, not the daemon.
        sleep(CALL.mul_f64(index as f64 / crowd as f64)).await;
        let mut times = Vec::with_capacity(runs);
        for _ in 0..=runs {
            let begun = Instant::now();
            caller.ask().await?;
            times.push(begun.elapsed());
        }
        Ok(times.split_off(1))
    }));
    let times: Result<Vec<Vec<Duration>>> = all.await.into_iter().collect();
    Ok(times?.concat())
}

/// The same load for `minutes`, then a minute of silence: the daemon's memory after the first minute, at the end, and after
/// the silence.
pub async fn soak(ensembles: &Path, logs: &Path, minutes: u32) -> Result<()> {
    let backend = Child::of_role("backend", None, logs).await?;
    let daemon = Child::daemon(&backend.address, ensembles, logs).await?;
    let target = Target::Through(&daemon.address);
    let each = Duration::from_secs(1) * u32::try_from(SOAK_CONNECTIONS)? / SOAK_RATE;
    let mut callers = Vec::new();
    for _ in 0..SOAK_CONNECTIONS {
        callers.push(Caller::connect(&target).await?);
    }
    println!("{SOAK_RATE} requests/s for {minutes} min, fresh {} KiB", daemon.rss_kib()?);
    let mut first = 0;
    let mut answered = 0;
    for minute in 1..=minutes {
        let counts = join_all(callers.iter_mut().enumerate().map(|(index, caller)| async move {
            sleep(each.mul_f64(index as f64 / SOAK_CONNECTIONS as f64)).await;
            let begun = Instant::now();
            let mut beat = interval(each);
            beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut count = 0_usize;
            while begun.elapsed() < Duration::from_secs(60) {
                beat.tick().await;
                caller.ask().await?;
                count += 1;
            }
            Ok(count)
        }));
        answered += counts.await.into_iter().sum::<Result<usize>>()?;
        let held = daemon.rss_kib()?;
        println!("after {minute:>3} min: {held} KiB, {answered} answers");
        if minute == 1 {
            first = held;
        }
    }
    sleep(Duration::from_secs(60)).await;
    let last = daemon.rss_kib()?;
    println!(
        "after 60 s idle: {last} KiB, {:.2} of what it was after the first minute",
        last as f64 / first as f64
    );
    Ok(())
}
