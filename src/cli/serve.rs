//! `ensc serve`: the daemon. Everything is checked before the port is opened: it starts whole or not at all.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use tracing::{info, warn};

use crate::approach::Approaches;
use crate::cli::config::{Loaded, Place, ServeConfig};
use crate::cli::duration;
use crate::cli::limits::Chosen as Limits;
use crate::cli::output::{Output, Stop};
use crate::cli::reload::Reloader;
use crate::cli::signal::{Hangups, Interrupts};
use crate::cli::target::{self, Chosen, KEY_VARIABLE, Target};
use crate::cli::world::Look;
use crate::cli::{collector, manager, signal, sim, world};
use crate::plan::Plan;
use crate::run::host::Host;
use crate::serve::{self, Collector, Settings, State};
use crate::upstream::secret::Secret;

/// The variable with the key that callers must show.
pub const CALLER_KEY_VARIABLE: &str = "OPTILLM_API_KEY";

/// The daemon's port where nothing else is said.
pub const PORT: u16 = 4020;

/// Variables of OptiLLM's that are not read here, and what is in their place.
const NOT_READ: [(&str, &str); 6] = [
    ("OPTILLM_HOST", "it is always 127.0.0.1"),
    ("OPTILLM_PORT", "use ENSC_PORT or --port"),
    ("OPTILLM_BASE_URL", "use ENSC_BASE_URL or --base-url"),
    ("OPTILLM_LOG", "use RUST_LOG and ENSC_LOG"),
    ("OPTILLM_APPROACH", "an ensemble says how it works"),
    ("OPTILLM_MODEL", "the ensembles name their models"),
];

/// How long running requests get after a signal to end.
const GRACE: Duration = Duration::from_secs(30);

/// Serve every handle as an OpenAI-compatible model
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc serve
  ensc serve --ensembles /etc/ensc/ensembles --base-url http://127.0.0.1:4000/v1
  ensc serve --port 0 --upstream sim        a first try, with simulated models

Most options can also be set as ENSC_<OPTION>, or under [serve] in ensc.toml.
A flag wins over the environment, the environment over the file.

  OPENAI_API_KEY     the key that goes upstream
  OPTILLM_API_KEY    the key that callers must show; unset, every caller on this host is served

  OTEL_EXPORTER_OTLP_ENDPOINT    where spans of runs and calls are sent, as http://127.0.0.1:4318")]
pub struct Args {
    /// Address to answer on; only 127.0.0.1 is possible [default: 127.0.0.1]
    #[arg(long, value_name = "HOST", env = "ENSC_HOST", hide_env_values = true)]
    host: Option<String>,

    /// Port to answer on; 0 takes a free one [default: 4020]
    #[arg(long, value_name = "PORT", env = "ENSC_PORT", hide_env_values = true)]
    port: Option<u16>,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    place: Place,

    /// How long running requests may finish after SIGTERM, as 30s or 2m [default: 30s]
    #[arg(long, value_name = "TIME", env = "ENSC_GRACE", hide_env_values = true)]
    grace: Option<String>,

    /// Reload when a file of the ensembles or the settings changes, as SIGHUP does
    #[arg(long, env = "ENSC_WATCH", hide_env_values = true)]
    watch: bool,

    /// Keep the prompts and answers of the last runs in memory, for whoever may read /v1/runs
    #[arg(long, env = "ENSC_RECORD_TEXT", hide_env_values = true)]
    record_text: bool,

    /// How log lines are written to standard error [default: text]
    #[arg(long, value_enum, value_name = "FORMAT", env = "ENSC_LOG", hide_env_values = true)]
    log: Option<Log>,

    /// File with the key that callers must show, instead of OPTILLM_API_KEY
    #[arg(long, value_name = "FILE", env = "ENSC_API_KEY_FILE", hide_env_values = true)]
    api_key_file: Option<PathBuf>,

    /// File with the key that goes upstream, instead of OPENAI_API_KEY
    #[arg(long, value_name = "FILE", env = "ENSC_UPSTREAM_KEY_FILE", hide_env_values = true)]
    upstream_key_file: Option<PathBuf>,

    /// Taken for OptiLLM's sake: auto or none
    #[arg(long, value_name = "NAME", hide = true)]
    approach: Option<String>,

    /// Taken for OptiLLM's sake
    #[arg(long, value_name = "NAME", hide = true)]
    model: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Log {
    #[default]
    Text,
    Json,
}

/// All that was decided before anything was opened.
struct Decided {
    place: Place,
    settings: ServeConfig,
    watch: bool,
    seen: Look,
    port: u16,
    chosen: Chosen,
    grace: Duration,
    limits: Limits,
    plans: Vec<Arc<Plan>>,
    approaches: Approaches,
    pass_fields: Vec<String>,
    caller_key: Option<Secret>,
    upstream_key: Option<Secret>,
    /// What is said in runs is recorded.
    records: bool,
    /// Who is told of spans.
    collector: Option<Collector>,
}

impl Args {
    /// The port and the base URL that the command line says, if it does.
    #[must_use]
    pub fn addresses(&self) -> (Option<u16>, Option<&str>) {
        (self.port, self.target.base_url.as_deref())
    }

    /// Runs until SIGTERM or SIGINT.
    ///
    /// # Errors
    ///
    /// Any setting, file or port that cannot be used, before a request is taken.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        // Before reading: what changes while we read is seen as a change.
        let seen = self.place.look();
        let loaded = self.place.load_sound(out)?;
        let log = self.log_format(&loaded.config.serve)?;
        let decided = self.decide(loaded, seen)?;
        let log = world::log::start(log == Log::Json).map_err(Stop::Failed)?;
        self.say_what_is_ignored();
        say_limits(&decided.limits, matches!(decided.chosen, Chosen::Http(_)));
        let runtime = signal::runtime()?;
        let ended = runtime.block_on(async {
            let ended = decided.serve(out, &log).await;
            log.end().await;
            ended
        });
        // The log's last line may wait for a reader for ever.
        runtime.shutdown_background();
        ended
    }

    fn decide(&self, loaded: Loaded, seen: Look) -> Result<Decided, Stop> {
        let pass_fields = loaded.config.pass_fields().map_err(Stop::Failed)?;
        let limits = loaded.config.limits().map_err(Stop::Failed)?;
        let config = loaded.config.serve;
        let settings = config.clone();
        check_host(self.host.as_deref().or(config.host.as_deref()))?;
        check_approach(self.approach.as_deref())?;
        let port = self.port.or(config.port).unwrap_or(PORT);
        let grace = match self.grace.as_deref().or(config.grace.as_deref()) {
            Some(text) => duration(text)?,
            None => GRACE,
        };
        let own_port = (port != 0).then_some(port);
        let chosen = self.target.clone().or(config.base_url, config.upstream).choose(own_port)?;
        let plans: Vec<Arc<Plan>> = loaded.compiled.plans.into_iter().map(Arc::new).collect();
        if plans.is_empty() {
            return Err(Stop::Failed("there is no ensemble to serve".into()));
        }
        let caller_key = self.caller_key()?;
        let approaches = Approaches::new(loaded.sources, loaded.policy);
        let upstream_key = target::upstream_key(self.upstream_key_file.as_deref())?;
        let collector = collector::from_environment()?;
        let (place, watch) = (self.place.clone(), self.watch || config.watch.unwrap_or(false));
        let records = self.record_text || config.record_text.unwrap_or(false);
        Ok(Decided {
            place,
            settings,
            watch,
            seen,
            port,
            chosen,
            grace,
            limits,
            plans,
            approaches,
            pass_fields,
            caller_key,
            upstream_key,
            records,
            collector,
        })
    }

    fn caller_key(&self) -> Result<Option<Secret>, Stop> {
        if let Some(path) = &self.api_key_file {
            return target::key_of(path).map(Some);
        }
        let Some(key) = world::variable(CALLER_KEY_VARIABLE).map_err(Stop::Failed)? else { return Ok(None) };
        match key.trim() {
            "" => Err(Stop::Failed(format!(
                "{CALLER_KEY_VARIABLE} is empty: a key cannot be; unset it to serve without one"
            ))),
            key => Ok(Some(Secret::new(key))),
        }
    }

    fn log_format(&self, config: &ServeConfig) -> Result<Log, Stop> {
        match (self.log, config.log.as_deref()) {
            (Some(log), _) => Ok(log),
            (None, None | Some("text")) => Ok(Log::Text),
            (None, Some("json")) => Ok(Log::Json),
            (None, Some(other)) => {
                Err(Stop::Failed(format!("ensc.toml: `log` is text or json, not `{other}`")))
            }
        }
    }

    fn say_what_is_ignored(&self) {
        if let Some(approach) = &self.approach {
            info!("--approach {approach} changes nothing: the handle that is asked for decides");
        }
        if let Some(model) = &self.model {
            info!("--model {model} changes nothing: the ensembles name their models");
        }
        for (name, instead) in NOT_READ {
            if world::variable(name).is_ok_and(|value| value.is_some()) {
                warn!("{name} is not read: {instead}");
            }
        }
    }
}

impl Decided {
    async fn serve(self, out: &mut Output, log: &world::log::Log) -> Result<(), Stop> {
        // Before the port is open: a signal that comes as soon as we answer is not lost.
        let hangups = Hangups::caught();
        let (interrupts, mut more_interrupts) = (Interrupts::caught(), Interrupts::caught());
        let opened = self.chosen.open(self.upstream_key.as_ref())?;
        let listener = signal::listener(self.port).await?;
        self.say_what_is_open(&opened.name);
        let settings =
            Settings { key: self.caller_key, liveliness: opened.liveliness, pass_fields: self.pass_fields };
        let host = Arc::new(Host::with_slots(opened.upstream, self.limits.slots()));
        let mut state = State::new(self.plans, Arc::clone(&host), settings)
            .with_approaches(self.approaches)
            .with_limits(self.limits.allowed)
            .with_lost_lines(log.lost());
        if self.records {
            state = state.with_recorded_text();
        }
        if let Some(collector) = self.collector {
            state = state.with_collector(collector);
        }
        let state = Arc::new(state);
        sim::announce(&listener, out)?;
        let reloader = Reloader {
            place: self.place,
            settings: self.settings,
            state: Arc::clone(&state),
            host,
            watch: self.watch,
            seen: self.seen,
        };
        let serving = serve::serve(listener, state, stop(interrupts, self.grace), self.grace);
        manager::ready();
        let ending = tokio::select! {
            ending = serving => ending.map_err(|error| Stop::Failed(format!("cannot serve: {error}")))?,
            () = reloader.run(hangups) => unreachable!("it never ends"),
            () = manager::keep_alive() => unreachable!("it never ends"),
            () = more_interrupts.twice() => {
                warn!("stopped at once: a second signal came");
                return Ok(());
            }
        };
        info!(cancelled = ending.cancelled, "stopped");
        Ok(())
    }

    fn say_what_is_open(&self, upstream: &str) {
        info!(handles = self.plans.len(), upstream, "ready");
        if let Some(collector) = &self.collector {
            info!(collector = collector.authority(), "spans are sent");
        }
        if self.records {
            let who =
                if self.caller_key.is_some() { "who has the key" } else { "every program on this host" };
            warn!(
                "prompts and answers of the last runs are recorded, and {who} can read them at /v1/runs: --record-text"
            );
        }
        if self.caller_key.is_none() {
            info!("{CALLER_KEY_VARIABLE} is not set: every caller on this host is served");
        }
        if self.upstream_key.is_none() && matches!(self.chosen, Chosen::Http(_)) {
            warn!("{KEY_VARIABLE} is not set: calls go upstream without a key");
        }
    }
}

/// Resolves when the daemon shall take no more requests.
async fn stop(mut interrupts: Interrupts, grace: Duration) {
    interrupts.next().await;
    manager::stopping();
    info!(grace_s = grace.as_secs_f64(), "stopping: what runs may finish; a second signal ends it at once");
}

/// The daemon answers on loopback only.
fn check_host(host: Option<&str>) -> Result<(), Stop> {
    match host {
        None | Some("127.0.0.1" | "localhost") => Ok(()),
        Some(host) => Err(Stop::Usage(format!(
            "cannot answer on `{host}`: whoever reaches the port can use every model behind it, so it is open on \
             127.0.0.1 only; put LiteLLM in front to serve others"
        ))),
    }
}

fn check_approach(approach: Option<&str>) -> Result<(), Stop> {
    match approach {
        None | Some("auto" | "none") => Ok(()),
        Some(other) => Err(Stop::Usage(format!(
            "there is no approach `{other}` here: an ensemble says how it works; clients that choose one per \
             request use `optillm_approach`"
        ))),
    }
}

fn duration(text: &str) -> Result<Duration, Stop> {
    duration::read(text)
        .ok_or_else(|| Stop::Usage(format!("`{text}` is no length of time; write 30s, 500ms, 2m or 1h")))
}

/// Every request holds descriptors: take all that the system allows.
fn say_limits(limits: &Limits, calls_are_real: bool) {
    match world::raise_descriptor_limit() {
        Ok((before, after)) => {
            info!(before, after, "open files, at most");
            let needed = limits.files(calls_are_real);
            if after < needed as u64 {
                warn!(
                    "{after} open files at most are too few for the limits, which may need {needed}: raise the hard limit \
                     (`ulimit -Hn`, LimitNOFILE), or lower `connections` and `calls` under [serve.limits]"
                );
            }
        }
        Err(problem) => warn!("the limit of open files stays as it is: {problem}"),
    }
}
