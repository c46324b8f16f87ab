//! The graph: what nobody uses, what waits for itself, what may be missing.

use super::{Mistake, helped};

pub const ROWS: &[Mistake] = &[
    helped(
        "chat.ens",
        "prompt: answer_the_user(draft, notes)",
        "prompt: answer_the_user(draft, draft)",
        "G003",
    )
    .at("«notes» = ask cheap {"),
    helped("route.ens", "{{ winner.value or winner.text }}", "{{ votes[0].text }}", "G003")
        .at("«winner» = vote votes"),
    helped("clean.ens", "reply = first([careful, draft])", "reply = draft", "G003").at("  «careful» = ask second {"),
    helped("code.ens", "pick [first_try, more_tries] by", "pick [first_try] by", "G003")
        .at("«more_tries» = sample"),
    helped("clean.ens", "      {{ draft }}\n", "      {{ careful }}\n", "G002").at("  «check» = ask chief {"),
    helped("clean.ens", "      {{ draft }}\n", "      {{ check }}\n", "G002").at("«check» = ask chief"),
    helped("chat.ens", "prompt: note_wishes", "prompt: \"\"\"{{ reply }}\"\"\"", "G002").at("  «notes» = ask cheap {"),
    helped("route.ens", "reply = text", "answer = text", "G001").at("ensemble «route» at fast-s"),
    helped("extract.ens", "  reply = vote reads else", "  result = vote reads else", "G001")
        .at("ensemble «extract» at fast-s"),
    helped("research.ens", "views = parallel panel {", "views = parallel «[]» {", "G004"),
    helped("summarize.ens", "merge notes by chief", "merge «[]» by chief", "G004"),
    helped("chat.ens", "else ask second { }", "else ask second { skip when elapsed > 9 }", "G006").at("  «reply» = ask chief { prompt: answer_the_user(draft, notes) } else ask second { skip when elapsed > 9 }"),
];
