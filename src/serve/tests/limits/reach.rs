//! How each limit is reached: by requests on connections, as anybody could. Where only its number makes it hard to reach, the
//! daemon of the test is given a smaller one.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

use crate::run::receipt::Receipt;
use crate::run::slots::Slots;
use crate::run::trace::Trace;
use crate::run::{ErrorKind, Event, Finished, RunError};
use crate::serve::limits::Allowed;
use crate::serve::routes::App;
use crate::serve::{Collector, State, serve};

use crate::serve::tests::failures;
use crate::serve::tests::kit::{
    Answer, PORT, app_of, ask, chat, done, events, get, hello_app, live, parse, send, state_of, talk, text,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Body,
    Bodies,
    Depth,
    Fields,
    Headers,
    Head,
    HeadTime,
    BodyTime,
    Idle,
    Reader,
    Connections,
    Runs,
    Choices,
    Path,
    Message,
    Calls,
    Concurrency,
    Queue,
    Retries,
    Failures,
    Answer,
    Event,
    Silence,
    Prompt,
    Fuel,
    Trace,
    Past,
    Spans,
}

/// What came of going beyond a limit.
#[derive(Default)]
pub struct Came {
    /// The answer to what was beyond.
    pub answer: Option<Answer>,
    /// Seconds from going beyond to the answer, or to the end of the connection.
    pub after_s: u64,
    pub metrics: String,
    /// The limit, where it is not the one built in.
    pub most: Option<String>,
    /// What was kept, where only so many are.
    pub kept: usize,
}

impl How {
    /// Whether the clock must go on by itself: sockets are not in memory.
    pub fn wants_sockets(self) -> bool {
        self == Self::Connections
    }

    pub async fn reach(self) -> Came {
        match self {
            Self::Body => asked(hello_app(), announced(usual().body + 1)).await,
            Self::Bodies => bodies().await,
            Self::Depth => {
                let deep = format!(r#""f":{}1{}"#, "[".repeat(127), "]".repeat(127));
                beyond_a_whole(&deep, &deep.replacen('[', "[[", 1).replacen(']', "]]", 1)).await
            }
            Self::Fields => {
                let fields = |n: usize| (0..n).map(|n| format!(r#""f{n}":1"#)).collect::<Vec<_>>().join(",");
                beyond_a_whole(&fields(126), &fields(127)).await
            }
            Self::Headers => {
                let headers: Vec<String> = (0..101).map(|n| format!("x-h{n}: 1")).collect();
                let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
                asked(hello_app(), chat(&ask(""), &headers)).await
            }
            Self::Head => {
                asked(hello_app(), chat(&ask(""), &[&format!("x-large: {}", "a".repeat(65 << 10))])).await
            }
            Self::HeadTime => closed(hello_app(), "GET /health").await,
            Self::BodyTime => asked(hello_app(), announced(1000)).await,
            Self::Idle => closed(hello_app(), "").await,
            Self::Reader => reader().await,
            Self::Connections => connections().await,
            Self::Runs => runs().await,
            Self::Choices => beyond_a_whole(r#""n":1"#, r#""n":9"#).await,
            Self::Path => {
                let path = format!("x-ensc-path: {}", vec!["opt-a"; 17].join(","));
                asked(hello_app(), chat(&ask(""), &[&path])).await
            }
            Self::Message => message().await,
            Self::Calls => second_waits(Slots::sized(1, 9), 1).await,
            Self::Concurrency => second_waits(Slots::new(), 64).await,
            Self::Queue => queue().await,
            Self::Retries => retries().await,
            Self::Failures => breaker().await,
            Self::Answer => asked(stand(PLAIN, "{ fault = \"too-long\" }"), question("")).await,
            Self::Event => {
                let long = format!("{{ finish_reason = '{}' }}", "x".repeat(1 << 20));
                asked(streamed(&long), question("")).await
            }
            Self::Silence => {
                let stalls = "{ fault = \"stall\", after_tokens = 2 }";
                asked(streamed(stalls), question("")).await
            }
            Self::Prompt => asked(stand(LARGE_PROMPT, "{}"), question(&"x".repeat(3 << 20))).await,
            Self::Fuel => asked(stand(ENDLESS_PROMPT, "{}"), question("")).await,
            Self::Trace => trace().await,
            Self::Past => past().await,
            Self::Spans => spans().await,
        }
    }
}

fn usual() -> Allowed {
    Allowed::default()
}

async fn scraped(app: &App) -> String {
    send(app.clone(), get("/metrics")).await.body
}

async fn asked(app: App, request: String) -> Came {
    let began = Instant::now();
    let answer = Some(send(app.clone(), request).await);
    let after_s = began.elapsed().as_secs();
    Came { answer, after_s, metrics: scraped(&app).await, ..Came::default() }
}

// === requests ===

/// A question whose head says that so many bytes come; fewer do.
fn announced(bytes: usize) -> String {
    let whole = ask("");
    chat(&whole, &[])
        .replace(&format!("content-length: {}", whole.len()), &format!("content-length: {bytes}"))
}

/// What is within the limit is taken, what is beyond it is not.
async fn beyond_a_whole(within: &str, beyond: &str) -> Came {
    let app = hello_app();
    let answer = send(app.clone(), chat(&ask(within), &[])).await;
    assert_eq!(answer.status, 200, "{within} is within the limit: {}", answer.body);
    asked(app, chat(&ask(beyond), &[])).await
}

/// Sends the beginning of a request, and nothing more.
async fn closed(app: App, begin: &str) -> Came {
    let after_s = talk(app.clone(), async |mut io: DuplexStream| {
        let began = Instant::now();
        io.write_all(begin.as_bytes()).await.expect("it is open");
        let mut rest = Vec::new();
        io.read_to_end(&mut rest).await.expect("the connection ends in order");
        assert!(rest.is_empty(), "nothing is said: {}", String::from_utf8_lossy(&rest));
        began.elapsed().as_secs()
    })
    .await;
    Came { after_s, metrics: scraped(&app).await, ..Came::default() }
}

fn limited(
    allowed: Allowed,
    script: impl Fn() -> futures_util::stream::BoxStream<'static, Event> + Send + Sync + 'static,
) -> App {
    let state = state_of(script, None).0.with_limits(allowed);
    App::new(Arc::new(state), PORT)
}

/// One body is held, of which the end does not come; another has no room beside it.
async fn bodies() -> Came {
    let app = limited(Allowed { bodies: 64 << 10, ..usual() }, || events(vec![done("hello")]));
    let large = chat(&ask(&format!(r#""user":"{}""#, "x".repeat(40 << 10))), &[]);
    assert_eq!(send(app.clone(), &large).await.status, 200, "alone there is room for it");
    let answer = talk(app.clone(), async |mut io: DuplexStream| {
        io.write_all(&large.as_bytes()[..large.len() - 1]).await.expect("it is open");
        // The clock stands still until all that was sent is read.
        sleep(Duration::from_millis(1)).await;
        send(app.clone(), &large).await
    })
    .await;
    Came { answer: Some(answer), metrics: scraped(&app).await, ..Came::default() }
}

async fn reader() -> Came {
    let (sender, script) = live();
    let app = app_of(script);
    let after_s = talk(app.clone(), async |mut io: DuplexStream| {
        let began = Instant::now();
        io.write_all(chat(&ask(r#""stream":true"#), &[]).as_bytes()).await.expect("it is open");
        let large = "x".repeat(8 << 10);
        (0..100).for_each(|_| drop(sender.send(text(&large))));
        sender.closed().await;
        began.elapsed().as_secs()
    })
    .await;
    Came { after_s, metrics: scraped(&app).await, ..Came::default() }
}

async fn runs() -> Came {
    let (sender, script) = live();
    let app = limited(Allowed { runs: 1, ..usual() }, script);
    talk(app.clone(), async |mut io: DuplexStream| {
        io.write_all(chat(&ask(r#""stream":true"#), &[]).as_bytes()).await.expect("it is open");
        io.read_exact(&mut [0; 64]).await.expect("the head comes at once");
        let mut came = asked(app, chat(&ask(""), &[])).await;
        sender.send(done("hello")).expect("the first run is alive");
        came.most = Some("1".to_owned());
        came
    })
    .await
}

/// A server with room for one connection: the second is not accepted while the first is open.
async fn connections() -> Came {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback is there");
    let port = listener.local_addr().expect("it is bound").port();
    let state = state_of(|| events(vec![done("hello")]), None).0;
    let state = Arc::new(state.with_limits(Allowed { connections: 1, ..usual() }));
    let client = async {
        let mut first = connect(port).await;
        assert_eq!(next_answer(&mut first, port, "/health").await.status, 200);
        let mut second = connect(port).await;
        let request = get("/health").replace(&PORT.to_string(), &port.to_string());
        second.write_all(request.as_bytes()).await.expect("it is open");
        // The server works on, and the second gets nothing of it.
        let mut metrics = String::new();
        for _ in 0..20 {
            metrics = next_answer(&mut first, port, "/metrics").await.body;
        }
        let nothing = second.try_read(&mut [0; 1]).expect_err("it has no answer");
        assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
        drop(first);
        let mut answer = String::new();
        second.read_to_string(&mut answer).await.expect("the connection ends in order");
        Came { answer: Some(parse(&answer)), metrics, ..Came::default() }
    };
    tokio::select! {
        came = client => came,
        ending = serve(listener, state, std::future::pending(), Duration::ZERO) => panic!("it ended: {ending:?}"),
    }
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.expect("it listens")
}

/// Asks on a connection that is kept.
async fn next_answer(io: &mut TcpStream, port: u16, path: &str) -> Answer {
    let request =
        get(path).replace("connection: close\r\n", "").replace(&PORT.to_string(), &port.to_string());
    io.write_all(request.as_bytes()).await.expect("it is open");
    let mut seen = String::new();
    loop {
        let answer = parse(&seen);
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        if length == Some(answer.body.len()) {
            return answer;
        }
        let mut bytes = [0; 4096];
        let count = io.read(&mut bytes).await.expect("the connection is there");
        assert!(count > 0, "it was closed: {seen}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
}

async fn message() -> Came {
    let words = "why ".repeat(1000);
    let app = app_of(move || {
        let result = Err(RunError::new(ErrorKind::Failed, words.as_str()));
        let (receipt, trace) = (Receipt::default(), Trace::default());
        events(vec![Event::Done(Box::new(Finished { result, receipt, trace }))])
    });
    asked(app, chat(&ask(""), &[])).await
}

// === runs ===

/// One call of one model, on a handle named `opt-x-high-s`.
const PLAIN: &str = r#"
model a { runtime: mlx, memory: 1GB, context: 100_000k, max_output: 4k }
tier s { memory: 9GB }
profile high { timeout: 5m }
ensemble x at high-s {
  reply = ask a { retries: 1 }
}
"#;

/// The same, read as a stream although nothing of it is passed on as it comes.
fn streamed(reply: &str) -> App {
    stand(&PLAIN.replace("retries: 1", "retries: 1, first_token: 60s"), reply)
}

const LARGE_PROMPT: &str = r#"
model a { runtime: mlx, memory: 1GB, context: 100_000k, max_output: 4k }
tier s { memory: 9GB }
profile high { timeout: 5m }
ensemble x at high-s {
  reply = ask a { prompt: """{% for i in range(3) %}{{ request.last }}{% endfor %}""" }
}
"#;

const ENDLESS_PROMPT: &str = r#"
model a { runtime: mlx, memory: 1GB, context: 100_000k, max_output: 4k }
tier s { memory: 9GB }
profile high { timeout: 5m }
ensemble x at high-s {
  reply = ask a { prompt: """{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}""" }
}
"#;

const MANY_CALLS: &str = r#"
model a { runtime: mlx, memory: 1GB, context: 128k, max_output: 4k }
tier s { memory: 9GB }
profile high { timeout: 5m }
ensemble x at high-s {
  some = sample 1000 of a
  more = sample 1000 of a
  rest = sample 1000 of a
  reply = first(concat(some, more, rest))
}
"#;

/// The daemon before one model that replies so, each time.
fn stand(program: &str, reply: &str) -> App {
    let (state, _) = failures::state(program, &format!("model.a.reply = [{reply}]"), Slots::new());
    App::new(state, PORT)
}

/// The same before one that takes a second for each call.
fn slow(slots: Slots) -> App {
    App::new(failures::state(PLAIN, "model.a.delay_ms = 1000", slots).0, PORT)
}

fn question(words: &str) -> String {
    let words = if words.is_empty() { "hi" } else { words };
    chat(&format!(r#"{{"model":"opt-x-high-s","messages":[{{"role":"user","content":"{words}"}}]}}"#), &[])
}

/// As many calls as fit, and one more.
async fn second_waits(slots: Slots, fit: usize) -> Came {
    let app = slow(slots);
    let began = Instant::now();
    let all = join_all((0..=fit).map(|_| async {
        let answer = send(app.clone(), question("")).await;
        (began.elapsed().as_secs(), answer)
    }));
    let look = async {
        sleep(Duration::from_millis(500)).await;
        scraped(&app).await
    };
    let (mut answers, metrics) = tokio::join!(all, look);
    assert!(metrics.contains("ensc_calls_queued 1\n"), "one waits: {metrics}");
    answers.sort_by_key(|(after_s, _)| *after_s);
    assert_eq!(answers[fit - 1].0, 1, "the others do not");
    let (after_s, answer) = answers.pop().expect("there is one");
    Came { answer: Some(answer), after_s, metrics, ..Came::default() }
}

/// One call is under way, two wait, and the fourth finds no place.
async fn queue() -> Came {
    let app = slow(Slots::sized(1, 2));
    let answers = join_all((0..4).map(|_| send(app.clone(), question("")))).await;
    let (fine, mut refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((fine.len(), refused.len()), (3, 1));
    let metrics = scraped(&app).await;
    Came { answer: refused.pop(), metrics, most: Some("2".to_owned()), ..Came::default() }
}

/// A hundred calls at once, each of which wants another attempt.
async fn retries() -> Came {
    let app = stand(PLAIN, "{ fault = \"429\" }");
    let mut answers = join_all((0..100).map(|_| send(app.clone(), question("")))).await;
    Came { answer: answers.pop(), metrics: scraped(&app).await, ..Came::default() }
}

async fn breaker() -> Came {
    let app = stand(&PLAIN.replace("retries: 1", "retries: 0"), "{ fault = \"503\" }");
    for _ in 0..5 {
        assert_eq!(send(app.clone(), question("")).await.status, 424);
    }
    asked(app, question("")).await
}

async fn trace() -> Came {
    let app = stand(MANY_CALLS, "{}");
    let mut came = asked(app.clone(), question("")).await;
    let id = came.answer.as_ref().expect("it was asked").json()["id"].clone();
    let run = send(app, get(&format!("/v1/runs/{}", id.as_str().expect("an id")))).await.json();
    came.kept = run["trace"]["events"].as_array().map_or(0, Vec::len);
    came
}

async fn past() -> Came {
    let app = hello_app();
    let mut ids = Vec::new();
    for _ in 0..1001 {
        ids.push(send(app.clone(), chat(&ask(""), &[])).await.json()["id"].clone());
    }
    let runs = send(app.clone(), get("/v1/runs")).await.json()["data"].take();
    let runs: Vec<_> = runs.as_array().into_iter().flatten().map(|run| run["id"].clone()).collect();
    assert!(runs.contains(&ids[1000]) && !runs.contains(&ids[0]), "the last are kept");
    Came { kept: runs.len(), metrics: scraped(&app).await, ..Came::default() }
}

/// More runs than may wait for a collector that takes nothing.
async fn spans() -> Came {
    let collector = Collector::new("http://127.0.0.1:9", None, None).expect("it is a URL");
    let (state, _) = state_of(|| events(vec![done("hello")]), None);
    let app = App::new(Arc::new(State::with_collector(state, collector)), PORT);
    for _ in 0..1024 {
        send(app.clone(), chat(&ask(""), &[])).await;
    }
    let metrics = scraped(&app).await;
    assert!(metrics.contains("ensc_spans_total{outcome=\"lost\"} 0\n"), "there is room: {metrics}");
    asked(app, chat(&ask(""), &[])).await
}
