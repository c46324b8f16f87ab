//! Whom calls go to: the gateway on this host, or a simulated one inside this process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt;

use crate::cli::output::Stop;
use crate::cli::world;
use crate::serve::Liveliness;
use crate::upstream::Upstream;
use crate::upstream::base_url::BaseUrl;
use crate::upstream::client::HttpUpstream;
use crate::upstream::secret::Secret;
use crate::upstream::sim::script::{Behaviour, Delay};
use crate::upstream::sim::{Script, Sim, SimUpstream};

/// LiteLLM's address where nothing else is said.
pub const BASE_URL: &str = "http://127.0.0.1:4000/v1";

/// Between the tokens of a stream where no script says anything, about as a fast model has them: with none, all would come at
/// once, and whoever tries a stream would not see one.
const TOKEN_EACH: Delay = Delay::Fixed(10);

/// The variable with the key that goes upstream.
pub const KEY_VARIABLE: &str = "OPENAI_API_KEY";

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Target {
    /// The one upstream: plain http, on this host, ends in /v1 [default: http://127.0.0.1:4000/v1]
    #[arg(long, alias = "base_url", value_name = "URL", env = "ENSC_BASE_URL", hide_env_values = true)]
    pub base_url: Option<String>,

    /// `sim` or `sim:SCRIPT.toml` answers with simulated models instead
    #[arg(long, value_name = "WHAT", env = "ENSC_UPSTREAM", hide_env_values = true)]
    pub upstream: Option<String>,
}

/// Whom calls go to, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    Http(BaseUrl),
    Sim(Option<PathBuf>),
}

/// Something that can be called, and asked whether it is alive.
pub struct Opened {
    pub upstream: Arc<dyn Upstream>,
    pub liveliness: Liveliness,
    /// For people: `http://127.0.0.1:4000/v1`, `simulated models`.
    pub name: String,
}

// === impl Target ===

impl Target {
    /// Fills what was not said from elsewhere.
    #[must_use]
    pub fn or(self, base_url: Option<String>, upstream: Option<String>) -> Self {
        Self { base_url: self.base_url.or(base_url), upstream: self.upstream.or(upstream) }
    }

    /// # Errors
    ///
    /// [`Stop::Usage`] for an upstream that does not exist, or an address that is not allowed. `own_port` is the
    /// port that we listen on, if we do.
    pub fn choose(&self, own_port: Option<u16>) -> Result<Chosen, Stop> {
        match self.upstream.as_deref() {
            None | Some("http") => {
                let url = self.base_url.as_deref().unwrap_or(BASE_URL);
                BaseUrl::parse(url, own_port).map(Chosen::Http).map_err(Stop::Usage)
            }
            Some("sim") => Ok(Chosen::Sim(None)),
            Some(other) => match other.strip_prefix("sim:") {
                Some(script) => Ok(Chosen::Sim(Some(PathBuf::from(script)))),
                None => Err(Stop::Usage(format!(
                    "there is no upstream `{other}`; it is `http`, `sim` or `sim:SCRIPT.toml`"
                ))),
            },
        }
    }
}

// === impl Chosen ===

impl Chosen {
    /// Makes the client or the simulator. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// A key that no header can carry, a script that cannot be read.
    pub fn open(&self, key: Option<&Secret>) -> Result<Opened, Stop> {
        match self {
            Self::Http(base) => {
                let client = HttpUpstream::new(base, key).map_err(Stop::Failed)?;
                let asked = client.clone();
                let liveliness: Liveliness = Arc::new(move || {
                    let asked = asked.clone();
                    async move { asked.liveliness().await }.boxed()
                });
                let name = base.completions().trim_end_matches("/chat/completions").to_owned();
                Ok(Opened { upstream: Arc::new(client), liveliness, name })
            }
            Self::Sim(script) => {
                // It has any model: what is called stands in a plan, and another set of plans may come.
                let script = script.as_deref().map_or_else(|| Ok(at_a_pace()), self::script)?;
                let sim = Sim::new(Vec::new(), script);
                Ok(Opened {
                    upstream: Arc::new(SimUpstream::new(sim)),
                    liveliness: Arc::new(|| std::future::ready(true).boxed()),
                    name: "simulated models".to_owned(),
                })
            }
        }
    }
}

/// The key that goes upstream: from the file, else from the variable, where an empty one is none.
///
/// # Errors
///
/// A file that cannot be read or is empty, a variable that is not UTF-8.
pub fn upstream_key(file: Option<&Path>) -> Result<Option<Secret>, Stop> {
    match file {
        Some(path) => key_of(path).map(Some),
        None => {
            let key = world::variable(KEY_VARIABLE).map_err(Stop::Failed)?;
            Ok(key.filter(|key| !key.trim().is_empty()).map(|key| Secret::new(key.trim())))
        }
    }
}

/// A key that stands in a file of its own.
///
/// # Errors
///
/// A file that cannot be read or is empty.
pub fn key_of(path: &Path) -> Result<Secret, Stop> {
    let text = world::read(path).map_err(Stop::Failed)?;
    match text.trim() {
        "" => Err(Stop::Failed(format!("`{}` is empty: there is no key in it", path.display()))),
        key => Ok(Secret::new(key)),
    }
}

/// Any model answers at once, and streams as models do.
fn at_a_pace() -> Script {
    let every = Behaviour { token_ms: TOKEN_EACH, ..Behaviour::default() };
    Script { model: [("*".to_owned(), every)].into(), ..Script::default() }
}

/// The simulator's script.
///
/// # Errors
///
/// A file that cannot be read or understood.
pub fn script(path: &Path) -> Result<Script, Stop> {
    let text = world::read(path).map_err(Stop::Failed)?;
    text.parse().map_err(|error: String| Stop::Failed(format!("`{}`: {}", path.display(), error.trim_end())))
}
