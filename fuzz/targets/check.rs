//! Any text beside a platform that is right gives plans or complaints that can be shown: no panic in any phase.

#![no_main]

use ensc::diagnostic::catalogue::PLATFORM;
use ensc::lint::Policy;
use ensc::source::{SourceFile, Sources};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("fuzzed.ens", text));
    sources.add(SourceFile::new("platform.ens", PLATFORM));
    let compiled = ensc::compile(&sources, &Policy::default());
    let shown = ensc::diagnostic::render::render(&sources, &compiled.diagnostics, false);
    assert_eq!(shown.is_empty(), compiled.diagnostics.is_empty());
    for plan in &compiled.plans {
        assert!(!ensc::explain::to_text(plan, true).is_empty());
    }
});
