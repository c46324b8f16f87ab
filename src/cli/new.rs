//! `ensc new`: a first ensemble to start from.

use std::path::{Path, PathBuf};

use crate::cli::output::{Output, Stop};
use crate::cli::world;

/// What is written, by name below the folder.
const FILES: [(&str, &str); 3] = [
    ("platform.ens", include_str!("new/platform.ens")),
    ("second-opinion.ens", include_str!("new/second-opinion.ens")),
    ("tests.ens", include_str!("new/tests.ens")),
];

/// Where it is written unless another folder is named, and where the other verbs look.
const FOLDER: &str = "ensembles";

/// The handle of the ensemble that is written.
const HANDLE: &str = "opt-second-opinion-fast-m";

/// Write a first ensemble to start from
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc new                 in ensembles/
  ensc new my-ensembles    in a folder of that name")]
pub struct Args {
    /// The folder to write to; it is made if it is not there
    #[arg(default_value = FOLDER, value_name = "FOLDER")]
    path: PathBuf,
}

impl Args {
    /// # Errors
    ///
    /// A folder that holds `.ens` files already, and whatever the system has against writing there.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        if world::holds_ensembles(&self.path).map_err(Stop::Failed)? {
            let shown = self.path.display();
            return Err(Stop::Failed(format!("`{shown}` holds `.ens` files already; name another folder")));
        }
        let files: Vec<_> = FILES.iter().map(|(name, text)| (self.path.join(name), *text)).collect();
        world::create(&files).map_err(Stop::Failed)?;
        let written = files.iter().map(|(path, _)| format!("wrote {}\n", path.display()));
        out.print(&format!("{}\n{}", written.collect::<String>(), self.next()))
    }

    /// What to do with it: the other verbs look into `ensembles` by themselves.
    fn next(&self) -> String {
        let folder = self.path.display().to_string();
        let (path, option) = match self.path.as_path() == Path::new(FOLDER) {
            true => (String::new(), String::new()),
            false => (format!(" {folder}"), format!(" --ensembles {folder}")),
        };
        format!(
            "Next:
  ensc check{path}
  ensc test{path}
  ensc explain {HANDLE}{option}
  ensc run {HANDLE} \"Is a whale a fish?\" --upstream sim{option}

Then put your own models into {}.
",
            self.path.join(FILES[0].0).display()
        )
    }
}
