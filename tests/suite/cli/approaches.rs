//! What callers of OptiLLM write, sent to the daemon: a field, a prefix, a tag.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::daemon::{Server, simulated};
use super::folder;

const PROGRAM: &str = r#"
model alpha { runtime: mlx, memory: 40GB, context: 128k, max_output: 8k }
model beta { runtime: mlx, memory: 60GB, context: 128k, max_output: 8k }
model gamma { runtime: mlx, memory: 20GB, context: 128k, max_output: 8k }
tier xl { memory: 200GB, panel = [alpha, beta, gamma], chief = alpha }
profile high { timeout: 5m }

ensemble plan at high-xl {
  drafts = parallel panel
  reply = merge drafts by chief
}

technique pair(panel: models, chief: model) {
  drafts = parallel panel
  reply = pick drafts by chief
}
"#;

struct Daemon {
    _folder: TempDir,
    server: Server,
}

/// A status, the head, and the body.
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

// === impl Daemon ===

impl Daemon {
    fn start() -> Self {
        let folder = folder(&[("plan.ens", PROGRAM)]);
        Self { server: Server::start(simulated(folder.path())), _folder: folder }
    }

    /// Asks `model`, with `more` in the body.
    fn ask(&self, model: &str, more: Value) -> Answer {
        let mut body = json!({"model": model, "messages": [{"role": "user", "content": "Which one?"}]});
        let fields = body.as_object_mut().expect("it is an object");
        fields.extend(more.as_object().expect("it is an object").clone());
        let answer = self.server.ask(&body.to_string());
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head ends");
        Answer {
            status: head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status"),
            head: head.to_owned(),
            body: serde_json::from_str(body).expect("the body is JSON"),
        }
    }
}

// === impl Answer ===

impl Answer {
    #[track_caller]
    fn calls(&self) -> u64 {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body["ensc"]["totals"]["calls"].as_u64().expect("a receipt counts calls")
    }

    #[track_caller]
    fn refused(&self, param: &str, part: &str) {
        assert_eq!((self.status, self.body["error"]["param"].as_str()), (400, Some(param)), "{}", self.body);
        let message = self.body["error"]["message"].as_str().expect("a message");
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn the_field_chooses_a_technique_for_the_handle() {
    let daemon = Daemon::start();
    assert_eq!(daemon.ask("opt-plan-high-xl", json!({})).calls(), 4, "three drafts and a merge");
    let council = daemon.ask("opt-plan-high-xl", json!({"optillm_approach": "council"}));
    assert_eq!(council.calls(), 7, "three answers, three rankings, a chair");
    assert_eq!(council.body["model"], "opt-plan-high-xl");
    assert_eq!(council.body["ensc"]["handle"], "opt-plan-high-xl");
    assert_ne!(council.body["ensc"]["plan"], daemon.ask("opt-plan-high-xl", json!({})).body["ensc"]["plan"]);
    let own = daemon.ask("opt-plan-high-xl", json!({"optillm_approach": "pair"}));
    assert_eq!(own.calls(), 4, "a technique of the program");
    for nothing in ["none", "auto", ""] {
        assert_eq!(daemon.ask("opt-plan-high-xl", json!({"optillm_approach": nothing})).calls(), 4);
    }
}

#[test]
fn the_name_chooses_a_technique_for_a_handle_or_a_cell() {
    let daemon = Daemon::start();
    for name in ["council-opt-plan-high-xl", "council-plan-high-xl", "council-high-xl"] {
        let answer = daemon.ask(name, json!({}));
        assert_eq!(answer.calls(), 7, "{name}");
        assert_eq!(answer.body["model"], name);
    }
    assert_eq!(daemon.ask("moa-plan-high-xl", json!({})).calls(), 4, "a selector stays what it is");
    assert_eq!(daemon.ask("council-alpha", json!({})).status, 404, "a model is no handle");
    assert_eq!(daemon.ask("mao-opt-plan-high-xl", json!({})).status, 404);
}

#[test]
fn techniques_are_joined() {
    let daemon = Daemon::start();
    let chain = daemon.ask("opt-plan-high-xl", json!({"optillm_approach": "moa&re2"}));
    assert_eq!((chain.calls(), chain.body["choices"].as_array().map(Vec::len)), (5, Some(1)));
    let side = daemon.ask("opt-plan-high-xl", json!({"optillm_approach": "moa|re2"}));
    assert_eq!((side.calls(), side.body["choices"].as_array().map(Vec::len)), (5, Some(2)));
}

#[test]
fn what_cannot_be_is_refused_before_a_call() {
    let daemon = Daemon::start();
    let ask = |approach: &str| daemon.ask("opt-plan-high-xl", json!({"optillm_approach": approach}));
    ask("mao").refused("optillm_approach", "there are moa, ");
    ask("z3").refused("optillm_approach", "runs code that a model wrote");
    ask("re2").refused("optillm_approach", "only ever asks `alpha`");
    ask("bon").refused("optillm_approach", "needs `judge`");
    daemon
        .ask("council-opt-plan-high-xl", json!({"optillm_approach": "moa"}))
        .refused("optillm_approach", "`model` names a technique");
    daemon.ask("opt-plan-high-xl", json!({"optillm_approach": 3})).refused("optillm_approach", "must be");
}

#[test]
fn a_tag_in_a_prompt_chooses_nothing_and_is_told() {
    let daemon = Daemon::start();
    let messages =
        json!([{"role": "user", "content": "<optillm_approach>council</optillm_approach> Which?"}]);
    let answer = daemon.ask("opt-plan-high-xl", json!({"messages": messages}));
    assert_eq!(answer.calls(), 4);
    assert!(answer.head.contains("x-ensc-warning: the tag <optillm_approach>"), "{}", answer.head);
    assert!(!daemon.ask("opt-plan-high-xl", json!({})).head.contains("x-ensc-warning"));
}
