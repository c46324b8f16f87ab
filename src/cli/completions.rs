//! `ensc completions`: what a shell must know to complete the command.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::cli::output::{Output, Stop};

/// Print what a shell needs to complete the command
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc completions bash > ~/.local/share/bash-completion/completions/ensc
  ensc completions zsh > ~/.zfunc/_ensc
  ensc completions fish > ~/.config/fish/completions/ensc.fish")]
pub struct Args {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

impl Args {
    /// # Errors
    ///
    /// Standard output that cannot be written.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "ensc", &mut text);
        out.print(&String::from_utf8_lossy(&text))
    }
}
