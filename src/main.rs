//! The `ensc` command. Everything it does is in the library.

use std::process::ExitCode;

/// A request makes some hundred small allocations on one core and frees them on another: the system's allocator spends
/// a fifth of the processor time there (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ensc::cli::main()
}
