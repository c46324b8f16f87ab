//! The exports of plans made by hand.

mod anything;
mod controllers;
mod documents;
mod neighbours;
mod settings;

use crate::explain::sample;
use crate::export::lines::Placed;
use crate::export::region::{BEGIN, END};
use crate::export::{DAEMON_URL, env, handles, litellm};
use crate::plan::Plan;

fn plans() -> [Plan; 2] {
    [sample::architect(), sample::extract()]
}

fn fresh(placed: Placed) -> String {
    placed.expect("an empty file can be understood")
}

#[test]
fn a_row_has_the_registrys_fields_and_no_other() {
    let rows = fresh(handles::place(&[sample::architect()], ""));
    let row: serde_json::Value = serde_json::from_str(rows.trim()).expect("a row is JSON");
    assert_eq!(row["selector"]["model"], "moa-architect-high-xl");
    let mut fields: Vec<&String> = row.as_object().expect("a row is an object").keys().collect();
    fields.sort();
    assert_eq!(fields, ["endpoint_ref", "handle", "invoke", "kind", "managed_by", "notes", "selector"]);
}

#[test]
fn a_variable_is_the_handle_in_capitals() {
    let text = fresh(env::place(&[sample::architect()], ""));
    assert_eq!(text, format!("{BEGIN}\nOPT_ARCHITECT_HIGH_XL_MODEL=moa-architect-high-xl\n{END}\n"));
}

#[test]
fn litellm_waits_longer_than_the_handle_and_books_nothing_twice() {
    let yaml = fresh(litellm::place(&plans(), DAEMON_URL, ""));
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
    assert_eq!(yaml.matches(BEGIN).count(), 2, "in the settings and in the list");
    assert!(yaml.trim_end().ends_with(END));
}

#[test]
fn a_variable_is_read_as_systemd_reads_it() {
    let text =
        "A=one\n# B=no\nB = 'it''s $x' \nC=\"a \\\"b\\\" \\\nc\"\nD=first\nexport E=no\nD=la\\\nst\nF=\n";
    for (name, value) in [
        ("A", Some("one")),
        ("B", Some("its $x")),
        ("C", Some("a \"b\" c")),
        ("D", Some("last")),
        ("E", None),
        ("F", Some("")),
    ] {
        assert_eq!(env::value(text, name).as_deref(), value, "{name}");
    }
}

#[test]
fn litellm_is_told_the_longest_answer_that_can_reach_a_client() {
    let told = |plan: &Plan| fresh(litellm::place(std::slice::from_ref(plan), DAEMON_URL, ""));
    let mut plan = sample::architect();
    let crate::plan::Act::Merge { ask, .. } = &mut plan.nodes[4].act else { panic!("the reply is a merge") };
    ask.max_tokens = crate::units::Tokens(5_000);
    assert!(
        told(&plan).contains("max_output_tokens: 5000\n"),
        "not what the model could say, nor what drafts may"
    );
    plan.nodes[4].is_final = false;
    assert!(
        told(&plan).contains("max_output_tokens: 65536\n"),
        "what no model writes is made of what came in"
    );
}

#[test]
fn a_url_that_yaml_could_misread_is_quoted() {
    let yaml = fresh(litellm::place(&[sample::architect()], "http://127.0.0.1:4020/v1 # x", ""));
    assert!(yaml.contains("api_base: \"http://127.0.0.1:4020/v1 # x\""), "{yaml}");
}

/// A router as people keep it.
const ROUTER: &str = "\
# kept by hand
general_settings: {cancel_on_disconnect: true, health_check_skip_disabled_background_models: true}
model_list:
  - model_name: mlx-a   # the first
    litellm_params: {model: openai/mlx-a}
    note: |
      # BEGIN ENSC AUTO
      model_list: this is a text
  # BEGIN MLXCTL AUTO
  - model_name: mlx-b
  # END MLXCTL AUTO

# what follows
router_settings:
  num_retries: 1
";

#[test]
fn entries_stand_behind_those_of_others_and_no_other_line_changes() {
    let text = litellm::place(&plans(), DAEMON_URL, ROUTER).expect("it can be understood");
    let (before, rest) = text.split_once("  # END MLXCTL AUTO\n").expect("the others' region is there");
    assert!(rest.starts_with("  # BEGIN ENSC AUTO\n  - model_name: opt-architect-high-xl\n"), "{rest}");
    let (_, after) = rest.split_once("  # END ENSC AUTO\n").expect("our region ends");
    assert_eq!(format!("{before}  # END MLXCTL AUTO\n{after}"), ROUTER);
    assert_eq!(litellm::place(&plans(), DAEMON_URL, &text), Ok(text));
}

#[test]
fn a_region_of_others_below_the_list_is_not_entered() {
    let old = "model_list:\n- model_name: a\n# BEGIN X AUTO\nx: 1\n# END X AUTO\n";
    let text = litellm::place(&plans(), DAEMON_URL, old).expect("it can be understood");
    assert!(text.contains("- model_name: a\n# BEGIN ENSC AUTO\n"), "{text}");
    assert!(text.ends_with("# END ENSC AUTO\n# BEGIN X AUTO\nx: 1\n# END X AUTO\n"), "{text}");
    let open = "# BEGIN X AUTO\nmodel_list:\n- model_name: a\n";
    let refused = litellm::place(&plans(), DAEMON_URL, open).expect_err("it is theirs");
    assert!(
        refused[0].line == 1 && refused[0].message.contains("the region of `X` that begins here"),
        "{refused:?}"
    );
}

/// `|+` keeps the blank lines behind it, and a text at the end of a file has no line end that is not there.
#[test]
fn a_text_of_several_lines_does_not_end_where_ours_begin() {
    for end in ["|+\n      text\n\n\n", "|+\n\n", "|\n      text", ">-\n      text\n"] {
        let old = format!("model_list:\n  - model_name: a\n    note: {end}");
        let text = litellm::place(&plans(), DAEMON_URL, &old).expect("it can be understood");
        assert!(text.contains("model_list:\n  # BEGIN ENSC AUTO\n"), "{text}");
        assert!(text.ends_with(&format!("  # END ENSC AUTO\n  - model_name: a\n    note: {end}")), "{text}");
        assert_eq!(litellm::place(&plans(), DAEMON_URL, &text), Ok(text));
    }
}

#[test]
fn rows_keep_their_place_their_looks_and_fields_that_we_do_not_know() {
    let [one, two] = &plans();
    let old = concat!(
        "{\"handle\": \"theirs\", \"endpoint_ref\": \"ep\",   \"status\": 1.0}\r\n",
        "{\"x\":1e3,\"handle\":\"opt-extract-fast-s\",\"kind\":\"old\",\"endpoint_ref\":\"ep_optillm_proxy_4020\"}\r\n",
        "{\"handle\":\"opt-gone-fast-s\",\"endpoint_ref\":\"ep_optillm_proxy_4020\"}\r\n",
        "{\"handle\":\"last\"}"
    );
    let text = handles::place(&plans(), old).expect("it can be understood");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert_eq!(lines[0], old.split("\r\n").next().expect("a line"));
    assert!(
        lines[1].starts_with("{\"x\":1e3,\"handle\":\"opt-extract-fast-s\",\"kind\":\"model\""),
        "{text}"
    );
    assert!(lines[2].contains(&*one.handle) && !lines[2].contains(&*two.handle));
    assert_eq!(lines[3], "{\"handle\":\"last\"}");
    let spaced = text.replace("{\"handle\":\"opt-a", "{ \"handle\" :  \"opt-a");
    assert_eq!(handles::place(&plans(), &spaced), Ok(spaced), "it says the same");
}

#[test]
fn secrets_stay_and_are_not_shown() {
    let old = "# key: sk-1\nOPENAI_API_KEY=sk-2\nLONG=\"sk-3\n# BEGIN ENSC AUTO\nsk-4=5\"\n  export=sk-6 \\\n  sk-7\nlast='sk-8'";
    let text = env::place(&plans(), old).expect("it can be understood");
    assert!(text.starts_with(&format!("{old}\n\n{BEGIN}\nOPT_")) && text.ends_with(END), "{text}");
    let shown = env::shown(&text);
    assert!(!shown.contains("sk-"), "{shown}");
    assert!(shown.contains("OPENAI_API_KEY=") && shown.contains("=moa-architect-high-xl"), "{shown}");
    let pasted = text.replace("=moa-architect-high-xl", "=Sk_9");
    assert!(!env::shown(&pasted).contains("Sk_9"), "what is no selector may be a secret");
}

/// What is wrong with a file: the line that is named, and a part of what is said.
#[track_caller]
fn check(placed: Placed, line: usize, part: &str) {
    let refusals = placed.expect_err("it cannot be understood");
    assert!(refusals[0].line == line && refusals[0].message.contains(part), "{refusals:?}");
}

#[test]
fn what_cannot_be_understood_is_named_by_its_line() {
    let yaml = |old: &str| litellm::place(&plans(), DAEMON_URL, old);
    check(yaml("a: 1\n"), 1, "there is no `model_list`; add");
    check(yaml("model_list: []\n"), 1, "write `model_list:` alone");
    check(yaml("model_list:\n  a: 1\n"), 2, "is no list here");
    check(yaml("model_list:\n  - model_name: x\nmodel_list:\n"), 3, "a second time");
    check(yaml("model_list:\n  - a: 1\n---\nb: 1\n"), 3, "a second document");
    check(yaml("model_list:\n\t- a: 1\n"), 2, "a tab");
    check(yaml("model_list:\n  - a: 1\n c: 1\n"), 3, "belongs to no entry");
    check(yaml("model_list:\n  # BEGIN ENSC AUTO\n"), 2, "has no `# END ENSC AUTO`");
    check(yaml("model_list:\n  # END ENSC AUTO\n"), 2, "has no `# BEGIN ENSC AUTO`");
    let region = "  # BEGIN ENSC AUTO\n  # END ENSC AUTO\n";
    check(yaml(&format!("model_list:\n{region}{region}")), 4, "one region of ours");
    check(yaml(&format!("{region}model_list:\n")), 1, "outside of `model_list`");
    check(yaml(&format!("model_list:\n  - a: 1\n{region}    b: 1\n")), 3, "in the middle of an entry");
    check(
        yaml(&format!("model_list:\n    - a: 1\n{region}")),
        3,
        "indented by 2, the entries of `model_list` by 4",
    );
    check(
        yaml("model_list:\n  # BEGIN ENSC AUTO\n    # END ENSC AUTO\n"),
        3,
        "indented by 4, its other one by 2",
    );
    check(
        yaml(&format!("model_list:\n  # BEGIN MLXCTL AUTO\n{region}  # END MLXCTL AUTO\n")),
        3,
        "the region of `MLXCTL`",
    );
    check(
        yaml("model_list:\n  # BEGIN ENSC AUTO\n  # BEGIN MLXCTL AUTO\n  # END ENSC AUTO\n"),
        3,
        "a marker of `MLXCTL`",
    );
    for entry in [
        "model_name: opt-extract-fast-s # mine",
        "model_name: \"opt-extract-fast-s\"",
        "{a: 1, 'model_name': opt-extract-fast-s}",
        "a: 1\n    model_name: 'opt-extract-fast-s'",
    ] {
        let line = 1 + entry.lines().count();
        check(
            yaml(&format!("model_list:\n  - {entry}\n")),
            line,
            "`opt-extract-fast-s` has an entry outside",
        );
    }

    let jsonl = |old: &str| handles::place(&plans(), old);
    let ours = "{\"handle\":\"opt-extract-fast-s\",\"endpoint_ref\":\"ep_optillm_proxy_4020\"}\n";
    check(jsonl(&format!("{ours}# a comment\n")), 2, "no JSON object");
    check(jsonl("{}\n[1]\n"), 2, "no JSON object");
    check(jsonl(&format!("{ours}\n{ours}")), 3, "a row in line 1, too");
    check(jsonl(&ours.replace("4020", "4021")), 1, "on another endpoint");

    let vars = |old: &str| env::place(&plans(), old);
    check(vars("A=1\nB=\"2\nC=3\n"), 2, "does not end");
    check(vars("A=1 \\"), 1, "does not end");
    check(vars("# BEGIN ENSC AUTO\nA=1\n"), 1, "has no `# END ENSC AUTO`");
    check(vars("OPT_EXTRACT_FAST_S_MODEL=secret\n"), 1, "`OPT_EXTRACT_FAST_S_MODEL` stands outside");
    check(
        vars("# BEGIN ENSC AUTO\nOPENAI_API_KEY=secret\n# END ENSC AUTO\n"),
        2,
        "`OPENAI_API_KEY` stands in our region",
    );
    for old in
        ["OPT_EXTRACT_FAST_S_MODEL=secret\n", "# BEGIN ENSC AUTO\nA=secret\n# END ENSC AUTO\n", "A='secret"]
    {
        assert!(!format!("{:?}", vars(old)).contains("secret"), "{old}");
    }
}
