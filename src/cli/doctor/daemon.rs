//! The daemon: does it answer, is it ours, does it run what the files say?

use std::collections::BTreeMap;

use super::kind::{Kind, Part};
use super::page::{Page, Server};
use super::report::Report;
use crate::plan::Plan;

/// What the daemon showed of itself.
pub struct Seen {
    health: Page,
    ready: Page,
    models: Page,
    metrics: Page,
}

// === impl Seen ===

impl Seen {
    pub async fn of(server: &Server) -> Self {
        let health = server.get("/health").await;
        let ready = server.get("/health/ready").await;
        let models = server.get("/v1/models").await;
        let metrics = server.get("/metrics").await;
        Self { health, ready, models, metrics }
    }

    /// `at` is where it was asked: `127.0.0.1:4020`.
    pub fn judge(&self, at: &str, plans: &[Plan], report: &mut Report) {
        if let Page::Failed(fault) = self.health {
            return report.found(Kind::DaemonDown, format!("{at} {}", fault.words()));
        }
        if self.models.is_refusal(true) {
            return report.found(Kind::CallerKey, format!("{at} answers {}", self.models.outcome()));
        }
        let Some(served) = self.served() else {
            return report.found(Kind::AnotherServer, format!("what answers on {at} is no `ensc serve`"));
        };
        self.judge_version(at, report);
        self.judge_health(report);
        judge_plans(&served, plans, report);
    }

    /// Each handle with the hash of its plan, if this is one of us.
    fn served(&self) -> Option<BTreeMap<String, String>> {
        let models = self.models.json();
        let data = models["data"].as_array().filter(|data| !data.is_empty())?;
        let pair = |model: &serde_json::Value| {
            let is_ours = model["owned_by"] == "ensc";
            is_ours.then_some((model["id"].as_str()?.to_owned(), model["plan"].as_str()?.to_owned()))
        };
        data.iter().map(pair).collect()
    }

    fn judge_version(&self, at: &str, report: &mut Report) {
        let ours = env!("CARGO_PKG_VERSION");
        let metrics = self.metrics.found().unwrap_or_default();
        let runs = metrics
            .lines()
            .find_map(|line| line.strip_prefix("ensc_build_info{version=\"")?.split('"').next())
            .unwrap_or("unknown");
        if runs == ours {
            report.ok(Part::Daemon, format!("`ensc serve` {ours} answers on {at}"));
        } else {
            report.found(Kind::OtherVersion, format!("the daemon is {runs}, this command {ours}"));
        }
    }

    fn judge_health(&self, report: &mut Report) {
        if self.ready.found().is_some() {
            report.ok(Part::Daemon, "it is ready: LiteLLM answers it");
        } else {
            report.found(Kind::NotReady, "the daemon is up, and LiteLLM did not answer it");
        }
        let health = self.health.json();
        if health["stale"] == true {
            let reasons: Vec<&str> =
                health["reasons"].as_array().into_iter().flatten().filter_map(|it| it.as_str()).collect();
            let first = reasons.join(" ").lines().next().unwrap_or_default().to_owned();
            report.found(Kind::Stale, format!("the last reload failed: {first}"));
        }
    }
}

fn judge_plans(served: &BTreeMap<String, String>, plans: &[Plan], report: &mut Report) {
    let before = report.0.len();
    for plan in plans {
        let (handle, ours) = (plan.handle.as_ref(), plan.short_hash());
        match served.get(handle) {
            Some(theirs) if theirs == ours => (),
            Some(theirs) => report.found(
                Kind::OtherPlan,
                format!("`{handle}` runs plan {theirs}, the files say {ours} ({})", plan.place),
            ),
            None => report.found(Kind::MissingHandle, format!("`{handle}` is not served ({})", plan.place)),
        }
    }
    for handle in served.keys().filter(|handle| !plans.iter().any(|plan| *plan.handle == ***handle)) {
        report.found(Kind::ExtraHandle, format!("`{handle}` is served, and stands in no file"));
    }
    if report.0.len() == before {
        let count = if plans.len() == 1 {
            "the one handle runs".into()
        } else {
            format!("all {} handles run", plans.len())
        };
        report.ok(Part::Daemon, format!("{count} the plan that the files say"));
    }
}
