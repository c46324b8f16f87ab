//! `ensc man`: the pages of the manual, made of the same words as the help.

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::Cli;
use crate::cli::output::{Output, Stop};
use crate::diagnostic::suggest::did_you_mean;

/// Print a page of the manual, for `man`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc man | man -l -
  ensc man ensc-serve > ensc-serve.1
  ensc man --list")]
pub struct Args {
    /// Which page
    #[arg(default_value = "ensc", value_name = "PAGE")]
    page: String,

    /// Print the names of all pages instead
    #[arg(long)]
    list: bool,
}

impl Args {
    /// # Errors
    ///
    /// A page that does not exist.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let mut root = Cli::command().disable_help_subcommand(true);
        root.build();
        let mut pages = Vec::new();
        collect(&root, &mut pages);
        if self.list {
            return out.print(&pages.iter().map(|page| format!("{}\n", name(page))).collect::<String>());
        }
        let Some(page) = pages.iter().find(|page| name(page) == self.page) else {
            let advice = did_you_mean(&self.page, pages.iter().map(|page| name(page)));
            let advice = advice.unwrap_or_else(|| "`ensc man --list` names all of them".to_owned());
            return Err(Stop::Failed(format!("there is no page `{}`; {advice}", self.page)));
        };
        let mut text = Vec::new();
        Man::new((*page).clone()).render(&mut text)?;
        out.print(&String::from_utf8_lossy(&text))
    }
}

/// The command and all below it, each with a page.
fn collect<'a>(command: &'a Command, pages: &mut Vec<&'a Command>) {
    pages.push(command);
    command.get_subcommands().filter(|below| !below.is_hide_set()).for_each(|below| collect(below, pages));
}

/// `ensc-export-handles`, once the tree is built.
fn name(page: &Command) -> &str {
    page.get_display_name().unwrap_or_else(|| page.get_name())
}
