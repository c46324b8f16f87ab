//! To come.

use crate::cli::output::{Output, Stop};

/// To come
#[derive(Debug, clap::Args)]
pub struct Args {}

impl Args {
    /// To come.
    pub fn run(self, _out: &mut Output) -> Result<(), Stop> {
        Err(Stop::Failed("not yet".into()))
    }
}
