//! The table `[sync]` of `ensc.toml`: where on the platform each file lies that `ensc sync` writes.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::export::kind::Kind;
use crate::export::docs::Page;

/// A path below the platform's root, an absolute one, or one that begins with `~/`; `false` leaves the file out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Spot {
    Is(bool),
    At(PathBuf),
}

/// What is not said is where the platform has it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SyncConfig {
    handles: Option<Spot>,
    litellm: Option<Spot>,
    env: Option<Spot>,
    ensembles_md: Option<Spot>,
    warm_profiles: Option<Spot>,
    optillm: Option<Spot>,
    docs_techniques: Option<Spot>,
    docs_integrations: Option<Spot>,
    docs_journal: Option<Spot>,
    docs_service_spec: Option<Spot>,
}

// === impl SyncConfig ===

impl SyncConfig {
    /// Where the file or folder of this kind is, below the root if it is relative; nothing if it is left out. Documents
    /// have places of their own.
    ///
    /// # Errors
    ///
    /// A sentence for `true`, which says no place, and for a `~` without a home.
    pub fn spot(&self, kind: Kind, root: &Path, home: Option<&Path>) -> Result<Option<PathBuf>, String> {
        let (name, said, default) = match kind {
            Kind::Handles => ("handles", &self.handles, "layer-gateway/registry/handles.jsonl"),
            Kind::Litellm => ("litellm", &self.litellm, "layer-gateway/litellm-orch/config/router.yaml"),
            Kind::Env => ("env", &self.env, "/etc/optillm-proxy/env"),
            Kind::EnsemblesMd => {
                ("ensembles-md", &self.ensembles_md, "layer-gateway/optillm-proxy/ENSEMBLES.md")
            }
            Kind::WarmProfiles => ("warm-profiles", &self.warm_profiles, "platform/ops/ovctl/warm"),
            Kind::Optillm => ("optillm", &self.optillm, "~/.optillm/proxy_config.yaml"),
            Kind::Docs => return Ok(None),
        };
        resolved(name, said.as_ref(), default, root, home)
    }

    /// The same of one of the documents.
    ///
    /// # Errors
    ///
    /// As [`SyncConfig::spot`].
    pub fn page(&self, page: Page, root: &Path, home: Option<&Path>) -> Result<Option<PathBuf>, String> {
        let (name, said) = match page {
            Page::Techniques => ("docs-techniques", &self.docs_techniques),
            Page::Integrations => ("docs-integrations", &self.docs_integrations),
            Page::Journal => ("docs-journal", &self.docs_journal),
            Page::ServiceSpec => ("docs-service-spec", &self.docs_service_spec),
        };
        resolved(name, said.as_ref(), page.path(), root, home)
    }
}

fn resolved(
    name: &str,
    said: Option<&Spot>,
    default: &str,
    root: &Path,
    home: Option<&Path>,
) -> Result<Option<PathBuf>, String> {
    let path = match said {
        Some(Spot::Is(false)) => return Ok(None),
        Some(Spot::Is(true)) => {
            return Err(format!(
                "ensc.toml: `{name} = true` says no place; write a path, or leave it out for `{default}`"
            ));
        }
        Some(Spot::At(path)) => path.as_path(),
        None => Path::new(default),
    };
    let Ok(below) = path.strip_prefix("~") else { return Ok(Some(root.join(path))) };
    match home {
        Some(home) => Ok(Some(home.join(below))),
        None => Err(format!(
            "HOME is not set, so there is no `{}`; write `{name}` in full, or `{name} = false`",
            path.display()
        )),
    }
}
