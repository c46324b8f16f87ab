//! `[serve.limits]` of `ensc.toml`: how much the daemon takes on at once. What is not said there is as it is built in.

use std::time::Duration;

use serde::Deserialize;

use crate::cli::duration;
use crate::run::slots::{CALLS_MAX, QUEUE_MAX, Slots};
use crate::serve::Allowed;

/// More of anything is a slip of the pen.
const COUNT_MAX: usize = 1_000_000;

/// Open files beside connections and calls: logs, the collector, the ensembles while they are read.
const OTHER_FILES: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    body: Option<String>,
    bodies: Option<String>,
    head_time: Option<String>,
    body_time: Option<String>,
    idle: Option<String>,
    reader: Option<String>,
    runs: Option<usize>,
    connections: Option<usize>,
    calls: Option<usize>,
    queue: Option<usize>,
}

/// Limits that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub allowed: Allowed,
    /// Calls in flight over all models.
    calls: usize,
    /// Calls that wait for that.
    queue: usize,
}

// === impl LimitsConfig ===

impl LimitsConfig {
    /// What is built in, but for what stands here.
    ///
    /// # Errors
    ///
    /// The first that cannot be used, with advice.
    pub fn choose(&self) -> Result<Chosen, String> {
        let usual = Allowed::default();
        let allowed = Allowed {
            body: size("body", self.body.as_deref(), usual.body)?,
            bodies: size("bodies", self.bodies.as_deref(), usual.bodies)?,
            head_time: time("head_time", self.head_time.as_deref(), usual.head_time)?,
            body_time: time("body_time", self.body_time.as_deref(), usual.body_time)?,
            idle: time("idle", self.idle.as_deref(), usual.idle)?,
            reader: time("reader", self.reader.as_deref(), usual.reader)?,
            runs: count("runs", self.runs, usual.runs)?,
            connections: count("connections", self.connections, usual.connections)?,
        };
        if allowed.bodies < allowed.body {
            return Err("`bodies` is less than `body`: no request of that size could be taken".to_owned());
        }
        let calls = count("calls", self.calls, CALLS_MAX)?;
        Ok(Chosen { allowed, calls, queue: count("queue", self.queue, QUEUE_MAX)? })
    }
}

// === impl Chosen ===

impl Chosen {
    #[must_use]
    pub fn slots(&self) -> Slots {
        Slots::sized(self.calls, self.queue)
    }

    /// Files that are open when all limits are reached; a call to a simulated model opens none.
    #[must_use]
    pub fn files(&self, calls_are_real: bool) -> usize {
        self.allowed.connections + if calls_are_real { self.calls } else { 0 } + OTHER_FILES
    }
}

fn size(key: &str, said: Option<&str>, usual: usize) -> Result<usize, String> {
    let Some(text) = said else { return Ok(usual) };
    let unit = [("KiB", 1_usize << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    let bytes = unit.iter().find_map(|(unit, bytes)| {
        let number: usize = text.strip_suffix(unit)?.parse().ok()?;
        (1..=1 << 20).contains(&number).then(|| number.checked_mul(*bytes))?
    });
    bytes.ok_or_else(|| format!("`{key}` cannot be `{text}`; write a size as 512KiB, 32MiB or 1GiB"))
}

fn time(key: &str, said: Option<&str>, usual: Duration) -> Result<Duration, String> {
    let Some(text) = said else { return Ok(usual) };
    let time = duration::read(text).filter(|time| !time.is_zero());
    time.ok_or_else(|| format!("`{key}` cannot be `{text}`; write a time as 500ms, 30s or 2m"))
}

fn count(key: &str, said: Option<usize>, usual: usize) -> Result<usize, String> {
    let number = said.unwrap_or(usual);
    if (1..=COUNT_MAX).contains(&number) {
        return Ok(number);
    }
    Err(format!("`{key}` cannot be {number}; write a number from 1 to {COUNT_MAX}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Result<Chosen, String> {
        toml::from_str::<LimitsConfig>(text).expect("it is TOML").choose()
    }

    #[test]
    fn what_is_not_said_is_built_in_and_what_is_said_counts() {
        let usual = chosen("").expect("nothing is wrong with it");
        assert_eq!(usual, Chosen { allowed: Allowed::default(), calls: CALLS_MAX, queue: QUEUE_MAX });
        let text = r#"
            body = "64KiB"
            bodies = "1GiB"
            head_time = "500ms"
            body_time = "2s"
            idle = "5m"
            reader = "7s"
            runs = 8
            connections = 9
            calls = 10
            queue = 11
        "#;
        let allowed = Allowed {
            body: 64 << 10,
            bodies: 1 << 30,
            head_time: Duration::from_millis(500),
            body_time: Duration::from_secs(2),
            idle: Duration::from_secs(300),
            reader: Duration::from_secs(7),
            runs: 8,
            connections: 9,
        };
        assert_eq!(chosen(text), Ok(Chosen { allowed, calls: 10, queue: 11 }));
        let some = chosen(text).expect("it was so before");
        assert_eq!((some.files(true), some.files(false)), (9 + 10 + OTHER_FILES, 9 + OTHER_FILES));
    }

    #[test]
    fn what_cannot_be_a_limit_is_named_with_advice() {
        for (text, why) in [
            (r#"body = "5""#, "`body` cannot be `5`; write a size as 512KiB, 32MiB or 1GiB"),
            (r#"body = "0MiB""#, "`body` cannot be `0MiB`; write a size as 512KiB, 32MiB or 1GiB"),
            (
                r#"bodies = "9999999GiB""#,
                "`bodies` cannot be `9999999GiB`; write a size as 512KiB, 32MiB or 1GiB",
            ),
            (r#"idle = "0s""#, "`idle` cannot be `0s`; write a time as 500ms, 30s or 2m"),
            (r#"reader = "soon""#, "`reader` cannot be `soon`; write a time as 500ms, 30s or 2m"),
            ("runs = 0", "`runs` cannot be 0; write a number from 1 to 1000000"),
            ("queue = 1000001", "`queue` cannot be 1000001; write a number from 1 to 1000000"),
            (r#"bodies = "1MiB""#, "`bodies` is less than `body`: no request of that size could be taken"),
        ] {
            assert_eq!(chosen(text).err().as_deref(), Some(why), "{text}");
        }
    }
}
