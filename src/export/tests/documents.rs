//! The platform's documents about us.

use super::{fresh, plans};
use crate::export::docs::Page;
use crate::export::region::{BEGIN, END};

#[test]
fn each_has_its_title_above_the_region_and_every_table_filled() {
    for page in Page::ALL {
        let text = fresh(page.place(&plans(), ""));
        let (head, rest) = text.split_once(BEGIN).expect("a region");
        assert!(head.starts_with("# ") && head.ends_with("\n\n<!-- "), "{text}");
        assert!(rest.trim_end().ends_with(&format!("<!-- {END} -->")), "{text}");
        for word in
            ["{tiers}", "{handles}", "{limits}", "{selectors}", "{count}", "{overview}", "{choice}", "](#"]
        {
            assert!(!text.contains(word), "{page:?} holds {word}");
        }
    }
}

#[test]
fn each_says_what_the_plans_say() {
    let text = |page: Page| fresh(page.place(&plans(), ""));
    let [architect, _] = &plans();
    for (page, line) in [
        (Page::Techniques, "| xl | 200GB | `opt-architect-high-xl` 150GB |".to_owned()),
        (Page::Techniques, "| `moa` | Mixture of agents".to_owned()),
        (Page::Techniques, "| xl, large models only | mixture of agents".to_owned()),
        (
            Page::Integrations,
            "| `opt-architect-high-xl` | mlx | Architecture, planning, trade-offs: three independent designs, one synthesis |"
                .to_owned(),
        ),
        (Page::Integrations, "| `opt-architect-high-xl` | 65536 |".to_owned()),
        (Page::Journal, "It offers 2 handles".to_owned()),
        (
            Page::ServiceSpec,
            format!(
                "| `opt-architect-high-xl` | `moa-architect-high-xl` | 4 | 2 | `{}` |",
                architect.short_hash()
            ),
        ),
    ] {
        assert!(text(page).contains(&line), "{page:?} lacks {line}\n{}", text(page));
    }
}
