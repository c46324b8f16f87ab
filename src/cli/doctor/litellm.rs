//! LiteLLM: does it answer, is it one, does it take our key, is it new enough?

use serde_json::{Value, json};

use super::kind::{Kind, Part};
use super::known::Known;
use super::page::{Page, Server};
use super::report::Report;
use super::{handles, models};
use crate::plan::Plan;

/// What LiteLLM says when it is alive.
const ALIVE: &str = "\"I'm alive!\"";

/// The oldest version, as major and minor, behind which a stream that breaks is shown as broken.
const VERSION_MIN: (u32, u32) = (1, 98);

/// What LiteLLM showed of itself.
pub struct Seen {
    has_key: bool,
    alive: Page,
    readiness: Page,
    version: Option<String>,
    models: Page,
    info: Page,
}

// === impl Seen ===

impl Seen {
    /// Asks nothing more of what does not answer.
    pub async fn of(server: &Server) -> Self {
        let alive = server.get("/health/liveliness").await;
        let nothing = || alive.clone();
        let mut seen = Self {
            has_key: server.has_key,
            readiness: nothing(),
            version: None,
            models: nothing(),
            info: nothing(),
            alive,
        };
        if !matches!(seen.alive, Page::Failed(_)) {
            seen.readiness = server.get("/health/readiness").await;
            seen.models = server.get("/v1/models").await;
            seen.info = server.get("/v1/model/info").await;
            seen.version = version(server, &seen.readiness).await;
        }
        seen
    }

    /// What it knows, if it is one that lets us look. `at` is its base URL.
    pub fn judge(&self, at: &str, report: &mut Report) -> Option<Known> {
        if let Page::Failed(fault) = self.alive {
            report.found(Kind::LitellmDown, format!("{at} {}", fault.words()));
            return None;
        }
        let is_alive = self.alive.found().is_some_and(|text| text.trim() == ALIVE);
        if self.readiness.json()["simulated"] == true {
            report.found(Kind::NoLitellm, format!("{at} is `ensc sim`: its models are simulated"));
            return None;
        }
        if !is_alive {
            report.found(Kind::NoLitellm, format!("what answers at {at} is not LiteLLM"));
            return None;
        }
        self.judge_version(at, report);
        self.known(report)
    }

    fn judge_version(&self, at: &str, report: &mut Report) {
        let Some(version) = &self.version else {
            return report.found(Kind::VersionUnknown, format!("LiteLLM at {at} does not say its version"));
        };
        match numbers(version) {
            Some(numbers) if numbers >= VERSION_MIN => {
                report.ok(Part::Litellm, format!("LiteLLM {version} answers at {at}"));
            }
            Some(_) => report.found(Kind::LitellmOld, format!("LiteLLM at {at} is {version}")),
            None => report
                .found(Kind::VersionUnknown, format!("LiteLLM at {at} says no version that we can read")),
        }
    }

    fn known(&self, report: &mut Report) -> Option<Known> {
        if self.models.is_refusal(self.has_key) {
            let outcome = self.models.outcome();
            match self.has_key {
                true => report.found(Kind::KeyRefused, format!("LiteLLM refuses OPENAI_API_KEY ({outcome})")),
                false => report.found(Kind::KeyMissing, "OPENAI_API_KEY is not set, and LiteLLM wants a key"),
            }
            return None;
        }
        let Some(names) = rows(&self.models).map(|rows| names(&rows)) else {
            report.found(
                Kind::PageUnread,
                format!("LiteLLM's `/v1/models` cannot be read: {}", self.models.outcome()),
            );
            return None;
        };
        let key = if self.has_key { "LiteLLM takes our key" } else { "LiteLLM wants no key" };
        report.ok(Part::Litellm, key);
        let deployments = rows(&self.info);
        if deployments.is_none() {
            let outcome = self.info.outcome();
            report.found(
                Kind::PageUnread,
                format!("LiteLLM's `/v1/model/info` cannot be read ({outcome}): limits and routes were not looked at"),
            );
        }
        Some(Known { names, deployments })
    }
}

/// Everything about members, and nothing about handles: what `ensc check --live` looks at.
pub async fn look_at_models(
    server: &Server,
    at: &str,
    plans: &[Plan],
    own_port: u16,
    report: &mut Report,
) -> Option<Known> {
    let known = Seen::of(server).await.judge(at, report)?;
    models::judge(&known, plans, own_port, report);
    Some(known)
}

/// How LiteLLM sends each handle on, and whether a probe arrives.
pub async fn look_at_handles(
    server: &Server,
    known: &Known,
    plans: &[Plan],
    own_port: u16,
    report: &mut Report,
) {
    handles::judge(known, plans, own_port, report);
    // What is routed elsewhere would be answered by a model.
    let routed = plans.iter().find(|plan| handles::is_ours(known, &plan.handle, own_port));
    let Some(plan) = routed else { return };
    let question = json!({
        "model": plan.handle, "max_tokens": 1, "messages": [{"role": "user", "content": "ping"}],
        "headers": {"x-ensc-probe": "1"},
    });
    let answer = server.post("/v1/chat/completions", &question).await;
    handles::judge_canary(&plan.handle, &answer, report);
}

/// LiteLLM says its version in different places from release to release.
async fn version(server: &Server, readiness: &Page) -> Option<String> {
    let said = |page: &Page| page.json()["litellm_version"].as_str().map(str::to_owned);
    if let Some(version) = said(readiness) {
        return Some(version);
    }
    if let Some(version) = said(&server.get("/health/readiness/details").await) {
        return Some(version);
    }
    let described = server.get("/openapi.json").await.json();
    let is_it = described["info"]["title"].as_str().is_some_and(|title| title.contains("LiteLLM"));
    described["info"]["version"].as_str().filter(|_| is_it).map(str::to_owned)
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn rows(page: &Page) -> Option<Vec<Value>> {
    match page.json()["data"].take() {
        Value::Array(rows) => Some(rows),
        _ => None,
    }
}

fn names(rows: &[Value]) -> Vec<String> {
    rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect()
}
