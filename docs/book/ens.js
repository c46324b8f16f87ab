/* global hljs */
// Colours for blocks of the language; `tests/suite/book.rs` holds the words to those of the grammar.

const words = [
    "model tier profile defaults prompt technique ensemble test",
    "at when else stop skip accept run mock fail tool after expect",
    "ask parallel for in up to over sample of merge by score pick vote route cascade race repeat text",
]
    .join(" ")
    .split(" ")
    .join("|");

hljs.registerLanguage("ens", (hljs) => {
    const inner = [
        { className: "subst", begin: /\{\{/, end: /\}\}/ },
        { className: "subst", begin: /\{%/, end: /%\}/ },
    ];
    return {
        name: "ens",
        contains: [
            hljs.COMMENT("//", "$"),
            { className: "string", begin: '""""', end: '""""', contains: inner },
            { className: "string", begin: '"""', end: '"""', contains: inner },
            { className: "string", begin: '"', end: '"', illegal: "\\n", contains: [hljs.BACKSLASH_ESCAPE] },
            { className: "attr", begin: /(?<![\w.-])[a-z_]+(?=:)/ },
            { className: "number", begin: /(?<![\w.-])\$?\d[\d_]*(\.\d+)?[a-zA-Z%]*/ },
            // A word is a name where it is bound, a field after a point, and a part of a longer name beside a dash.
            { className: "keyword", begin: `(?<![\\w./-])(?:${words})(?![\\w./:-]|\\s*=)` },
        ],
    };
});

document.querySelectorAll("code.language-ens").forEach((block) => hljs.highlightBlock(block));
