//! Names that mean nothing, mean two things, or cannot be names.

use super::{Mistake, helped};

pub const ROWS: &[Mistake] = &[
    // models, roles, steps
    helped("architect.ens", "merge drafts by chief {", "merge drafts by «cheif» {", "N001"),
    helped("architect.ens", "merge drafts by chief {", "merge «draft» by chief {", "N001"),
    helped("architect.ens", "else first(drafts)", "else first(«draft»)", "N001"),
    helped("architect.ens", "else first(drafts)", "else «frist»(drafts)", "N001"),
    helped("architect.ens", "reply = pick drafts by judge", "reply = pick drafts by «jugde»", "N001"),
    helped("code.ens", "first_try = ask coder {", "first_try = ask «codr» {", "N001"),
    helped("code.ens", "sample width of second", "sample «witdh» of second", "N001"),
    helped("code.ens", "sample width of second", "sample width of «secnd»", "N001"),
    helped("code.ens", "pick [first_try, more_tries]", "pick [first_try, «more_trys»]", "N001"),
    helped("summarize.ens", "without(panel, chief)", "without(panel, «chef»)", "N001"),
    helped("chat.ens", "notes = ask cheap", "notes = ask «cheep»", "N001"),
    helped("chat.ens", "else ask second { }", "else ask «secondd» { }", "N001"),
    helped("extract.ens", "vote reads else", "vote «read» else", "N001"),
    helped(
        "tiers/l.ens",
        "coder = mlx-qwen2-5-coder-32b-instruct-8bit",
        "coder = «mlx-qwen2-5-code-32b-instruct-8bit»",
        "N001",
    ),
    helped("tiers/s.ens", "ov-llama-3-2-3b-instruct-fp16", "«ov-lama-3-2-3b-instruct-fp16»", "N001"),
    helped(
        "tiers/m.ens",
        "second = mlx-gemma-3-27b-it-qat-4bit",
        "second = «mlx-gemma-3-27b-it-qat-4bits»",
        "N001",
    ),
    // prompts and their parameters
    helped("architect.ens", "prompt: weigh_designs(drafts)", "prompt: «weigh_design»(drafts)", "N001"),
    helped("architect.ens", "prompt: weigh_designs(drafts)", "prompt: weigh_designs(«draft»)", "T004"),
    helped(
        "architect.ens",
        "prompt: weigh_designs(drafts)",
        "prompt: weigh_designs(«draft»: drafts)",
        "N001",
    ),
    helped("architect.ens", "prompt: weigh_designs(drafts)", "prompt: «weigh_designs»", "T013"),
    helped(
        "architect.ens",
        "prompt: weigh_designs(drafts)",
        "prompt: «weigh_designs(drafts, chief)»",
        "T013",
    ),
    helped("research.ens", "settle(views, doubts) }", "«settle(views)» }", "T013"),
    helped(
        "code.ens",
        "system: code_well\n    temperature: 0.2",
        "system: «code_wel»\n    temperature: 0.2",
        "N001",
    ),
    // defined twice, hidden, impossible
    helped("defaults.ens", "defaults {", "defaults { }\n«d»efaults {", "N002"),
    // forms
    helped("clean.ens", "ensemble clean at fast-s", "ensemble «Clean» at fast-s", "N005"),
    helped("clean.ens", "ensemble clean at fast-s", "ensemble «clean_up» at fast-s", "N005"),
    helped("tiers/xl.ens", "tier xl {", "tier «XL» {", "N005"),
    helped("chat.ens", "prompt note_wishes() ", "prompt «note-wishes»() ", "N005"),
    helped("route.ens", "reply = text", "«Reply» = text", "N005"),
    helped("route.ens", "reply = text", "«replay» = text", "G001").at("ensemble «route» at fast-s"),
    helped("models.ens", "// === The Studio, MLX ===", "model mlx-gpt-oss-120b-mxfp4-q4 { }", "N002")
        .at("model «mlx-gpt-oss-120b-mxfp4-q4» {\n  runtime"),
    helped("profiles.ens", "profile balanced {", "profile «high» { }\n\nprofile balanced {", "N002"),
    helped("code.ens", "  more_tries = sample", "  «first_try» = ask chief\n  more_tries = sample", "N002"),
    helped(
        "architect.ens",
        "prompt list_demands()",
        "prompt «design_well»() \"x\"\n\nprompt list_demands()",
        "N002",
    ),
    helped("chat.ens", "  draft = ask second {", "  «panel» = ask second\n  draft = ask second {", "N004"),
    helped("summarize.ens", "  notes = parallel", "  «chief» = ask second\n  notes = parallel", "N004"),
    helped("extract.ens", "  reads = parallel", "  «vote» = ask chief\n  reads = parallel", "N003"),
    helped("extract.ens", "  reads = parallel", "  «it» = ask chief\n  reads = parallel", "N003"),
    helped("tiers/m.ens", "  cheap = mlx", "  «first» = mlx-gpt-oss-20b-mxfp4-q4\n  cheap = mlx", "N003"),
    helped(
        "clean.ens",
        "prompt clean_up(task)",
        "prompt extra(«request») \"x\"\n\nprompt clean_up(task)",
        "N003",
    ),
    helped("tiers/m.ens", "cheap = mlx", "«Cheap» = mlx", "N005"),
    helped(
        "tour",
        "ensemble advice at high-l",
        "ensemble «deep-120b» at high-l { reply = ask chief }\n\nensemble advice at high-l",
        "N004",
    ),
];
