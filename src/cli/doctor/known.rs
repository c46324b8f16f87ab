//! What LiteLLM knows, and where it sends what it is asked.

use serde_json::Value;

use crate::upstream::base_url::BaseUrl;

/// What LiteLLM knows of names, if the pages could be read.
pub struct Known {
    /// The names in its list of models.
    pub names: Vec<String>,
    /// Its deployments, with `model_name`, `litellm_params` and `model_info`.
    pub deployments: Option<Vec<Value>>,
}

// === impl Known ===

impl Known {
    /// The deployments of a name.
    pub fn deployments_of(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.deployments.iter().flatten().filter(move |it| it["model_name"] == name)
    }
}

/// Whether this is the address of what listens at that port of this host.
pub fn is_at(base: &str, port: u16) -> bool {
    let base = base.trim_end_matches('/');
    let full = if base.ends_with("/v1") { base.to_owned() } else { format!("{base}/v1") };
    BaseUrl::parse(&full, None).is_ok_and(|base| base.address.port() == port)
}
