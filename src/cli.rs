//! The command line: one file a verb. Knows the terminal, and of the rest of the crate only its front doors.

pub mod check;
pub mod choices;
mod collector;
pub mod completions;
pub mod config;
pub mod diff;
pub mod doctor;
mod duration;
pub mod explain;
pub mod export;
pub mod fix;
pub mod fmt;
pub mod limits;
mod list;
pub mod man;
pub mod manager;
pub mod memory;
pub mod models;
pub mod new;
pub mod output;
pub mod reload;
pub mod requests;
pub mod run;
pub mod serve;
pub mod signal;
pub mod sim;
pub mod sync;
pub mod target;
pub mod test;
pub mod why;
pub mod world;

use std::process::ExitCode;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

use crate::cli::output::{ColorChoice, Output, Stop};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Ensembles of language models, declared in `.ens` files and served as OpenAI-compatible models.
#[derive(Debug, Parser)]
#[command(
    name = "ensc",
    version,
    styles = STYLES,
    max_term_width = 100,
    after_help = "\
Examples:
  ensc new                                write a first ensemble to start from
  ensc check                              say what is wrong with the files in ensembles/
  ensc explain opt-architect-high-xl      what this handle will do, and cost at most
  ensc run opt-architect-high-xl \"ping\" --upstream sim
                                          ask it, with simulated models
  ensc serve --port 4020                  answer as an OpenAI-compatible server

Exit codes: 0 all is well, 1 something was found or failed, 2 the command line was not understood."
)]
pub struct Cli {
    /// When to colour: auto does it on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: ColorChoice,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    New(new::Args),
    Check(check::Args),
    Fmt(fmt::Args),
    Explain(explain::Args),
    Why(why::Args),
    List(list::Args),
    Models(models::Args),
    Memory(memory::Args),
    Run(run::Args),
    Test(test::Args),
    Serve(serve::Args),
    Sim(sim::Args),
    #[command(subcommand)]
    Export(export::What),
    Sync(sync::Args),
    Completions(completions::Args),
    Man(man::Args),
    Doctor(doctor::Args),
}

/// Reads the command line, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A reader of the help that has gone away is no reason to complain.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut out = Output::new(cli.color);
    let done = match cli.verb {
        Verb::New(args) => args.run(&mut out),
        Verb::Check(args) => args.run(&mut out),
        Verb::Fmt(args) => args.run(&mut out),
        Verb::Explain(args) => args.run(&mut out),
        Verb::Why(args) => args.run(&mut out),
        Verb::List(args) => args.run(&mut out),
        Verb::Models(args) => args.run(&mut out),
        Verb::Memory(args) => args.run(&mut out),
        Verb::Run(args) => args.run(&mut out),
        Verb::Test(args) => args.run(&mut out),
        Verb::Serve(args) => args.run(&mut out),
        Verb::Sim(args) => args.run(&mut out),
        Verb::Export(what) => what.run(&mut out),
        Verb::Sync(args) => args.run(&mut out),
        Verb::Completions(args) => args.run(&mut out),
        Verb::Man(args) => args.run(&mut out),
        Verb::Doctor(args) => args.run(&mut out),
    };
    match done {
        Ok(()) | Err(Stop::Quiet) => ExitCode::SUCCESS,
        Err(Stop::Found) => ExitCode::from(1),
        Err(Stop::Failed(message)) => {
            out.complain(&message);
            ExitCode::from(1)
        }
        Err(Stop::Usage(message)) => {
            out.complain(&message);
            ExitCode::from(2)
        }
    }
}
