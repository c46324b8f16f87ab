//! What can be exported, and which files that makes.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::files::Target;
use crate::cli::world;
use crate::export::docs::Page;
use crate::export::{ensembles_md, env, handles, litellm, optillm, warm};
use crate::plan::Plan;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Handles,
    Litellm,
    Env,
    EnsemblesMd,
    WarmProfiles,
    Optillm,
    Docs,
}

/// What the files say of where things are; both end in `/v1`.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Where LiteLLM finds the daemon.
    pub daemon: String,
    /// Where the daemon finds LiteLLM.
    pub upstream: String,
}

// === impl Kind ===

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::Handles,
        Self::Litellm,
        Self::Env,
        Self::EnsemblesMd,
        Self::WarmProfiles,
        Self::Optillm,
        Self::Docs,
    ];

    /// Several files in a folder.
    #[must_use]
    pub fn is_several(self) -> bool {
        matches!(self, Self::WarmProfiles | Self::Docs)
    }

    /// The file at `path`, or the files in that folder.
    #[must_use]
    pub fn targets<'a>(self, path: &Path, plans: &'a [Plan], addresses: &'a Addresses) -> Vec<Target<'a>> {
        let target = |place: super::files::Placer<'a>| Target::new(path.to_owned(), place);
        match self {
            Self::Handles => vec![target(Box::new(|old| handles::place(plans, old)))],
            Self::Litellm => vec![target(Box::new(|old| litellm::place(plans, &addresses.daemon, old)))],
            Self::Env => vec![Target { is_private: true, ..target(Box::new(|old| env::place(plans, old))) }],
            Self::EnsemblesMd => vec![target(Box::new(|old| ensembles_md::place(plans, old)))],
            Self::Optillm => vec![target(Box::new(|old| optillm::place(&addresses.upstream, old)))],
            Self::WarmProfiles => plans.iter().map(|plan| profile(path, plan)).collect(),
            Self::Docs => {
                Page::ALL.iter().map(|page| document(*page, path.join(page.path()), plans)).collect()
            }
        }
    }

    /// Files below `path` that we would have written for handles that are no more.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read.
    pub fn left_over(self, path: &Path, plans: &[Plan]) -> Result<Vec<PathBuf>, String> {
        if self != Self::WarmProfiles {
            return Ok(Vec::new());
        }
        let names = world::file_names(path)?;
        // What cannot be read is not ours.
        let is_left = |name: &String| {
            world::read(&path.join(name)).is_ok_and(|text| warm::is_left_over(plans, name, &text))
        };
        Ok(names.into_iter().filter(is_left).map(|name| path.join(name)).collect())
    }

    /// The same, in words for whoever writes the others.
    ///
    /// # Errors
    ///
    /// As [`Kind::left_over`].
    pub fn left_over_warnings(self, path: &Path, plans: &[Plan]) -> Result<Vec<String>, String> {
        let say = |path: &PathBuf| {
            format!(
                "`{}` is of a handle that no ensemble has; it stays, `rm` it if nobody wants it",
                world::shown(path)
            )
        };
        Ok(self.left_over(path, plans)?.iter().map(say).collect())
    }

    /// Models that a controller would not find where we write them.
    #[must_use]
    pub fn warnings(self, plans: &[Plan]) -> Vec<String> {
        let (runtime, controller) = match self {
            Self::EnsemblesMd => ("mlx", "mlxctl"),
            Self::WarmProfiles => (warm::RUNTIME, "ovctl"),
            _ => return Vec::new(),
        };
        let mut names: Vec<&str> = plans
            .iter()
            .flat_map(|plan| plan.models_on(runtime))
            .map(|model| model.name.as_ref())
            .filter(|name| !name.strip_prefix(runtime).is_some_and(|rest| rest.starts_with('-')))
            .collect();
        names.sort_unstable();
        names.dedup();
        let say = |name: &&str| {
            format!(
                "`{controller}` does not find `{name}`: names of `runtime: {runtime}` begin with `{runtime}-`"
            )
        };
        names.iter().map(say).collect()
    }
}

fn profile<'a>(folder: &Path, plan: &'a Plan) -> Target<'a> {
    let place = move |old: &str| warm::place(plan, old);
    Target {
        makes_folder: true,
        // Without models a file that is there loses ours, and one that is not there is not missed.
        is_needed: !warm::models(plan).is_empty(),
        ..Target::new(folder.join(warm::file_name(plan)), Box::new(place))
    }
}

/// One of the documents at `path`.
#[must_use]
pub fn document<'a>(page: Page, path: PathBuf, plans: &'a [Plan]) -> Target<'a> {
    Target { makes_folder: true, ..Target::new(path, Box::new(move |old| page.place(plans, old))) }
}
