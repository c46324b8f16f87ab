//! `ensc doctor`: what is wrong with the installation around the ensembles, and what to do.

mod binary;
mod daemon;
mod files;
mod handles;
pub mod kind;
mod known;
mod listeners;
pub mod litellm;
mod models;
pub mod page;
pub mod report;
mod rerouted;
mod systemd;
mod unit;

use std::path::{Path, PathBuf};

use crate::cli::config::{Loaded, Place};
use crate::cli::export::kind::{Addresses, Kind};
use crate::cli::output::{Format, Output, Stop};
use crate::cli::serve::{CALLER_KEY_VARIABLE, PORT};
use crate::cli::target::{self, BASE_URL, KEY_VARIABLE};
use crate::cli::{signal, world};
use crate::export::env;
use crate::plan::Plan;
use crate::upstream::base_url::BaseUrl;
use crate::upstream::secret::Secret;
use kind::Level;
use page::Server;
use report::Report;

/// The daemon's unit.
const UNIT: &str = "optillm-proxy.service";

/// Where units are installed: by people, then by packages.
const UNIT_FOLDERS: [&str; 4] = [
    "/etc/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Look at the live installation and say what to do
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc doctor                          daemon, LiteLLM, models, handles, and what lies in /etc
  sudo ensc doctor --ensembles /etc/optillm-proxy/ensembles --root ~/platform
                                       the platform's files, too; as root it finds the keys itself
  ensc doctor --format json | jq -r '.checks[] | select(.state != \"ok\") | .message'
  ensc check --live                    the models only

Keys are those of the daemon, OPENAI_API_KEY for LiteLLM and OPTILLM_API_KEY for the daemon: from the
environment, else from the unit's environment file if that can be read. Nothing is changed, and no
model is asked. What each code means: docs/doctor.md.

Exit codes: 0 sound (there may be warnings), 1 something is wrong, 2 it could not be looked at.")]
pub struct Args {
    /// The daemon's port on 127.0.0.1 [default: that of ensc.toml, or 4020]
    #[arg(long, value_name = "PORT", env = "ENSC_PORT", hide_env_values = true)]
    port: Option<u16>,

    /// LiteLLM [default: that of ensc.toml, or http://127.0.0.1:4000/v1]
    #[arg(long, alias = "base_url", value_name = "URL", env = "ENSC_BASE_URL", hide_env_values = true)]
    base_url: Option<String>,

    /// The platform's root: look at its files, too
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,

    /// The daemon's unit [default: optillm-proxy.service, where systemd has it]
    #[arg(long, value_name = "FILE")]
    unit: Option<PathBuf>,

    /// File with the key that the daemon asks of callers, instead of OPTILLM_API_KEY
    #[arg(long, value_name = "FILE", env = "ENSC_API_KEY_FILE", hide_env_values = true)]
    api_key_file: Option<PathBuf>,

    /// File with the key that goes upstream, instead of OPENAI_API_KEY
    #[arg(long, value_name = "FILE", env = "ENSC_UPSTREAM_KEY_FILE", hide_env_values = true)]
    upstream_key_file: Option<PathBuf>,

    #[command(flatten)]
    place: Place,

    /// How the findings are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Fail for warnings, too
    #[arg(long, value_name = "WHAT", value_parser = ["warnings"])]
    deny: Option<String>,
}

/// Where the two servers are.
struct Around {
    port: u16,
    base: BaseUrl,
    caller_key: Option<Secret>,
    upstream_key: Option<Secret>,
}

impl Args {
    /// # Errors
    ///
    /// [`Stop::Found`] if something is wrong, [`Stop::Usage`] if it could not be looked at.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let loaded = self.place.load().map_err(unseen)?;
        if loaded.compiled.errors() > 0 {
            loaded.show_diagnostics(out);
            return Err(Stop::Usage("the files have mistakes, so there is nothing to compare with".into()));
        }
        let home = world::variable("HOME").map_err(Stop::Usage)?.map(PathBuf::from);
        let env_file =
            loaded.config.sync.spot(Kind::Env, self.root(), home.as_deref()).map_err(Stop::Usage)?;
        let around = self.around(&loaded, env_file.as_deref())?;
        let plans = &loaded.compiled.plans;
        let mut report = Report::default();
        let runtime = signal::runtime().map_err(unseen)?;
        runtime.block_on(around.look(plans, &mut report)).map_err(unseen)?;
        let (daemon, upstream) = (format!("http://127.0.0.1:{}/v1", around.port), around.base.to_string());
        let platform = files::Platform {
            root: self.root(),
            home: home.as_deref(),
            config: &loaded.config.sync,
            addresses: Addresses { daemon, upstream },
        };
        platform.judge(plans, &mut report).map_err(Stop::Usage)?;
        let expected =
            unit::Expected { port: around.port, base: &around.base, env_file: env_file.as_deref() };
        runtime.block_on(look_at_unit(self.unit.as_deref(), &expected, &mut report));
        match self.format {
            Format::Text => out.print(&report.text(out.colour(), out.width()))?,
            Format::Json => out.print(&report.json())?,
        }
        let is_warned = self.deny.is_some() && report.count(Level::Warn) > 0;
        if is_warned || report.count(Level::Wrong) > 0 { Err(Stop::Found) } else { Ok(()) }
    }

    /// Without a root, only what lies at absolute places is looked at.
    fn root(&self) -> &Path {
        self.root.as_deref().unwrap_or(Path::new(""))
    }

    fn around(&self, loaded: &Loaded, env_file: Option<&Path>) -> Result<Around, Stop> {
        let config = &loaded.config.serve;
        let port = self.port.or(config.port).unwrap_or(PORT);
        let base = self.base_url.as_deref().or(config.base_url.as_deref()).unwrap_or(BASE_URL);
        let base = BaseUrl::parse(base, Some(port)).map_err(Stop::Usage)?;
        // A file that cannot be read is told with the files.
        let kept = env_file.and_then(|path| world::optional_text(path).ok().flatten()).unwrap_or_default();
        let key = |name: &str| -> Result<Option<Secret>, Stop> {
            let set = world::variable(name).map_err(Stop::Usage)?;
            let key = set.or_else(|| env::value(&kept, name)).map(|key| key.trim().to_owned());
            Ok(key.filter(|key| !key.is_empty()).map(Secret::new))
        };
        let key = |file: Option<&Path>, name: &str| match file {
            Some(path) => Ok(Some(Secret::new(world::read(path).map_err(Stop::Usage)?.trim()))),
            None => key(name),
        };
        let caller_key = key(self.api_key_file.as_deref(), CALLER_KEY_VARIABLE)?;
        let upstream_key = key(self.upstream_key_file.as_deref(), KEY_VARIABLE)?;
        Ok(Around { port, base, caller_key, upstream_key })
    }
}

/// Looks at LiteLLM and what it knows of the members.
///
/// # Errors
///
/// As [`Args::run`], without a finding.
pub fn look_at_models(loaded: &Loaded, base_url: Option<&str>) -> Result<Report, Stop> {
    let config = &loaded.config.serve;
    let base = base_url.or(config.base_url.as_deref()).unwrap_or(BASE_URL);
    let port = config.port.unwrap_or(PORT);
    let base = BaseUrl::parse(base, Some(port)).map_err(Stop::Usage)?;
    let server = Server::new(&base, target::upstream_key(None)?.as_ref()).map_err(Stop::Usage)?;
    let mut report = Report::default();
    signal::runtime()?.block_on(async {
        litellm::look_at_models(&server, &base.to_string(), &loaded.compiled.plans, port, &mut report).await;
    });
    Ok(report)
}

// === impl Around ===

impl Around {
    async fn look(&self, plans: &[Plan], report: &mut Report) -> Result<(), Stop> {
        let at = format!("127.0.0.1:{}", self.port);
        let own = BaseUrl::parse(&format!("http://{at}/v1"), None).map_err(Stop::Usage)?;
        let daemon = Server::new(&own, self.caller_key.as_ref()).map_err(Stop::Usage)?;
        daemon::Seen::of(&daemon).await.judge(&at, plans, report);
        listeners::judge(&world::listeners(), self.port, report);
        models::judge_memory(plans, report);
        let litellm = Server::new(&self.base, self.upstream_key.as_ref()).map_err(Stop::Usage)?;
        let at = self.base.to_string();
        if let Some(known) = litellm::look_at_models(&litellm, &at, plans, self.port, report).await {
            litellm::look_at_handles(&litellm, &known, plans, self.port, report).await;
        }
        Ok(())
    }
}

/// Looks at the unit's file, at what systemd has made of it, and at what it starts.
async fn look_at_unit(named: Option<&Path>, expected: &unit::Expected<'_>, report: &mut Report) {
    let name = named.and_then(Path::file_name).map_or(UNIT.into(), |name| name.to_string_lossy());
    let loaded = systemd::Loaded::of(&name).await;
    let known = loaded.as_ref().ok().and_then(|it| it.file.clone());
    let path = named.map(Path::to_owned).or(known).unwrap_or_else(|| {
        let mut all = UNIT_FOLDERS.iter().map(|folder| Path::new(folder).join(UNIT));
        all.find(|path| world::optional_text(path) != Ok(None))
            .unwrap_or_else(|| Path::new(UNIT_FOLDERS[0]).join(UNIT))
    });
    let drop_ins = loaded.as_ref().map(|it| it.drop_ins.as_slice()).unwrap_or_default();
    let texts = std::iter::once(&path).chain(drop_ins).map(|path| world::optional_text(path));
    let text =
        texts.collect::<Result<Option<Vec<String>>, String>>().map(|texts| texts.map(|it| it.join("\n")));
    let is_there = matches!(text, Ok(Some(_)));
    let command = expected.judge(&world::shown(&path), text, report);
    if !is_there {
        return;
    }
    let is_loaded = systemd::judge(&loaded, &path, report);
    if let Some(command) = command {
        binary::judge(&command, loaded.ok().filter(|_| is_loaded).as_ref(), report).await;
    }
}

/// What stops us from looking is no finding.
fn unseen(stop: Stop) -> Stop {
    match stop {
        Stop::Failed(why) => Stop::Usage(why),
        other => other,
    }
}
