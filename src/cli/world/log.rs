//! Where log lines go, and when.

use std::io::{BufWriter, Stderr, Write};
use std::time::Duration;

/// How long lines are gathered before they are written: a write for each of them was a tenth of what a run costs.
const GATHERED_FOR: Duration = Duration::from_millis(10);

/// Bytes that are written at once; more than that are written as they come.
const BUFFER_SIZE: usize = 64 << 10;

/// Log lines that wait for whoever reads standard error; what comes beyond them is lost, and counted.
const LINES_MAX: usize = 4096;

/// How long the last lines wait for their reader.
const END_MAX: Duration = Duration::from_secs(2);

/// Writes log lines as long as it lives; dropped, it writes those that still wait.
pub struct Log {
    _writer: tracing_appender::non_blocking::WorkerGuard,
    lost: tracing_appender::non_blocking::ErrorCounter,
}

impl Log {
    /// Counts the lines that were lost because nobody took them from standard error.
    pub fn lost(&self) -> impl Fn() -> u64 + Send + Sync + 'static {
        let lost = self.lost.clone();
        move || lost.dropped_lines() as u64
    }

    /// Writes the lines that still wait, if somebody takes them soon: a pipe that is full must not keep the process.
    pub async fn end(self) {
        let written = tokio::task::spawn_blocking(move || drop(self));
        _ = tokio::time::timeout(END_MAX, written).await;
    }
}

/// Log lines go to standard error from now on. `RUST_LOG` chooses what is logged; `info` without it.
///
/// A thread of its own writes them: who logs never waits for whoever reads.
///
/// # Errors
///
/// A `RUST_LOG` that cannot be read.
pub fn start(as_json: bool) -> Result<Log, String> {
    use tracing_appender::non_blocking::NonBlockingBuilder;
    use tracing_subscriber::EnvFilter;
    let wanted = super::variable("RUST_LOG")?.filter(|wanted| !wanted.is_empty());
    let filter = EnvFilter::try_new(wanted.as_deref().unwrap_or("info"))
        .map_err(|error| format!("RUST_LOG cannot be used: {error}"))?;
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let errors = Gathered(BufWriter::with_capacity(BUFFER_SIZE, std::io::stderr()));
    let waiting = NonBlockingBuilder::default().thread_name("log").buffered_lines_limit(LINES_MAX);
    let (lines, writer) = waiting.finish(errors);
    let lost = lines.error_counter();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines).with_target(false);
    if as_json {
        log.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
    } else {
        log.with_ansi(colour).init();
    }
    Ok(Log { _writer: writer, lost })
}

/// Writes what was gathered.
struct Gathered(BufWriter<Stderr>);

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    /// Asked for when no line waits any longer.
    #[expect(clippy::disallowed_methods, reason = "a thread of its own")]
    fn flush(&mut self) -> std::io::Result<()> {
        std::thread::sleep(GATHERED_FOR);
        self.0.flush()
    }
}
