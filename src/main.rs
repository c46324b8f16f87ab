//! The `ensc` command. Everything it does is in the library.

use std::process::ExitCode;

/// The system's own makes threads wait for each other where one frees what another has taken, and that is half of what a
/// run does (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ensc::cli::main()
}
