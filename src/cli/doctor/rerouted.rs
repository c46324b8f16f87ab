//! What LiteLLM's file says beside its entries: may another model answer for a handle, or a handle for a member?

use saphyr::{LoadableYamlNode, MarkedYaml};

use super::kind::{Kind, Part};
use super::report::Report;
use crate::export::handles::PREFIX;
use crate::plan::Plan;

/// Tables that say who answers when another fails; in `litellm_settings` and in `router_settings`.
const FALLBACKS: [&str; 4] =
    ["fallbacks", "default_fallbacks", "context_window_fallbacks", "content_policy_fallbacks"];

/// Stands for every model.
const ANY: &str = "*";

/// A line that leads from one name to others.
struct Lead {
    line: usize,
    /// `router_settings.fallbacks`
    setting: String,
    from: String,
    to: Vec<String>,
}

/// `text` is that of LiteLLM's file, which is `shown`.
pub fn judge(shown: &str, text: &str, plans: &[Plan], report: &mut Report) {
    let documents = match MarkedYaml::load_from_str(text) {
        Ok(documents) => documents,
        Err(error) => {
            let place = format!("{shown}:{}", error.marker().line());
            return report.found(Kind::FileUnread, format!("{place}: this is no YAML: {}", error.info()));
        }
    };
    let Some(root) = documents.first() else { return };
    let aliases = root.data.as_mapping_get("router_settings");
    let aliases = aliases.and_then(|it| it.data.as_mapping_get("model_group_alias"));
    let aliases = aliases.map(|it| pairs("router_settings.model_group_alias", it)).unwrap_or_default();
    let names = Names { plans, aliases: &aliases };
    let before = report.0.len();
    for section in ["litellm_settings", "router_settings"] {
        let Some(settings) = root.data.as_mapping_get(section) else { continue };
        for key in FALLBACKS {
            for lead in
                settings.data.as_mapping_get(key).map(|it| leads(section, key, it)).unwrap_or_default()
            {
                names.judge_fallback(shown, &lead, report);
            }
        }
    }
    for lead in &aliases {
        names.judge_alias(shown, lead, report);
    }
    if report.0.len() == before {
        report.ok(Part::Files, format!("{shown} has no fallback and no alias that leads past a handle"));
    }
    // LiteLLM reads them as if they stood in the file.
    let included = root.data.as_mapping_get("include").map(targets).unwrap_or_default();
    if !included.is_empty() {
        report.skipped(Part::Files, format!("{shown} includes {}, not looked at", included.join(", ")));
    }
}

/// Who is asked where a name is written.
struct Asked<'a> {
    written: &'a str,
    name: &'a str,
}

/// The names that are ours, and what stands for others.
struct Names<'a> {
    plans: &'a [Plan],
    aliases: &'a [Lead],
}

// === impl Names ===

impl Names<'_> {
    fn is_handle(&self, name: &str) -> bool {
        self.plans.iter().any(|plan| *plan.handle == *name)
    }

    fn is_member(&self, name: &str) -> bool {
        self.plans.iter().flat_map(|plan| &plan.models).any(|model| *model.name == *name)
    }

    /// Whom LiteLLM asks where a fallback says a name: it looks among the aliases once.
    fn asked<'n>(&'n self, name: &'n str) -> &'n str {
        let alias = self.aliases.iter().find(|lead| lead.from == name);
        alias.and_then(|lead| lead.to.first()).map_or(name, String::as_str)
    }

    fn judge_fallback(&self, shown: &str, lead: &Lead, report: &mut Report) {
        let Lead { line, setting, from, to } = lead;
        // LiteLLM takes `openai/NAME` for NAME, too.
        let from = from.rsplit('/').next().unwrap_or(from);
        let who = if from == ANY { "every model".to_owned() } else { format!("`{from}`") };
        let to: Vec<Asked<'_>> =
            to.iter().map(|written| Asked { written, name: self.asked(written) }).collect();
        let to_others: Vec<&Asked<'_>> = to.iter().filter(|to| to.name != from).collect();
        if (from == ANY || self.is_handle(from)) && !to_others.is_empty() {
            let who = if from == ANY { "every handle" } else { &who };
            report.found(
                Kind::Replaced,
                format!("{shown}:{line}: `{setting}` lets {} answer for {who}", listed(&to_others)),
            );
        }
        let to_handles: Vec<&Asked<'_>> =
            to_others.into_iter().filter(|to| self.is_handle(to.name)).collect();
        if (from == ANY || self.is_member(from)) && !to_handles.is_empty() {
            report.found(
                Kind::FallsBackHere,
                format!("{shown}:{line}: `{setting}` lets {} answer for {who}", listed(&to_handles)),
            );
        }
    }

    fn judge_alias(&self, shown: &str, lead: &Lead, report: &mut Report) {
        let Lead { line, setting, from, to } = lead;
        let Some(to) = to.first().filter(|to| *to != from) else { return };
        let said = format!("{shown}:{line}: `{setting}` sends `{from}` to `{to}`");
        if self.is_handle(from) || from.starts_with(PREFIX) && !self.is_handle(to) {
            report.found(Kind::Renamed, said);
        } else if self.is_member(from) && self.is_handle(to) {
            report.found(Kind::AliasHere, said);
        }
    }
}

fn listed(names: &[&Asked<'_>]) -> String {
    let shown = |Asked { written, name }: &&Asked<'_>| {
        if written == name { format!("`{name}`") } else { format!("`{name}` (as `{written}`)") }
    };
    names.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// A list of mappings from a name to those that stand in for it, or of names that stand in for everybody.
fn leads(section: &str, key: &str, node: &MarkedYaml<'_>) -> Vec<Lead> {
    let setting = format!("{section}.{key}");
    let mut leads = Vec::new();
    for entry in node.data.as_vec().into_iter().flatten() {
        let is_default = key == "default_fallbacks";
        if entry.data.is_mapping() && !is_default {
            leads.extend(pairs(&setting, entry));
        } else {
            let (line, from) = (entry.span.start.line(), ANY.to_owned());
            leads.push(Lead { line, setting: setting.clone(), from, to: targets(entry) });
        }
    }
    leads
}

fn pairs(setting: &str, node: &MarkedYaml<'_>) -> Vec<Lead> {
    let pair = |(key, value): (&MarkedYaml<'_>, &MarkedYaml<'_>)| {
        let (line, setting) = (key.span.start.line(), setting.to_owned());
        Some(Lead { line, setting, from: key.data.as_str()?.to_owned(), to: targets(value) })
    };
    node.data.as_mapping().into_iter().flatten().filter_map(pair).collect()
}

/// The names in `name`, `[name, {model: name, …}]` or `{model: name, …}`.
fn targets(node: &MarkedYaml<'_>) -> Vec<String> {
    if let Some(several) = node.data.as_vec() {
        return several.iter().flat_map(targets).collect();
    }
    let name = node.data.as_mapping_get("model").unwrap_or(node);
    name.data.as_str().map(str::to_owned).into_iter().collect()
}
