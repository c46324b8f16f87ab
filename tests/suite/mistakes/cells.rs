//! Cells, tiers, profiles and the roles that they fill.

use super::{Mistake, bare, helped};

pub const ROWS: &[Mistake] = &[
    helped("clean.ens", "at fast-s {", "at «fsat»-s {", "C001"),
    helped("clean.ens", "at fast-s {", "at fast-«sx» {", "C001"),
    helped("architect.ens", "at balanced-l {", "at «ballanced»-l {", "C001"),
    helped("architect.ens", "at balanced-l {", "at balanced-«zzz» {", "C001"),
    helped("clean.ens", "at fast-s {", "at «s-fast» {", "C001"),
    helped("architect.ens", "at balanced-l {", "at «l-balanced» {", "C001"),
    helped("architect.ens", "at balanced-l {", "at «l-*» {", "C001"),
    helped("architect.ens", "at balanced-l {", "at «balanced» {", "C002"),
    helped("architect.ens", "at balanced-l {", "at «balanced-l-high» {", "C002"),
    helped(
        "architect.ens",
        "ensemble architect at balanced-l {",
        "ensemble «architect» at high-xl {",
        "C004",
    ),
    helped("chat.ens", "at balanced-m {", "at balanced-s {", "C003").at("notes = ask «cheap» {"),
    helped("research.ens", "at high-xl {", "at high-l {", "C003").at("doubts = ask «sceptic» {"),
    helped("tiers/xl.ens", "sceptic = mlx", "doubter = mlx", "N001")
        .at_in("research.ens", "doubts = ask «sceptic» {"),
    helped("tiers/m.ens", "tier m {", "tier mm {", "C001").at_in("chat.ens", "at balanced-«m» {"),
    helped("tiers/l.ens", "memory: 150GB", "«memory» = 150GB", "T012"),
    helped("profiles.ens", "  width = 3\n", "  «width»: 3\n", "T002"),
    helped("tiers/l.ens", "chief = mlx-gpt-oss-120b-mxfp4-q4", "«chief»: mlx-gpt-oss-120b-mxfp4-q4", "T002"),
    bare("tiers/l.ens", "judge = mlx-gpt-oss-20b-mxfp4-q4", "«judge» = ask mlx-gpt-oss-20b-mxfp4-q4", "T011"),
    helped("profiles.ens", "profile fast {", "profile s { }\n\nprofile fast {", "C006")
        .at_in("tiers/s.ens", "tier «s» {"),
    bare("profiles.ens", "  width = 3\n  timeout: 5m", "  width = [«3»]\n  timeout: 5m", "T010"),
];
