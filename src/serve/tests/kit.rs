//! A plan by hand, runs by script, and a client that speaks bytes.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};

use futures_util::stream::{self, BoxStream, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{mpsc, watch};

use crate::plan::{Act, Bounds, Frame, InputBound, Limit, Model, Node, NodeId, Plan, StreamMode};
use crate::run::receipt::{Receipt, Totals};
use crate::run::record::Spoken;
use crate::run::request::Request;
use crate::run::trace::Trace;
use crate::run::{Abandoned, Choice, ErrorKind, Event, Finished, RunError};
use crate::serve::listen::connection;
use crate::serve::routes::App;
use crate::serve::{Runner, Running, Settings, State};
use crate::source::{FileId, Span};
use crate::units::{Bytes, Millis, Price, Tokens};
use crate::upstream::secret::Secret;
use crate::upstream::{Completion, Delta, ToolCallDelta};

pub const PORT: u16 = 4020;
pub const HANDLE: &str = "opt-chat-balanced-m";
pub const SELECTOR: &str = "moa-chat-balanced-m";

/// Bytes that the connection in memory holds for a reader.
pub const PIPE: usize = 64 << 10;

pub fn plan() -> Arc<Plan> {
    let span = Span::new(FileId(0), 0, 0);
    let node = Node {
        name: Some("reply".to_owned()),
        waves_left: 1,
        wave: 1,
        is_final: true,
        is_live: true,
        ..Node::blank("reply", span, Act::List(Vec::new()))
    };
    Arc::new(Plan {
        handle: HANDLE.into(),
        selector: SELECTOR.to_owned(),
        ensemble: "chat".to_owned(),
        profile: "balanced".to_owned(),
        tier: "m".to_owned(),
        doc: "Conversation.".to_owned(),
        place: "chat.ens:2".to_owned(),
        span,
        models: vec![model("mlx-one"), model("mlx-two")],
        nodes: vec![node],
        reply: NodeId(0),
        choices: 1,
        frames: vec![Frame { constants: Arc::new([]), conversation: None }],
        settings: Arc::default(),
        timeout: Millis(60_000),
        limit: Limit::default(),
        stream: StreamMode::Answer,
        bounds: Bounds {
            calls: 4,
            attempts: 8,
            waves: 2,
            tokens_out: Tokens(8_192),
            tokens_in: InputBound { conversations: 4, constant: Tokens(0) },
            time: Millis(60_000),
            request_max: Tokens(100_000),
            ..Bounds::default()
        },
        hash: "abc123".to_owned().into(),
        memory: None,
    })
}

fn model(name: &str) -> Model {
    Model {
        name: name.into(),
        runtime: "mlx".to_owned(),
        memory: Some(Bytes(1)),
        context: Tokens(131_072),
        max_output: Tokens(65_536),
        price: Price::default(),
        concurrency: 64,
    }
}

/// Runs whatever a test makes of a request, and keeps the requests.
pub struct Scripted<F> {
    script: F,
    pub requests: Arc<Mutex<Vec<Arc<Request>>>>,
}

impl<F> Runner for Scripted<F>
where
    F: Fn() -> BoxStream<'static, Event> + Send + Sync + 'static,
{
    fn start(&self, _: Arc<Plan>, request: Arc<Request>) -> Pin<Box<dyn Running>> {
        self.requests.lock().expect("no test panics here").push(request);
        Box::pin((self.script)())
    }
}

impl Running for BoxStream<'static, Event> {
    fn abandon(self: Pin<&mut Self>) -> Option<Abandoned> {
        None
    }

    fn spoken(&self) -> Option<Vec<Spoken>> {
        None
    }
}

pub type Requests = Arc<Mutex<Vec<Arc<Request>>>>;

pub fn state_of(
    script: impl Fn() -> BoxStream<'static, Event> + Send + Sync + 'static,
    key: Option<&str>,
) -> (State, Requests) {
    let requests = Requests::default();
    let runner = Scripted { script, requests: Arc::clone(&requests) };
    let settings = Settings {
        key: key.map(Secret::new),
        liveliness: Arc::new(|| Box::pin(async { true })),
        pass_fields: Vec::new(),
    };
    let mut state = State::with_runner(vec![plan()], Arc::new(runner), settings);
    state.clock = || std::time::Duration::from_secs(1_700_000_000);
    state.started_s = 1_600_000_000;
    (state, requests)
}

pub fn app_of(script: impl Fn() -> BoxStream<'static, Event> + Send + Sync + 'static) -> App {
    App::new(Arc::new(state_of(script, None).0), PORT)
}

/// Answers `hello` whole.
pub fn hello_app() -> App {
    app_of(|| events(vec![done("hello")]))
}

pub fn events(list: Vec<Event>) -> BoxStream<'static, Event> {
    stream::iter(list).boxed()
}

/// Events that a test sends when it likes.
pub fn live() -> (mpsc::UnboundedSender<Event>, impl Fn() -> BoxStream<'static, Event> + Send + Sync) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let receiver = Mutex::new(Some(receiver));
    let script = move || {
        let mut receiver = receiver.lock().expect("no test panics here").take().expect("one run a script");
        stream::poll_fn(move |cx| receiver.poll_recv(cx)).boxed()
    };
    (sender, script)
}

pub fn text(text: &str) -> Event {
    said(0, text)
}

/// A piece of one of several choices.
pub fn said(choice: u32, text: &str) -> Event {
    Event::Delta { choice, delta: Delta { text: text.to_owned(), ..Delta::default() } }
}

pub fn tool(index: u32, id: Option<&str>, arguments: &str) -> Event {
    let call = ToolCallDelta {
        index,
        id: id.map(str::to_owned),
        name: id.map(|_| "look".to_owned()),
        arguments: arguments.to_owned(),
    };
    Event::Delta { choice: 0, delta: Delta { tool_calls: vec![call], ..Delta::default() } }
}

pub fn receipt() -> Receipt {
    Receipt {
        run: "run-test".into(),
        handle: HANDLE.into(),
        plan: "abc123".to_owned(),
        totals: Totals { calls: 4, prompt_tokens: 70, completion_tokens: 30, ..Totals::default() },
        ..Receipt::default()
    }
}

pub fn done(text: &str) -> Event {
    done_with(Completion { text: text.to_owned(), finish_reason: "stop".to_owned(), ..Completion::default() })
}

pub fn done_with(completion: Completion) -> Event {
    done_with_all([(0, completion)])
}

/// Several choices, each with its index.
pub fn done_with_all(choices: impl IntoIterator<Item = (u32, Completion)>) -> Event {
    let choices = choices.into_iter().map(|(index, completion)| Choice { index, completion }).collect();
    Event::Done(Box::new(Finished { result: Ok(choices), receipt: receipt(), trace: Trace::default() }))
}

pub fn failed(kind: ErrorKind) -> Event {
    let error =
        RunError { kind, message: "drafts[0] timed out".to_owned(), retry_after_s: None, is_cut: false };
    Event::Done(Box::new(Finished { result: Err(error), receipt: receipt(), trace: Trace::default() }))
}

/// An answer as a client sees it.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// `param` and `code` of the error.
    pub fn error(&self) -> (Option<String>, String) {
        let error = &self.json()["error"];
        (error["param"].as_str().map(str::to_owned), error["code"].as_str().unwrap_or_default().to_owned())
    }

    /// The `data:` of each event.
    pub fn data(&self) -> Vec<String> {
        self.body.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).map(str::to_owned).collect()
    }
}

/// Runs a client against one connection; both end with the client.
pub async fn talk<T>(app: App, client: impl AsyncFnOnce(DuplexStream) -> T) -> T {
    let (near, far) = duplex(PIPE);
    let (_running, stopping) = watch::channel(false);
    let mut server = pin!(connection(far, app, stopping));
    let mut client = pin!(client(near));
    tokio::select! {
        told = &mut client => return told,
        () = &mut server => {}
    }
    client.await
}

/// Sends bytes, reads to the end of the connection.
pub async fn send(app: App, request: impl AsRef<[u8]>) -> Answer {
    let bytes = talk(app, async |mut io: DuplexStream| {
        // A refusal may come before all is sent; then the answer is what counts.
        let _ = io.write_all(request.as_ref()).await;
        let mut bytes = Vec::new();
        io.read_to_end(&mut bytes).await.expect("the connection ends in order");
        bytes
    });
    parse(&String::from_utf8_lossy(&bytes.await))
}

/// A chat request with one more header line each.
pub fn chat(body: &str, headers: &[&str]) -> String {
    let more: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{PORT}\r\nconnection: close\r\n\
         content-type: application/json\r\n{more}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost:{PORT}\r\nconnection: close\r\n\r\n")
}

/// `{"model": …, "messages": […], more}`.
pub fn ask(more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(r#"{{"model":"{HANDLE}","messages":[{{"role":"user","content":"hi"}}]{comma}{more}}}"#)
}

pub fn parse(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_default();
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunk(body) } else { body.to_owned() };
    Answer { status, head: head.to_owned(), body }
}

/// As much of a chunked body as is there.
pub fn unchunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        whole.push_str(rest.get(..size).unwrap_or(rest));
        body = rest.get(size + 2..).unwrap_or_default();
    }
    whole
}
