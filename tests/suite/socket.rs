//! The daemon behind a real socket on the loopback, with a simulated upstream in its own process, and a client that
//! speaks bytes.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use ensc::plan::Plan;
use ensc::run::host::Host;
use ensc::serve::{Ending, Settings, State, serve};
use ensc::upstream::Upstream;
use ensc::upstream::base_url::BaseUrl;
use ensc::upstream::client::HttpUpstream;
use ensc::upstream::sim::{self, Script, Sim, SimUpstream};

/// When a test is given up. Nothing is measured by it.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// The same where the clock stands still.
const YIELDS_MAX: u32 = 5_000_000;

/// Less than the silence in mid-answer that ends a call by itself.
const LATER_MAX_MS: u32 = 50_000;

/// A daemon that serves, seen from outside.
pub struct Daemon {
    pub sim: Arc<Sim>,
    port: u16,
    handle: String,
    stop: Option<oneshot::Sender<()>>,
}

/// One connection with one question on it.
pub struct Client {
    io: TcpStream,
    /// All that was received.
    pub seen: String,
}

/// Serves the plan while `client` talks to it, then stops and gives what runs `grace`.
pub fn served<T>(
    plan: &Arc<Plan>,
    script: Script,
    grace: Duration,
    client: impl AsyncFnOnce(&mut Daemon) -> T,
) -> (T, Ending) {
    served_as(plan, script, grace, async |state| state, client)
}

/// The same with something said of the daemon before it serves.
pub fn served_as<T>(
    plan: &Arc<Plan>,
    script: Script,
    grace: Duration,
    set_up: impl AsyncFnOnce(State) -> State,
    client: impl AsyncFnOnce(&mut Daemon) -> T,
) -> (T, Ending) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let sim = sim_of(plan, script);
        let upstream = Arc::new(SimUpstream::new(Arc::clone(&sim)));
        let serving = serving(plan, sim, upstream, grace, set_up, client);
        tokio::time::timeout(GIVEN_UP, serving).await.expect("somebody waits for ever")
    })
}

/// The same with a socket on the other side, too, and a clock that stands still unless the client advances it. Comes back
/// when no connection to the upstream is left.
pub fn served_between_sockets<T>(
    plan: &Arc<Plan>,
    script: Script,
    grace: Duration,
    client: impl AsyncFnOnce(&mut Daemon) -> T,
) -> (T, Ending) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime starts").block_on(async {
        let sim = sim_of(plan, script);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback is there");
        let address = listener.local_addr().expect("it is bound");
        let base = BaseUrl::parse(&format!("http://{address}/v1"), None).expect("it is one");
        let upstream = Arc::new(HttpUpstream::new(&base, None).expect("it needs no key"));
        let serving = serving(plan, Arc::clone(&sim), upstream, grace, async |state| state, client);
        let told = async {
            let told = serving.await;
            until(|| sim.totals().open == 0, "connections are left").await;
            told
        };
        tokio::select! {
            told = told => told,
            () = sim::serve(listener, Arc::clone(&sim), std::future::pending()) => unreachable!("it never ends"),
        }
    })
}

fn sim_of(plan: &Plan, script: Script) -> Arc<Sim> {
    Sim::new(plan.models.iter().map(|model| model.name.to_string()).collect(), script)
}

async fn serving<T>(
    plan: &Arc<Plan>,
    sim: Arc<Sim>,
    upstream: Arc<dyn Upstream>,
    grace: Duration,
    set_up: impl AsyncFnOnce(State) -> State,
    client: impl AsyncFnOnce(&mut Daemon) -> T,
) -> (T, Ending) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback is there");
    let port = listener.local_addr().expect("it is bound").port();
    let settings = Settings {
        key: None,
        liveliness: Arc::new(|| Box::pin(async { true })),
        pass_fields: vec!["passed_on".to_owned()],
    };
    let state = set_up(State::new(vec![Arc::clone(plan)], Arc::new(Host::new(upstream)), settings)).await;
    let (stop, stopped) = oneshot::channel();
    let serving = pin!(serve(listener, Arc::new(state), async { drop(stopped.await) }, grace));
    let mut daemon = Daemon { sim, port, handle: plan.handle.to_string(), stop: Some(stop) };
    let talking = async {
        let told = client(&mut daemon).await;
        daemon.stop();
        told
    };
    let (told, ending) = tokio::join!(talking, serving);
    (told, ending.expect("it is the loopback"))
}

/// Waits, without a clock, until the other side has noticed.
async fn until(seen: impl Fn() -> bool, otherwise: &str) {
    for _ in 0..YIELDS_MAX {
        if seen() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{otherwise}");
}

// === impl Daemon ===

impl Daemon {
    /// Connects and asks.
    pub async fn ask(&self, stream: bool) -> Client {
        self.ask_for(1, stream).await
    }

    /// The same for several choices.
    pub async fn ask_for(&self, n: u32, stream: bool) -> Client {
        let body = format!(
            r#"{{"model":"{}","messages":[{{"role":"user","content":"hi"}}],"n":{n},"stream":{stream}}}"#,
            self.handle
        );
        self.post(&body).await
    }

    /// The same with a body of one's own.
    pub async fn post(&self, body: &str) -> Client {
        self.post_with("", body).await
    }

    /// The same with more lines in the head, each with its end.
    pub async fn post_with(&self, headers: &str, body: &str) -> Client {
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\
             {headers}content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        self.send(&(head + body)).await
    }

    /// Reads what is there.
    pub async fn get(&self, path: &str) -> String {
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\r\n", self.port);
        let mut client = self.send(&head).await;
        client.read_to_end().await;
        let (_, body) = client.seen.split_once("\r\n\r\n").expect("an answer has a head");
        body.to_owned()
    }

    async fn send(&self, request: &str) -> Client {
        let mut io = TcpStream::connect(("127.0.0.1", self.port)).await.expect("it listens");
        io.write_all(request.as_bytes()).await.expect("it is open");
        Client { io, seen: String::new() }
    }

    /// Takes no new connection from now on.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself: then the ending tells.
            let _ = stop.send(());
        }
    }

    /// The same where the clock stands still; fails if it never comes to that.
    pub async fn settled(&self, seen: impl Fn(&Sim) -> bool) {
        until(|| seen(&self.sim), "the upstream never sees it").await;
    }

    /// The same while time goes on, a millisecond with each step, for as long as nothing else ends a silent call.
    pub async fn later(&self, seen: impl Fn(&Sim) -> bool) {
        for _ in 0..LATER_MAX_MS {
            if seen(&self.sim) {
                return;
            }
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        panic!("the upstream never sees it");
    }

    /// Lets the daemon work until the upstream sees what is expected.
    pub async fn until(&self, seen: impl Fn(&Sim) -> bool) {
        while !seen(&self.sim) {
            tokio::task::yield_now().await;
        }
    }
}

// === impl Client ===

impl Client {
    /// Reads until `mark` has come.
    pub async fn read_until(&mut self, mark: &str) {
        while !self.seen.contains(mark) {
            let mut bytes = [0; 4096];
            let count = self.io.read(&mut bytes).await.expect("the connection is there");
            assert!(count > 0, "`{mark}` never came:\n{}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    /// Reads to the end of the connection, however it ends.
    pub async fn read_to_end(&mut self) {
        let mut bytes = Vec::new();
        // A connection that is cut is an end, too.
        let _ = self.io.read_to_end(&mut bytes).await;
        self.seen.push_str(&String::from_utf8_lossy(&bytes));
    }
}
