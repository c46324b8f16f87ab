//! What the controllers of models read.

use super::{check, fresh, plans};
use crate::explain::sample;
use crate::export::{ensembles_md, optillm, warm};

#[test]
fn an_entry_names_every_model_behind_its_handle() {
    let text = fresh(ensembles_md::place(&plans(), ""));
    let entry = "- **opt-architect-high-xl**
  - Bases: `mlx-gpt-oss-120b-mxfp4-q4`, `mlx-qwen3-next-80b-a3b-instruct-mxfp4`, `mlx-llama-3-1-70b-instruct-4bit`
  - For: Architecture, planning, trade-offs: three independent designs, one synthesis
  - Selector: `moa-architect-high-xl`

- **opt-extract-fast-s**
  - Bases: `ov-mistral-7b-instruct-v0-3-fp16`, `ov-phi-4-mini-instruct-fp16`
";
    assert!(text.starts_with("# Ensembles\n\n") && text.contains(entry), "{text}");
    let mut one = sample::architect();
    one.models.truncate(1);
    assert!(fresh(ensembles_md::place(&[one], "")).contains("  - Base: `mlx-gpt-oss-120b-mxfp4-q4`\n"));
}

#[test]
fn a_profile_names_what_its_runtime_loads() {
    let [architect, extract] = &plans();
    assert_eq!(fresh(warm::place(architect, "")), "");
    assert_eq!(
        fresh(warm::place(extract, "")),
        "ov-mistral-7b-instruct-v0-3-fp16\nov-phi-4-mini-instruct-fp16\n"
    );
    let old = "# by hand\nov-old\r\nov-phi-4-mini-instruct-fp16\nov-phi-4-mini-instruct-fp16\n\n# end";
    let new = "# by hand\nov-phi-4-mini-instruct-fp16\nov-mistral-7b-instruct-v0-3-fp16\n\n# end";
    assert_eq!(warm::place(extract, old), Ok(new.to_owned()));
    assert_eq!(warm::place(architect, "ov-old\n# end\n"), Ok("# end\n".to_owned()));
    let mut unsaid = extract.clone();
    unsaid.models.iter_mut().for_each(|model| model.runtime.clear());
    assert_eq!(warm::models(&unsaid), warm::models(extract), "its name says where it runs");
    unsaid.models[0].runtime = "remote".to_owned();
    assert_eq!(warm::models(&unsaid), ["ov-phi-4-mini-instruct-fp16"]);
}

#[test]
fn what_cannot_be_understood_is_named_by_its_line() {
    let profile = |old: &str| warm::place(&plans()[1], old);
    check(profile("# a\nmlx-a\n"), 2, "begins with `ov-`");
    check(profile("ov-a ov-b\n"), 1, "the name of one model");

    let document = |old: &str| ensembles_md::place(&plans(), old);
    check(document("a\n- **opt-extract-fast-s** by hand\n"), 2, "has an entry outside of our region");
    check(document("```\n- **opt-extract-fast-s**\n```\n"), 2, "has an entry outside of our region");
    check(document("a\n```sh\nb\n~~~\n"), 2, "does not end; close it with ```");
    check(document("<!-- a\n"), 1, "close it with `-->`");
    check(document("<!-- # BEGIN ENSC AUTO -->\n"), 1, "has no `# END ENSC AUTO`");
    check(
        document(
            "<!-- BEGIN MLXCTL AUTO -->\n# BEGIN ENSC AUTO\n# END ENSC AUTO\n<!-- END MLXCTL AUTO -->\n",
        ),
        2,
        "the region of `MLXCTL`",
    );

    let provider = |old: &str| optillm::place("http://127.0.0.1:4000/v1", old);
    check(provider("a: 1\n"), 1, "there is no `providers`");
    check(provider("providers:\n  - name: openai\n    base_url: https://x\n"), 2, "holds our entry alone");
    check(provider("providers:\n- base_url: x\n  name: litellm\n"), 3, "`litellm` has an entry outside");
    check(provider("providers: []\n"), 1, "write `providers:` alone");
}

#[test]
fn the_only_provider_is_litellm() {
    let text = fresh(optillm::place("http://127.0.0.1:4000/v1", ""));
    let own = "providers:
  # BEGIN ENSC AUTO
  - name: litellm
    base_url: http://127.0.0.1:4000/v1
    api_key: \"${OPENAI_API_KEY}\"
  # END ENSC AUTO
";
    assert_eq!(text, own);
}
