//! See `promises::parse`.

#![no_main]

#[allow(dead_code)] // the other targets' promises
#[path = "../../tests/suite/hostile/promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|text: &str| promises::parse(text));
