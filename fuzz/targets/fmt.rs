//! See `promises::fmt`; held to the whole text, and to its parts: one mistake refuses the whole, and most texts have one.

#![no_main]

#[allow(dead_code)] // the other targets' promises
#[path = "../../tests/suite/hostile/promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|text: &str| {
    promises::fmt(text);
    text.split("\n\n").for_each(promises::fmt);
});
