//! The one address calls go to: a literal loopback, plain HTTP, ending in `/v1`.
//!
//! Pure: nothing is resolved or connected.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A checked base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    pub address: SocketAddr,
    /// What stands before `/v1`: empty, or begins with a slash and does not end with one.
    prefix: String,
}

// === impl BaseUrl ===

impl BaseUrl {
    /// Reads `http://127.0.0.1:4000/v1`. `own_port` is the one the daemon listens on, if it does.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with it and what would be right; it never quotes user info.
    pub fn parse(text: &str, own_port: Option<u16>) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("http://") else {
            return Err(format!(
                "the base URL must begin with `http://`, as LiteLLM is on this host: `http://127.0.0.1:4000/v1`{}",
                if text.starts_with("https://") { " (there is no TLS on loopback)" } else { "" }
            ));
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(
                "the base URL must not hold a user or password: the key comes from OPENAI_API_KEY".into()
            );
        }
        if path.contains(['?', '#', '%', '\\']) || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("the base URL must be a plain path, without query, fragment or escapes".into());
        }
        let Some(prefix) = path.trim_end_matches('/').strip_suffix("/v1") else {
            return Err(format!("the base URL must end in `/v1`: `http://{authority}/v1`"));
        };
        let address = address(authority)?;
        if own_port == Some(address.port()) {
            return Err(format!(
                "the base URL is our own port {}: calls would come back to us",
                address.port()
            ));
        }
        Ok(Self { address, prefix: prefix.to_owned() })
    }

    /// Where completions are asked for.
    #[must_use]
    pub fn completions(&self) -> String {
        format!("http://{}{}/v1/chat/completions", self.address, self.prefix)
    }

    #[must_use]
    pub fn models(&self) -> String {
        format!("http://{}{}/v1/models", self.address, self.prefix)
    }

    /// A page beside `/v1`, such as `/health/readiness`.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("http://{}{}{path}", self.address, self.prefix)
    }

    /// Where LiteLLM says that it is alive, without a key and without asking a model.
    #[must_use]
    pub fn liveliness(&self) -> String {
        self.page("/health/liveliness")
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}/v1", self.address, self.prefix)
    }
}

fn address(authority: &str) -> Result<SocketAddr, String> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok().filter(|&port| port != 0)),
        _ => (authority, Some(80)),
    };
    let port: u16 = port.ok_or_else(|| "the base URL's port must be a number from 1 to 65535".to_owned())?;
    let ip = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inside) => inside.parse().map(IpAddr::V6).ok(),
        // A name would be looked up, and could come to mean another host.
        None if host.eq_ignore_ascii_case("localhost") => Some(Ipv4Addr::LOCALHOST.into()),
        None => host.parse().map(IpAddr::V4).ok(),
    };
    match ip {
        Some(ip) if ip.is_loopback() => Ok(SocketAddr::new(ip, port)),
        _ => Err(format!("the base URL must name a loopback address such as 127.0.0.1, not `{host}`")),
    }
}

#[cfg(test)]
mod tests;
