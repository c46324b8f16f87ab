//! Spans as a collector gets them: one a run, one a call below it, and calls that carry theirs upstream.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use ensc::plan::Plan;
use ensc::serve::{Collector, State};

use crate::socket::{Daemon, served_as};
use crate::stage::{plan, script};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// What a collector got: the paths with a header of ours, and the spans.
#[derive(Clone, Default)]
struct Got {
    requests: Arc<Mutex<Vec<String>>>,
    bodies: Arc<Mutex<Vec<Value>>>,
}

// === impl Got ===

impl Got {
    /// Takes all that is sent, as long as the runtime lives.
    async fn listen(&self) -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback is there");
        let endpoint = format!("http://{}/otlp/", listener.local_addr().expect("it is bound"));
        let got = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let got = got.clone();
                let service = service_fn(move |request| got.clone().take(request));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Collector::new(&endpoint, Some("x-key=plum"), Some("panel")).expect("it is an endpoint")
    }

    async fn take(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let header = |name: &str| request.headers()[name].to_str().expect("a text").to_owned();
        let line =
            format!("{} {} {} {}", request.method(), request.uri(), header("content-type"), header("x-key"));
        self.requests.lock().expect("no test panics here").push(line);
        let body = request.into_body().collect().await.expect("a body").to_bytes();
        let body = serde_json::from_slice(&body).expect("JSON");
        self.bodies.lock().expect("no test panics here").push(body);
        Ok(Response::new(Full::new(Bytes::from_static(b"{}"))))
    }

    fn spans(&self) -> Vec<Value> {
        let bodies = self.bodies.lock().expect("no test panics here");
        let of = |body: &Value| body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().cloned();
        bodies.iter().flat_map(|body| of(body).expect("spans")).collect()
    }
}

fn panel() -> Arc<Plan> {
    plan(
        "
        model a { context: 32k, max_output: 4k }
        model b { context: 32k, max_output: 4k }
        model c { context: 32k, max_output: 4k, price: $1 / $2 }
        tier s { }
        profile high { retries: 0 }
        ensemble x { d = parallel [a, b] { need: 1 }, reply = merge d by c }
        ",
    )
}

/// A run with a member that fails; what the collector got of it, and `step` and `traceparent` of each call upstream.
fn told(headers: &str, script_text: &str, stream: bool) -> (Got, Vec<(String, String)>) {
    let got = Got::default();
    let plan = panel();
    let body =
        json!({"model": plan.handle, "messages": [{"role": "user", "content": "hi"}], "stream": stream});
    let set_up = async |state: State| state.with_collector(got.listen().await);
    let talk = async |daemon: &mut Daemon| {
        let mut client = daemon.post_with(headers, &body.to_string()).await;
        client.read_to_end().await;
        let of = |call: &ensc::upstream::sim::Entry| {
            let metadata: Value =
                serde_json::from_str(&call.headers["x-litellm-spend-logs-metadata"]).expect("JSON");
            let traceparent = call.headers.get("traceparent").cloned().unwrap_or_default();
            (metadata["role"].as_str().expect("a step").to_owned(), traceparent)
        };
        daemon.sim.calls().iter().map(of).collect()
    };
    let (calls, _) = served_as(&plan, script(script_text), Duration::from_secs(30), set_up, talk);
    (got, calls)
}

/// Attributes as an object.
fn attributes(span: &Value) -> Value {
    let list = span["attributes"].as_array().expect("a list");
    let pairs = list.iter().map(|pair| {
        let value = pair["value"].as_object().expect("a value").values().next().expect("one");
        (pair["key"].as_str().expect("a key").to_owned(), value.clone())
    });
    Value::Object(pairs.collect::<Map<_, _>>())
}

fn times(span: &Value) -> (u128, u128) {
    let time = |name: &str| span[name].as_str().expect("a text").parse().expect("a number");
    (time("startTimeUnixNano"), time("endTimeUnixNano"))
}

const B_FAILS: &str = r#"model.b.reply = [{ fault = "500" }]"#;

#[test]
fn a_run_is_a_span_below_its_callers_and_its_calls_are_below_it() {
    let (got, calls) = told(&format!("traceparent: 00-{TRACE}-{CALLER}-01\r\n"), B_FAILS, false);
    let requests = got.requests.lock().expect("no test panics here").clone();
    assert_eq!(requests, ["POST /otlp/v1/traces application/json plum"]);
    let spans = got.spans();
    let names: Vec<_> = spans.iter().map(|span| span["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["invoke_agent opt-x-high-s", "chat a", "chat b", "chat c"]);
    let run = &spans[0];
    assert!(spans.iter().all(|span| span["traceId"] == TRACE));
    assert_eq!((&run["parentSpanId"], &run["kind"]), (&json!(CALLER), &json!(2)));
    assert!(spans[1..].iter().all(|span| span["parentSpanId"] == run["spanId"] && span["kind"] == 3));
    let (from, to) = times(run);
    for span in &spans {
        let (began, ended) = times(span);
        assert!(from <= began && began <= ended && ended <= to, "{span}");
    }
    // Each call carries the id of its own span.
    let ids = |step: &str| {
        let of = |span: &&Value| attributes(span)["ensc.step"] == step;
        spans.iter().find(of).expect("a span")["spanId"].as_str().expect("an id").to_owned()
    };
    assert_eq!(calls.len(), 3);
    for (step, traceparent) in calls {
        assert_eq!(traceparent, format!("00-{TRACE}-{}-01", ids(&step)), "{step}");
    }
}

#[test]
fn spans_say_what_the_receipt_says() {
    for stream in [false, true] {
        let (got, _) = told("", B_FAILS, stream);
        let resource =
            got.bodies.lock().expect("no test panics here")[0]["resourceSpans"][0]["resource"].clone();
        assert_eq!(attributes(&resource)["service.name"], "panel");
        let spans = got.spans();
        let mut run = attributes(&spans[0]);
        assert!(run["ensc.cost_usd"].take().as_f64() > Some(0.0) && run["ensc.plan"].take().is_string());
        assert!(run["gen_ai.response.id"].take().as_str().is_some_and(|id| id.starts_with("run-")));
        let tokens = ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"];
        for name in tokens {
            let of = |span: &Value| {
                attributes(span)[name].as_str().map_or(0, |n| n.parse::<u64>().expect("a number"))
            };
            let total: u64 = spans[1..].iter().map(of).sum();
            assert_eq!(run[name].take(), total.to_string());
        }
        assert_eq!(
            run,
            json!({
                "gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "ensc",
                "gen_ai.agent.name": "opt-x-high-s", "gen_ai.request.model": "opt-x-high-s",
                "gen_ai.response.id": null, "gen_ai.response.model": "c", "gen_ai.usage.input_tokens": null,
                "gen_ai.usage.output_tokens": null, "ensc.plan": null, "ensc.calls": "3", "ensc.degraded": true,
                "ensc.cost_usd": null, "http.response.status_code": "200",
            })
        );
        let mut failed = attributes(&spans[2]);
        assert!(failed["ensc.wait_seconds"].take().is_f64());
        assert_eq!(
            failed,
            json!({
                "gen_ai.operation.name": "chat", "gen_ai.provider.name": "litellm", "gen_ai.request.model": "b",
                "ensc.step": "d[1]", "ensc.outcome": "failed", "ensc.attempts": "1", "ensc.wait_seconds": null,
                "error.type": "answered with a server error",
            })
        );
        let codes: Vec<_> = spans.iter().map(|span| span["status"]["code"].clone()).collect();
        assert_eq!(codes, [Value::Null, Value::Null, json!(2), Value::Null]);
        let trace = spans[0]["traceId"].as_str().expect("an id");
        assert!(trace.len() == 32 && trace.bytes().any(|byte| byte != b'0'), "a new trace: {trace}");
        assert!(spans[0].get("parentSpanId").is_none());
    }
}

#[test]
fn a_run_that_failed_is_an_error() {
    let (got, _) = told("", "model.\"*\".reply = [{ fault = \"500\" }]", false);
    let spans = got.spans();
    assert_eq!(
        (&attributes(&spans[0])["error.type"], &spans[0]["status"]["code"]),
        (&json!("424"), &json!(2))
    );
}

#[test]
fn what_nobody_wants_to_see_is_not_told_but_goes_on() {
    let (got, calls) = told(&format!("traceparent: 00-{TRACE}-{CALLER}-00\r\n"), "", false);
    assert!(got.spans().is_empty());
    assert_eq!(calls.len(), 3);
    for (_, traceparent) in calls {
        assert!(
            traceparent.starts_with(&format!("00-{TRACE}-")) && traceparent.ends_with("-00"),
            "{traceparent}"
        );
        assert!(!traceparent.contains(CALLER), "{traceparent}");
    }
}
