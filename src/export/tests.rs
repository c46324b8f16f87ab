//! The exports of plans made by hand.

use crate::explain::sample;
use crate::export::{DAEMON_URL, env, handles, litellm};

#[test]
fn a_row_has_the_registrys_fields_and_no_other() {
    let rows = handles::handles(&[sample::architect()]);
    let row: serde_json::Value = serde_json::from_str(rows.trim()).expect("a row is JSON");
    assert_eq!(row["selector"]["model"], "moa-architect-high-xl");
    let mut fields: Vec<&String> = row.as_object().expect("a row is an object").keys().collect();
    fields.sort();
    assert_eq!(fields, ["endpoint_ref", "handle", "invoke", "kind", "managed_by", "notes", "selector"]);
}

#[test]
fn a_variable_is_the_handle_in_capitals() {
    assert_eq!(env::env(&[sample::architect()]), "OPT_ARCHITECT_HIGH_XL_MODEL=moa-architect-high-xl\n");
}

#[test]
fn litellm_waits_longer_than_the_handle_and_books_nothing_twice() {
    let yaml = litellm::litellm(&[sample::architect(), sample::extract()], DAEMON_URL);
    for line in [
        "  - model_name: opt-architect-high-xl",
        "      model: opt-architect-high-xl",
        "      custom_llm_provider: openai",
        "      api_base: http://127.0.0.1:4020/v1",
        "      num_retries: 0                    # a retry would run the whole ensemble again",
        "      timeout: 330                      # its deadline and 30 s",
        "      max_input_tokens: 65536",
        "      supports_function_calling: true",
        "  - model_name: opt-extract-fast-s",
    ] {
        assert!(yaml.lines().any(|it| it == line), "{line}\n{yaml}");
    }
    assert_eq!(yaml.matches(litellm::BEGIN).count(), 1);
    assert!(yaml.trim_end().ends_with(litellm::END));
}

#[test]
fn a_url_that_yaml_could_misread_is_quoted() {
    let yaml = litellm::litellm(&[sample::architect()], "http://127.0.0.1:4020/v1 # x");
    assert!(yaml.contains("api_base: \"http://127.0.0.1:4020/v1 # x\""), "{yaml}");
}
