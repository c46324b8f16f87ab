use super::*;

const SCRIPT: &str = r#"
seed = 7
strict = true
waves = [3, 1]
models = ["ov-c"]

[model."*"]
delay_ms = 20

[model.mlx-a]
delay_ms = { median = 100, p95 = 400 }
first_token_ms = { min = 5, max = 9 }
token_ms = 2

[[model.mlx-a.reply]]
text = "first"
delay_ms = 1

[[model.mlx-a.reply]]
fault = "429"
retry_after = "3"
every = 2

[[step.drafts.reply]]
tool_calls = [{ name = "f", arguments = "{}" }]
usage = { prompt_tokens = 3, completion_tokens = 4 }
"#;

#[test]
fn a_script_is_read() {
    let script: Script = SCRIPT.parse().unwrap();
    assert_eq!((script.seed, script.strict, script.waves.as_slice()), (7, true, &[3, 1][..]));
    let a = &script.model["mlx-a"];
    assert_eq!(a.delay_ms, Delay::LogNormal { median: 100, p95: 400 });
    assert_eq!(a.first_token_ms, Delay::Even { min: 5, max: 9 });
    assert_eq!(a.reply[1].fault, Some(Trouble::Busy));
    assert_eq!(script.step["drafts"].reply[0].tool_calls[0].name, "f");
}

#[test]
fn replies_come_in_order_and_the_last_is_repeated() {
    let script: Script = SCRIPT.parse().unwrap();
    let a = &script.model["mlx-a"];
    assert_eq!((a.reply(0).text.as_deref(), a.reply(0).delay_ms), (Some("first"), Some(Delay::Fixed(1))));
    let faults: Vec<_> = (1..6).map(|index| a.reply(index).fault.is_some()).collect();
    assert_eq!(faults, [true, false, true, false, true], "every second call of the model");
    assert_eq!(a.reply(3).delay_ms, Some(Delay::LogNormal { median: 100, p95: 400 }));
    assert!(script.model["*"].reply(9).text.is_none());
}

#[test]
fn the_step_goes_before_the_model_and_the_star_is_last() {
    let script: Script = SCRIPT.parse().unwrap();
    let name = |step, model| script.entry(step, model).map(|(name, _)| name);
    assert_eq!(name("drafts[1]", "mlx-a").as_deref(), Some("step drafts"));
    assert_eq!(name("reply", "mlx-a").as_deref(), Some("model mlx-a"));
    assert_eq!(name("reply", "mlx-b").as_deref(), Some("model *"));
    assert!(Script::default().entry("reply", "mlx-b").is_none());
}

#[test]
fn mistakes_are_errors_with_their_place() {
    for (script, line, part) in [
        ("sed = 1", "line 1", "unknown field `sed`"),
        ("[model.a]\ndelay = 1", "line 2", "unknown field `delay`"),
        ("[[model.a.reply]]\n\nfault = \"explode\"", "line 3", "unknown variant `explode`"),
        ("[model.a]\ndelay_ms = \"1s\"", "line 2", "milliseconds"),
        ("[model.a]\ndelay_ms = -1", "line 2", "not negative"),
        ("[model.a]\ndelay_ms = { min = 9, max = 1 }", "line 2", "the larger one last"),
        ("[model.a]\ndelay_ms = { mean = 9 }", "line 2", "unknown field `mean`"),
        ("[model.a", "line 1", "unclosed"),
    ] {
        let error = script.parse::<Script>().unwrap_err();
        assert!(error.contains(line) && error.contains(part), "{script}: {error}");
    }
}
