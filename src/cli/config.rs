//! `ensc.toml`: the operator's settings beside the ensembles. One of three files that touch the world around the
//! process.

pub mod sync;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::export::kind::Addresses;
use crate::cli::limits::{self, LimitsConfig};
use crate::cli::output::{Output, Stop};
use crate::cli::target::BASE_URL;
use crate::cli::world::{self, Look};
use crate::diagnostic::suggest::did_you_mean;
use crate::export::DAEMON_URL;
use crate::lint::{self, Level, Policy};
use crate::serve;
use crate::source::{SourceFile, Sources};
use crate::upstream::wire::is_reserved;
use crate::{Compiled, compile};

/// The file's name in the ensembles folder. It is never looked for further up.
const NAME: &str = "ensc.toml";

/// What the file may hold; anything else is an error.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What findings mean, by code or name: `L103 = "warn"`.
    #[serde(default)]
    lints: BTreeMap<String, LevelWord>,
    #[serde(default)]
    pub serve: ServeConfig,
    #[serde(default)]
    pub sync: sync::SyncConfig,
}

/// What `ensc serve` takes if neither flag nor environment says it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServeConfig {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub base_url: Option<String>,
    pub upstream: Option<String>,
    pub grace: Option<String>,
    pub log: Option<String>,
    pub watch: Option<bool>,
    pub record_text: Option<bool>,
    /// Request fields that are sent on with final calls, beside those that always are.
    #[serde(default)]
    pub pass_fields: Vec<String>,
    /// How much is taken on at once.
    #[serde(default)]
    limits: LimitsConfig,
}

// === impl ServeConfig ===

impl ServeConfig {
    /// As `ensc serve` takes them from the same settings.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        let port = self.port.map(|port| format!("http://127.0.0.1:{port}/v1"));
        Addresses {
            daemon: port.unwrap_or_else(|| DAEMON_URL.to_owned()),
            upstream: self.base_url.clone().unwrap_or_else(|| BASE_URL.to_owned()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LevelWord {
    Allow,
    Warn,
    Deny,
    Forbid,
}

/// Where the ensembles and their settings are.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Place {
    /// Folder of `.ens` files [default: ensembles, or the current folder]
    #[arg(long, value_name = "DIR", env = "ENSC_ENSEMBLES", hide_env_values = true)]
    pub ensembles: Option<PathBuf>,

    /// Settings file [default: ensc.toml in the ensembles folder]
    #[arg(long, value_name = "FILE", env = "ENSC_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
}

/// Sources with what became of them.
pub struct Loaded {
    pub sources: Sources,
    /// Where each of the sources lies.
    pub paths: Vec<PathBuf>,
    pub compiled: Compiled,
    pub config: Config,
    pub policy: Policy,
}

// === impl Place ===

impl Place {
    /// Reads and compiles. What the files say wrong is in the result, not an error.
    ///
    /// # Errors
    ///
    /// Files that cannot be read, and settings that cannot be used.
    pub fn load(&self) -> Result<Loaded, Stop> {
        let folder = self.ensembles.clone().unwrap_or_else(world::default_folder);
        load(&[folder], self.config.as_deref(), &[])
    }

    /// How the files that [`Place::load`] reads look now.
    #[must_use]
    pub fn look(&self) -> Look {
        let folder = self.ensembles.clone().unwrap_or_else(world::default_folder);
        let config = self.config.clone().unwrap_or_else(|| folder.join(NAME));
        world::look(&folder, &[config])
    }

    /// The same, for verbs that look at what there is: prints what is wrong, and stops if that left no plans.
    ///
    /// # Errors
    ///
    /// Also a program that gives no plans.
    pub fn load_plans(&self, out: &mut Output) -> Result<Loaded, Stop> {
        let loaded = self.load()?;
        if loaded.compiled.errors() > 0 {
            loaded.show_diagnostics(out);
            if loaded.compiled.plans.is_empty() {
                return Err(Stop::Found);
            }
        }
        Ok(loaded)
    }

    /// The same, for verbs that need a program without mistakes: prints what is wrong and stops.
    ///
    /// # Errors
    ///
    /// Also a program with errors.
    pub fn load_sound(&self, out: &mut Output) -> Result<Loaded, Stop> {
        let loaded = self.load()?;
        if loaded.compiled.errors() > 0 {
            loaded.show_diagnostics(out);
            return Err(Stop::Found);
        }
        Ok(loaded)
    }
}

/// Reads and compiles what lies at `paths`; settings come from `config`, else from the first folder among them.
/// `levels` are those of the command line, by code or name of a lint; the last one counts, whatever the settings say.
///
/// # Errors
///
/// As [`Place::load`], and [`Stop::Usage`] for a level of no lint.
pub fn load(paths: &[PathBuf], config: Option<&Path>, levels: &[(&str, Level)]) -> Result<Loaded, Stop> {
    let config = Config::read(paths, config).map_err(Stop::Failed)?;
    let mut policy = config.policy().map_err(Stop::Failed)?;
    for (word, level) in levels {
        // To deny what is forbidden would let files allow it.
        let level = lint::rule(word).map_or(*level, |rule| match policy.level(rule) {
            Level::Forbid if *level == Level::Deny => Level::Forbid,
            _ => *level,
        });
        set(&mut policy, word, level).map_err(Stop::Usage)?;
    }
    let (sources, paths) =
        world::sources(paths).map_err(|problems| Stop::Failed(problems.join("\nerror: ")))?;
    let compiled = compile(&sources, &policy);
    Ok(Loaded { sources, paths, compiled, config, policy })
}

/// What is built in, as a program of its own.
#[must_use]
pub fn built_in() -> Loaded {
    let mut sources = Sources::default();
    for file in crate::prelude::FILES.iter().chain(crate::prelude::TESTS) {
        sources.add(SourceFile::new(file.name, file.text));
    }
    let (paths, policy) = (Vec::new(), Policy::default());
    let compiled = compile(&sources, &policy);
    Loaded { sources, paths, compiled, config: Config::default(), policy }
}

// === impl Loaded ===

impl Loaded {
    /// All diagnostics, on standard error.
    pub fn show_diagnostics(&self, out: &mut Output) {
        let text =
            crate::diagnostic::render::render(&self.sources, &self.compiled.diagnostics, out.colour_err());
        out.note(&text);
    }

    /// The path of each source as people and programs on this host would write it, `/` between its parts.
    #[must_use]
    pub fn shown_paths(&self) -> Vec<String> {
        self.paths.iter().map(|path| world::shown(path)).collect()
    }
}

// === impl Config ===

impl Config {
    fn read(paths: &[PathBuf], named: Option<&Path>) -> Result<Self, String> {
        let beside = paths.iter().find(|path| path.is_dir()).map(|folder| folder.join(NAME));
        let (path, text) = match (named, beside) {
            (Some(path), _) => (path.to_owned(), Some(world::read(path)?)),
            (None, Some(path)) => (path.clone(), world::optional_text(&path)?),
            (None, None) => return Ok(Self::default()),
        };
        let Some(text) = text else { return Ok(Self::default()) };
        toml::from_str(&text)
            .map_err(|error| format!("`{}`: {}", path.display(), error.to_string().trim_end()))
    }

    /// The names in `pass_fields`.
    ///
    /// # Errors
    ///
    /// A name that is the daemon's own, or LiteLLM's: no client may steer either.
    pub fn pass_fields(&self) -> Result<Vec<String>, String> {
        match self.serve.pass_fields.iter().find(|name| is_reserved(name) || serve::reads(name)) {
            None => Ok(self.serve.pass_fields.clone()),
            Some(name) => Err(format!(
                "{NAME}: `{name}` cannot be in `pass_fields`: it is read by the daemon, steers LiteLLM, or lets tools run behind it"
            )),
        }
    }

    /// How much `ensc serve` takes on at once.
    ///
    /// # Errors
    ///
    /// A limit that cannot be used.
    pub fn limits(&self) -> Result<limits::Chosen, String> {
        self.serve.limits.choose().map_err(|problem| format!("{NAME}: {problem}"))
    }

    /// The levels of the lints.
    ///
    /// # Errors
    ///
    /// A lint that does not exist.
    pub fn policy(&self) -> Result<Policy, String> {
        let mut policy = Policy::default();
        for (word, level) in &self.lints {
            set(&mut policy, word, level.level()).map_err(|problem| format!("{NAME}: {problem}"))?;
        }
        Ok(policy)
    }
}

fn set(policy: &mut Policy, word: &str, level: Level) -> Result<(), String> {
    if policy.set(word, level) {
        return Ok(());
    }
    let advice = did_you_mean(word, lint::words()).map(|it| format!("; {it}")).unwrap_or_default();
    Err(format!("there is no lint `{word}`{advice}"))
}

impl LevelWord {
    fn level(self) -> Level {
        match self {
            Self::Allow => Level::Allow,
            Self::Warn => Level::Warn,
            Self::Deny => Level::Deny,
            Self::Forbid => Level::Forbid,
        }
    }
}
