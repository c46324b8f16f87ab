//! Verbs that choose, climb and go round; techniques; tests.

use super::{Mistake, bare, helped};

pub const ROWS: &[Mistake] = &[
    // cascade, route
    helped("prelude/choosing.ens", "cascade [cheap, chief]", "cascade [cheap, «chef»]", "N001"),
    helped(
        "prelude/choosing.ens",
        "cascade [cheap, chief] by judge {",
        "cascade [cheap, chief] by «juge» {",
        "N001",
    ),
    helped(
        "prelude/choosing.ens",
        "cascade [cheap, chief] by judge { accept: bar }",
        "«cascade» [cheap, chief]",
        "G014",
    ),
    bare("prelude/choosing.ens", "accept: bar", "accept: «barr»", "T001"),
    bare("prelude/choosing.ens", "accept: bar", "accept: «8»", "T016"),
    helped("prelude/choosing.ens", "accept: bar", "«acept»: bar", "T002"),
    helped("prelude/choosing.ens", "route by cheap {", "«route» {", "G013"),
    helped("prelude/choosing.ens", "    else -> ask chief\n", "", "G012").at("  reply = «route» by cheap {"),
    helped("prelude/choosing.ens", "-> majority-vote", "-> «majority-vot»", "N001"),
    helped("prelude/choosing.ens", "-> moa\n", "«=>» moa\n", "S018"),
    helped("prelude/choosing.ens", "    else -> ask chief\n", "    else ask chief\n", "G012")
        .at("  reply = «route» by cheap {"),
    helped(
        "prelude/choosing.ens",
        "    else -> ask chief\n",
        "    else -> ask chief else «parallel» panel\n",
        "T010",
    ),
    // else
    helped(
        "prelude/panel.ens",
        "prompt: write(drafts) } else first(drafts)",
        "prompt: write(drafts) } else «drafts»",
        "T010",
    ),
    helped(
        "prelude/panel.ens",
        "prompt: write(drafts) } else first(drafts)",
        "prompt: write(drafts) } else «first(2, drafts)»",
        "T010",
    ),
    helped(
        "prelude/panel.ens",
        "prompt: write(drafts) } else first(drafts)",
        "prompt: write(drafts) } else «route» {\n    when request.images > 0 -> drafts\n    else -> drafts\n  }",
        "T010",
    ),
    // repeat
    helped(
        "prelude/loops.ens",
        "repeat draft up to rounds {\n    notes",
        "repeat draft«» {\n    notes",
        "S016",
    ),
    helped(
        "prelude/loops.ens",
        "repeat draft up to rounds {\n    notes",
        "repeat «draftt» up to rounds {\n    notes",
        "N001",
    ),
    helped("prelude/loops.ens", "up to rounds {\n    notes", "up to «round» {\n    notes", "N001"),
    helped("prelude/loops.ens", "stop when \"no changes\"", "stop «if» \"no changes\"", "S017"),
    helped("prelude/loops.ens", "stop when verdict.text", "stop when «verdit».text", "T004"),
    helped("prelude/loops.ens", "stop when verdict.text", "stop when verdict.«txt»", "T006"),
    // for
    helped("prelude/loops.ens", "for parent in pool up", "for parent in «pol» up", "T004"),
    helped("prelude/loops.ens", "for parent in pool up to beam {", "for parent in pool «»{", "S016"),
    helped(
        "prelude/loops.ens",
        "for parent in pool up to beam {",
        "for parent«» of pool up to beam {",
        "S016",
    ),
    bare("prelude/loops.ens", "need: keep", "need: «keeep»", "T001"),
    // score, best, pick, vote, groups
    helped("prelude/loops.ens", "pool = best(beam, concat(pool", "pool = «bst»(beam, concat(pool", "N001"),
    helped("prelude/loops.ens", "marked = score children by judge", "marked = score children«»", "S016"),
    helped(
        "prelude/loops.ens",
        "marked = score children by judge",
        "marked = score «childs» by judge",
        "N001",
    ),
    helped("prelude/loops.ens", "cold = ask chief", "cold = ask «chif»", "N001"),
    bare("prelude/loops.ens", "min_share: 0.5", "min_share: «5»", "T016"),
    helped(
        "prelude/loops.ens",
        "pick finals by judge { method: score }",
        "pick finals by judge { method: «scor» }",
        "T001",
    ),
    helped("prelude/panel.ens", "over views", "over «view»", "N001"),
    helped("prelude/panel.ens", "own: skip", "own: «skipp»", "T001"),
    helped("prelude/panel.ens", "method: rank", "method: «ranked»", "T001"),
    // techniques
    helped("prelude/loops.ens", "cepo-branch(chief: chief,", "cepo-branch(«chef»: chief,", "N001"),
    helped("prelude/loops.ens", "sample width of cepo-branch(", "sample width of «cepo-branc»(", "N001"),
    helped("prelude/loops.ens", "cepo-branch(chief: model,", "cepo-branch(«chief»,", "U008"),
    helped("prelude/loops.ens", "cepo-branch(chief: model,", "cepo-branch(chief: «modle»,", "N001"),
    helped("prelude/loops.ens", "cepo-branch(chief: model,", "cepo-branch(chief: «llm»,", "N001"),
    helped("prelude/panel.ens", "write: prompt = synthesize", "write: «promt» = synthesize", "N001"),
    helped("prelude/panel.ens", "write: prompt = synthesize", "write: prompt = «synthesise»", "N001"),
    // tests
    helped(
        "new/tests.ens",
        "its own\" {\n  run second-opinion at",
        "its own\" {\n  run «second-opinon» at",
        "N001",
    ),
    helped(
        "new/tests.ens",
        "its own\" {\n  run second-opinion at fast-m",
        "its own\" {\n  run second-opinion at «fast-n»",
        "E005",
    ),
    helped(
        "new/tests.ens",
        "its own\" {\n  run second-opinion at fast-m",
        "its own\" {\n  run second-opinion at «m-fast»",
        "E005",
    ),
    helped("new/tests.ens", "expect drafts | length", "expect «draft» | length", "T004"),
    helped("new/tests.ens", "expect calls == 3", "expect «call» == 3", "T004"),
    helped("new/tests.ens", "in reply.prompt", "in reply.«promt»", "T006"),
    helped(
        "new/tests.ens",
        "mock editor-large -> fail refused",
        "mock «editor-larg» -> fail refused",
        "N001",
    ),
    helped(
        "new/tests.ens",
        "mock editor-large -> fail refused",
        "mock editor-large -> fail «refusd»",
        "T001",
    ),
    helped(
        "new/tests.ens",
        "mock editor-large -> fail refused",
        "mock editor-large «=>» fail refused",
        "S018",
    ),
    helped(
        "new/tests.ens",
        "mock editor-large -> fail refused",
        "«mok editor-large -> fail refused»",
        "S011",
    ),
    helped("new/tests.ens", "  expect error\n", "", "E001")
        .at("test «\"without any answer the request fails\"» {"),
    helped("new/tests.ens", "  expect error\n", "  «expct error»\n", "S011"),
    helped("new/tests.ens", "test \"one lost", "«tset» \"one lost", "S013"),
    helped("new/tests.ens", "its own\" {\n  run second-opinion at fast-m\n", "its own\" {\n", "E002")
        .at("test «\"the third model sees both answers and writes its own\"» {"),
    helped("prelude/panel.ens", "{ prompt: rebut(mine, others)", "{ prompt: rebut(«mines», others)", "T004"),
    helped(
        "prelude/loops.ens",
        "draft = ask chief { prompt: revise(",
        "drat = ask chief { prompt: revise(",
        "G011",
    )
    .at("reply = repeat «draft» up to rounds {\n    notes"),
];
