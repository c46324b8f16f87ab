//! What a run says of itself for counting: when each call was under way, what it waited for, why it failed.

use ensc::run::receipt::{CallReceipt, Cause};

use crate::stage::{plan, play, request, script};

const MODELS: &str = "
    model a { context: 32k, max_output: 4k, concurrency: 1 }
    model b { context: 32k, max_output: 4k }
    model c { context: 32k, max_output: 4k }
    tier s { }
    profile high { retries: 0 }
";

const SLOW: &str = r#"
model.a.delay_ms = 1000
model.b.reply = [{ fault = "500" }]
model.c.delay_ms = 500
"#;

/// Step, word, milliseconds until it began, that it took, and that it waited.
fn told(call: &CallReceipt) -> (&str, &str, u128, u128, u128) {
    let [began, took, waited] = [call.began, call.took, call.waited].map(|span| span.as_millis());
    (&call.step, call.word, began, took, waited)
}

#[test]
fn calls_say_when_they_were_under_way_and_what_they_waited_for() {
    let plan = plan(&format!(
        "{MODELS} ensemble x {{ d = parallel [a, a, b] {{ need: 2 }}, reply = merge d by c else first(d) }}"
    ));
    let receipt = play(&plan, script(SLOW), request("hi")).finished.receipt;
    let calls: Vec<_> = receipt.calls.iter().map(told).collect();
    assert_eq!(
        calls,
        [
            ("d[0]", "", 0, 1000, 0),
            ("d[1]", "", 0, 2000, 1000),
            ("d[2]", "answered with a server error", 0, 0, 0),
            ("reply", "", 2000, 500, 0),
        ]
    );
    assert_eq!(receipt.causes, [Cause::Call]);
}

#[test]
fn a_call_says_that_its_handle_has_retried_too_much() {
    // Each of its own, or the model would be left alone before the handle has retried too much.
    let names: Vec<String> = (0..20).map(|index| format!("ill-{index}")).collect();
    let ill: String =
        names.iter().map(|name| format!("model {name} {{ context: 32k, max_output: 4k }}\n")).collect();
    let faults: String =
        names.iter().map(|name| format!("model.{name}.reply = [{{ fault = \"500\" }}]\n")).collect();
    let models = MODELS.replace("retries: 0", "retries: 1");
    let members = names.join(", ");
    let plan =
        plan(&format!("{models}{ill} ensemble x {{ d = parallel [{members}], reply = merge d by c }}"));
    let receipt = play(&plan, script(&faults), request("hi")).finished.receipt;
    let refused = receipt.calls.iter().filter(|call| call.is_unretried).count();
    assert_eq!((receipt.calls.len(), refused), (20, 6), "ten retries are free, and one for every five calls");
}

#[test]
fn each_reason_has_its_cause() {
    let fails = r#"model.c.reply = [{ fault = "500" }]"#;
    let else_taken =
        plan(&format!("{MODELS} ensemble x {{ d = parallel [a, a], reply = merge d by c else first(d) }}"));
    let receipt = play(&else_taken, script(fails), request("hi")).finished.receipt;
    assert_eq!(receipt.causes, [Cause::Call, Cause::Else], "{:?}", receipt.degraded_because);
    let vote = plan(&format!(
        "{MODELS} ensemble x {{ d = parallel [a, b, c], reply = vote d {{ min_share: 0.9 }} }}"
    ));
    let apart = script("model.a.reply = [{ text = \"1\" }]\nmodel.b.reply = [{ text = \"2\" }]");
    let receipt = play(&vote, apart, request("hi")).finished.receipt;
    assert_eq!(receipt.causes, [Cause::Step], "{:?}", receipt.degraded_because);
}
