//! Pages of the two servers: asked for, with a deadline, and kept as they came.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use crate::upstream::Fault;
use crate::upstream::base_url::BaseUrl;
use crate::upstream::client::HttpUpstream;
use crate::upstream::secret::Secret;

/// Longest wait for a page. Both servers are on this host, and none of the pages asks a model.
///
/// Source: a LiteLLM that describes itself for the first time took 10.4 s on two slow cores; tripled, rounded down.
const PAGE_WAIT_MAX: Duration = Duration::from_secs(30);

/// A server that is asked for pages.
pub struct Server {
    client: HttpUpstream,
    pub has_key: bool,
}

/// What came when a page was asked for.
#[derive(Clone, Debug)]
pub enum Page {
    Came { status: u16, text: String },
    Failed(Fault),
}

// === impl Server ===

impl Server {
    /// # Errors
    ///
    /// A key that no header can carry.
    pub fn new(base: &BaseUrl, key: Option<&Secret>) -> Result<Self, String> {
        Ok(Self { client: HttpUpstream::new(base, key)?, has_key: key.is_some() })
    }

    pub async fn get(&self, path: &str) -> Page {
        self.ask(path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Page {
        self.ask(path, Some(body.to_string().into_bytes())).await
    }

    async fn ask(&self, path: &str, body: Option<Vec<u8>>) -> Page {
        match timeout(PAGE_WAIT_MAX, self.client.hear(path, body)).await {
            Err(_) => Page::Failed(Fault::TimedOut),
            Ok(Err(error)) => Page::Failed(error.fault),
            Ok(Ok(heard)) => {
                Page::Came { status: heard.status, text: String::from_utf8_lossy(&heard.body).into_owned() }
            }
        }
    }
}

// === impl Page ===

impl Page {
    /// The page, if it came with 200.
    #[must_use]
    pub fn found(&self) -> Option<&str> {
        match self {
            Self::Came { status: 200, text } => Some(text),
            _ => None,
        }
    }

    /// The same as JSON; `Null` if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        self.found().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// What came, in words: `status 401`, `refused the connection`. Never the server's own.
    #[must_use]
    pub fn outcome(&self) -> String {
        match self {
            Self::Came { status, .. } => format!("status {status}"),
            Self::Failed(fault) => fault.words().to_owned(),
        }
    }

    /// Whether the server wants a key, or another one; LiteLLM without a data base has its own ways to say so.
    #[must_use]
    pub fn is_refusal(&self, has_key: bool) -> bool {
        match self {
            Self::Came { status: 401 | 403, .. } => true,
            Self::Came { status: 400, text } => text.contains("no_db_connection"),
            Self::Came { status: 500, text } => !has_key && text == "Internal Server Error",
            _ => false,
        }
    }
}
