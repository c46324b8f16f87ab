//! The platform's files, by the exporters that write them: what would they change?

use std::path::{Path, PathBuf};

use super::kind::{Kind, Part};
use super::report::Report;
use super::rerouted;
use crate::cli::config::sync::SyncConfig;
use crate::cli::export::files::Target;
use crate::cli::export::kind::{Addresses, Kind as Export};
use crate::cli::{sync, world};
use crate::export::litellm;
use crate::plan::Plan;

/// Where the platform has its files, and what they should say of where we are.
pub struct Platform<'a> {
    /// Empty if none was named: then only absolute places are looked at.
    pub root: &'a Path,
    pub home: Option<&'a Path>,
    pub config: &'a SyncConfig,
    pub addresses: Addresses,
}

// === impl Platform ===

impl Platform<'_> {
    /// # Errors
    ///
    /// A table of places that cannot be used.
    pub fn judge(&self, plans: &[Plan], report: &mut Report) -> Result<(), String> {
        let mut unseen = 0;
        for export in Export::ALL {
            let targets = sync::targets(export, self.root, plans, &self.addresses, self.config, self.home)?;
            let before = report.0.len();
            let mut looked = Vec::new();
            for target in &targets {
                if target.path.is_relative() && self.root.as_os_str().is_empty() {
                    unseen += 1;
                } else if self.judge_one(export, target, plans, report) {
                    looked.push(world::shown(&target.path));
                }
            }
            if report.0.len() == before && !looked.is_empty() {
                report.ok(Part::Files, format!("{} as the ensembles say", together(&looked)));
            }
            self.judge_left_over(export, plans, report)?;
        }
        self.judge_routing(plans, report)?;
        if unseen > 0 {
            report.skipped(
                Part::Files,
                format!("{unseen} files below the platform's root were not looked at: name it with --root"),
            );
        }
        Ok(())
    }

    /// The place of a kind, if it can be looked at.
    fn seen(&self, export: Export) -> Result<Option<PathBuf>, String> {
        let path = self.config.spot(export, self.root, self.home)?;
        Ok(path.filter(|path| path.is_absolute() || !self.root.as_os_str().is_empty()))
    }

    fn judge_left_over(&self, export: Export, plans: &[Plan], report: &mut Report) -> Result<(), String> {
        let Some(path) = self.seen(export)? else { return Ok(()) };
        match export.left_over(&path, plans) {
            Ok(left) => {
                for path in left {
                    let shown = world::shown(&path);
                    report.found(Kind::OldProfile, format!("{shown} is of a handle that no ensemble has"));
                }
            }
            Err(problem) => report.found(Kind::FileUnread, problem),
        }
        Ok(())
    }

    /// What only LiteLLM's file tells, and no page of it.
    fn judge_routing(&self, plans: &[Plan], report: &mut Report) -> Result<(), String> {
        let path = self.seen(Export::Litellm)?;
        // A file that cannot be read is told already.
        let text = path.as_ref().map(|path| world::optional_text(path));
        match (&path, text) {
            (Some(path), Some(Ok(Some(text)))) => rerouted::judge(&world::shown(path), &text, plans, report),
            (Some(_), Some(Err(_))) => (),
            _ => report.skipped(
                Part::Litellm,
                "whether `cancel_on_disconnect` is on, which LiteLLM does not tell, and where its fallbacks and aliases \
                 lead was not looked at: name the root of its file with --root, or the file under [sync]",
            ),
        }
        Ok(())
    }

    /// Whether there is something to look at.
    fn judge_one(&self, export: Export, target: &Target<'_>, plans: &[Plan], report: &mut Report) -> bool {
        let change = match target.planned() {
            Ok(Some(change)) => change,
            Ok(None) => return false,
            Err(problem) => {
                let is_unread = world::optional_text(&target.path).is_err();
                let kind = if is_unread { Kind::FileUnread } else { kind_of(export) };
                report.found(kind, problem.lines().next().unwrap_or_default());
                return true;
            }
        };
        // Who has no OptiLLM any more needs no file for it.
        if export == Export::Optillm && change.old().is_none() {
            return false;
        }
        if !change.is_due() {
            return true;
        }
        let shown = world::shown(&target.path);
        let Some(old) = change.old() else {
            report.found(kind_of(export), format!("{shown} is missing"));
            return true;
        };
        if export == Export::Litellm {
            if !litellm::has_settings(old) {
                report.found(
                    Kind::GoneClients,
                    format!("{shown}: `general_settings` do not say what they must"),
                );
            }
            if litellm::has_entries(plans, &self.addresses.daemon, old) {
                return true;
            }
        }
        let line = change.first_missing().map(|line| format!(": it lacks `{line}`")).unwrap_or_default();
        report.found(kind_of(export), format!("{shown} differs{line}"));
        true
    }
}

fn kind_of(export: Export) -> Kind {
    match export {
        Export::Handles => Kind::Registry,
        Export::Litellm => Kind::Router,
        Export::Env => Kind::Env,
        Export::EnsemblesMd => Kind::EnsemblesMd,
        Export::WarmProfiles => Kind::WarmProfiles,
        Export::Optillm => Kind::Provider,
        Export::Docs => Kind::Documents,
    }
}

fn together(paths: &[String]) -> String {
    match paths {
        [one] => format!("{one} is"),
        [first, rest @ ..] => format!("{first} and {} more are", rest.len()),
        [] => String::new(),
    }
}
