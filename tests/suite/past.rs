//! What the daemon tells afterwards of real runs, over a real socket.

use std::time::Duration;

use serde_json::{Value, json};

use crate::socket::{Daemon, served};
use crate::stage::{plan, script};

const MODELS: &str = "
    model a { context: 32k, max_output: 4k }
    model b { context: 32k, max_output: 4k }
    model c { context: 32k, max_output: 4k }
    tier s { }
    profile high { }
";

async fn runs(daemon: &Daemon) -> Vec<Value> {
    let list: Value = serde_json::from_str(&daemon.get("/v1/runs").await).expect("JSON");
    let mut runs = Vec::new();
    for line in list["data"].as_array().expect("a list") {
        let path = format!("/v1/runs/{}", line["id"].as_str().expect("an id"));
        runs.push(serde_json::from_str(&daemon.get(&path).await).expect("JSON"));
    }
    runs
}

#[test]
fn a_run_whose_client_left_is_told_with_the_calls_that_were_stopped() {
    let plan = plan(&format!("{MODELS} ensemble x {{ d = parallel [a, b], reply = merge d by c }}"));
    let script = script(r#"model.b.reply = [{ fault = "silence" }]"#);
    for stream in [false, true] {
        served(&plan, script.clone(), Duration::ZERO, async |daemon| {
            let client = daemon.ask(stream).await;
            daemon.until(|sim| sim.totals().calls == 2 && sim.alive() == 1).await;
            drop(client);
            daemon.until(|sim| sim.alive() == 0).await;
            let runs = runs(daemon).await;
            let [run] = &runs[..] else { panic!("{runs:?}") };
            assert_eq!((&run["status"], &run["calls"]), (&Value::Null, &json!(2)));
            let told = |call: &Value| [call["step"].clone(), call["outcome"].clone(), call["why"].clone()];
            let calls: Vec<_> =
                run["receipt"]["calls"].as_array().expect("a list").iter().map(told).collect();
            assert_eq!(
                calls,
                [
                    [json!("d[0]"), json!("ok"), Value::Null],
                    [json!("d[1]"), json!("cancelled"), json!("the client left")],
                ]
            );
            let events = run["trace"]["events"].as_array().expect("a list");
            let last: Vec<_> = events[events.len() - 2..].iter().map(|event| event["what"].clone()).collect();
            assert_eq!(last, ["cancelled", "done"]);
        });
    }
}

#[test]
fn what_is_told_holds_no_word_of_client_or_model() {
    let plan = plan(&format!(
        r#"{MODELS}
        ensemble x {{
            number = ask a {{ prompt: """A number.""", returns: number(0, 10) }}
            votes = parallel [a, b, c]
            most = vote votes {{ key: """{{{{ it.text }}}}""" }}
            kind = route by a {{ small "a small question" -> ask b, else -> ask c }}
            both = [most, number, kind]
            chosen = pick both by c
            reply = ask b {{ prompt: """Of {{{{ chosen }}}}""", accept when "nothing" in it.text, retries: 0 }} else chosen
        }}"#
    ));
    served(
        &plan,
        script(r#"model."*".reply = [{ text = "quince says 7" }]"#),
        Duration::ZERO,
        async |daemon| {
            let body = format!(
                r#"{{"model":"{}","messages":[{{"role":"user","content":"medlar"}}],"metadata":{{"a":"medlar"}}}}"#,
                plan.handle
            );
            let mut client = daemon.post(&body).await;
            client.read_to_end().await;
            assert!(client.seen.contains("quince"), "{}", client.seen);
            let runs = runs(daemon).await;
            let told = serde_json::to_string(&runs).expect("JSON");
            assert!(runs[0]["calls"].as_u64() > Some(4), "{told}");
            assert!(!told.contains("quince") && !told.contains("medlar"), "{told}");
        },
    );
}
