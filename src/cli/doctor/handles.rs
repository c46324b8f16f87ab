//! Handles: does LiteLLM send each to this daemon, once, and wait long enough?

use serde_json::Value;

use super::kind::{Kind, Part};
use super::known::{Known, is_at};
use super::page::Page;
use super::report::Report;
use crate::export::litellm::timeout_s;
use crate::plan::Plan;

/// `own_port` is the daemon's.
pub fn judge(known: &Known, plans: &[Plan], own_port: u16, report: &mut Report) {
    let before = report.0.len();
    for plan in plans {
        let handle = plan.handle.as_ref();
        let mut deployments = known.deployments_of(handle).peekable();
        let is_listed = known.names.iter().any(|name| name == handle);
        if deployments.peek().is_none() && (known.deployments.is_some() || !is_listed) {
            report.found(Kind::NotRouted, format!("`{handle}` is not known to LiteLLM"));
        }
        for deployment in deployments {
            judge_one(plan, deployment, own_port, report);
        }
    }
    if report.0.len() == before {
        let how =
            if known.deployments.is_some() { "sends each handle here, once" } else { "knows each handle" };
        report.ok(Part::Handles, format!("LiteLLM {how} ({})", plans.len()));
    }
}

fn judge_one(plan: &Plan, deployment: &Value, own_port: u16, report: &mut Report) {
    let handle = &plan.handle;
    let params = &deployment["litellm_params"];
    let base = params["api_base"].as_str().unwrap_or_default();
    if !is_at(base, own_port) {
        let place = if base.is_empty() { "a provider of LiteLLM's own" } else { base };
        return report
            .found(Kind::RoutedElsewhere, format!("`{handle}` is sent to {place}, not to port {own_port}"));
    }
    let unlike: Vec<String> = ["num_retries", "cooldown_time"]
        .into_iter()
        .filter(|name| params[*name].as_f64() != Some(0.0))
        .map(|name| match &params[name] {
            Value::Null => format!("`{name}` is not set"),
            value => format!("`{name}` is {value}"),
        })
        .collect();
    if !unlike.is_empty() {
        report.found(Kind::AskedAgain, format!("`{handle}`: {}", unlike.join(", ")));
    }
    let needs = timeout_s(plan);
    for name in ["timeout", "stream_timeout"] {
        if let Some(waits) = params[name].as_f64().filter(|waits| *waits < needs as f64) {
            report.found(
                Kind::ShortTimeout,
                format!("`{handle}`: `{name}` is {waits} s, its deadline and grace are {needs} s"),
            );
        }
    }
}

/// Whether every deployment of a handle is this daemon, and there is one.
pub fn is_ours(known: &Known, handle: &str, own_port: u16) -> bool {
    let bases: Vec<&str> = known
        .deployments_of(handle)
        .map(|it| it["litellm_params"]["api_base"].as_str().unwrap_or_default())
        .collect();
    !bases.is_empty() && bases.iter().all(|base| is_at(base, own_port))
}

/// What came of a probe that went through LiteLLM.
pub fn judge_canary(handle: &str, answer: &Page, report: &mut Report) {
    if answer.json()["ensc"]["probe"] == true {
        report
            .ok(Part::Handles, format!("a probe of `{handle}` went through LiteLLM to this daemon and back"));
    } else {
        let outcome = match answer.found() {
            Some(_) => "it was answered, but not as a probe".to_owned(),
            None => answer.outcome(),
        };
        report.found(Kind::Canary, format!("a probe of `{handle}` through LiteLLM: {outcome}"));
    }
}
