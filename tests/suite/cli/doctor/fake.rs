//! A stand-in for LiteLLM, or for whatever else may listen on a port: pages by path, and the keys that it takes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// It answers as long as the process lives.
pub struct Fake {
    pub port: u16,
    said: Arc<Mutex<Said>>,
}

#[derive(Default)]
struct Said {
    /// Status and body; what has none is 404.
    pages: BTreeMap<String, (u16, String)>,
    /// Asked of everything under `/v1`, as LiteLLM without a data base does.
    key: Option<String>,
}

// === impl Fake ===

impl Fake {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let said = Arc::new(Mutex::new(Said::default()));
        let shared = Arc::clone(&said);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                _ = answer(stream, &shared);
            }
        });
        Self { port, said }
    }

    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    pub fn say(&self, path: &str, status: u16, body: impl ToString) {
        let page = (status, body.to_string());
        self.said.lock().expect("no panic").pages.insert(path.to_owned(), page);
    }

    pub fn forget(&self, path: &str) {
        self.said.lock().expect("no panic").pages.remove(path);
    }

    pub fn ask_for(&self, key: &str) {
        self.said.lock().expect("no panic").key = Some(key.to_owned());
    }
}

fn answer(mut stream: TcpStream, said: &Mutex<Said>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let header = |name: &str| {
        let pair = head.lines().filter_map(|line| line.split_once(": "));
        pair.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    lines.read_exact(&mut vec![0; length])?;
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (status, body) = page(&said.lock().expect("no panic"), path, header("authorization").as_deref());
    write!(
        stream,
        "HTTP/1.1 {status} It\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn page(said: &Said, path: &str, shown: Option<&str>) -> (u16, String) {
    if let Some(key) = said.key.as_ref().filter(|_| path.starts_with("/v1/")) {
        match shown {
            None => return (500, "Internal Server Error".to_owned()),
            Some(shown) if *shown != format!("Bearer {key}") => {
                return (400, r#"{"error":{"type":"no_db_connection","code":"400"}}"#.to_owned());
            }
            Some(_) => (),
        }
    }
    said.pages.get(path).cloned().unwrap_or((404, r#"{"detail":"Not Found"}"#.to_owned()))
}
