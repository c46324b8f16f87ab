//! Where a page's commands are run: a copy of the tree, a home and a `/` of their own, and stand-ins for every program that
//! would touch the machine.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::page::Page;

/// Programs that `stand-in.sh` stands in for.
pub const STAND_INS: [&str; 20] = [
    "apt",
    "cargo",
    "curl",
    "ensc",
    "journalctl",
    "jq",
    "launchctl",
    "litellm",
    "mlxctl",
    "ovctl",
    "pgrep",
    "python3",
    "rg",
    "ss",
    "sudo",
    "systemctl",
    "systemd-analyze",
    "taskset",
    "packaging/deb.sh",
    "packaging/static.sh",
];

/// Scripts of the tree that are not run from a page, since they are tests and builds of their own.
const SCRIPTS: [&str; 4] = ["tests/all.sh", "packaging/deb.sh", "packaging/static.sh", "docs/book/build.sh"];

/// Programs that are themselves: they do what they are told below the sandbox. No other is there.
const THEMSELVES: [&str; 6] = ["bash", "cat", "cp", "install", "mkdir", "touch"];

/// What of the tree a page may speak of.
const COPIED: [&str; 5] = ["Cargo.toml", "ensembles", "systemd", "launchd", "packaging"];

/// Folders of a machine, which are those of the sandbox.
const FOLDERS: [&str; 7] = [
    "/etc/optillm-proxy",
    "/etc/systemd/system",
    "/Library/LaunchDaemons",
    "/usr/local/bin",
    "/usr/share/ensc",
    "/usr/local/var/log",
    "/var/lib",
];

/// What somebody types who asks for a key.
const TYPED: &str = "a-key\n";

/// A platform with the files that only others make.
const PLATFORM: &str = "\
platform=${1:-.}
mkdir -p $platform/layer-gateway/registry $platform/layer-gateway/litellm-orch/config
touch $platform/layer-gateway/registry/handles.jsonl
echo 'model_list:' > $platform/layer-gateway/litellm-orch/config/router.yaml
ensc sync --root $platform > /dev/null
";

/// Pages whose commands are not run in the folder of the tree as it is: in which folder, and after which commands.
/// A page that shows files by name (` ```ens NAME `) is run in a folder of these.
const PLACES: [(&str, &str, &str); 4] = [
    // There is something to format.
    ("docs/fmt.md", "ensembles", "echo 'ensemble mail at balanced-m { reply=ask  chief }' > mail.ens"),
    // There is a platform in the home, and a file that `--write` can change.
    ("docs/exports.md", ".", "set -- ~/platform; . \"$RUN/platform\"; ensc export handles > handles.jsonl"),
    // The same, and ensembles that are installed.
    (
        "docs/doctor.md",
        ".",
        "set -- ~/platform; . \"$RUN/platform\"; cp -r ensembles \"$ROOT/etc/optillm-proxy/\"",
    ),
    // These are pages of the platform, so its root is the folder.
    ("docs/platform/", ".", ". \"$RUN/platform\""),
];

pub struct Sandbox {
    folder: TempDir,
    work: PathBuf,
}

// === impl Sandbox ===

impl Sandbox {
    /// As the page has it.
    ///
    /// # Errors
    ///
    /// What comes before its commands does not run.
    pub fn of(page: &Page, tree: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |path: &str| folder.path().join(path);
        let make = |path: PathBuf| fs::create_dir_all(path).expect("a folder");
        for name in ["bin", "home", "run", "root", "work"] {
            make(at(name));
        }
        for name in FOLDERS {
            make(at("root").join(&name[1..]));
        }
        let stand_in = tree.join("tests/suite/commands/stand-in.sh");
        for name in STAND_INS.iter().filter(|name| !name.contains('/')) {
            symlink(&stand_in, at("bin").join(name)).expect("a link");
        }
        for name in THEMSELVES {
            symlink(found(name), at("bin").join(name)).expect("a link");
        }
        let settings = format!("[sync]\nenv = \"{}\"\n", at("root/etc/optillm-proxy/env").display());
        fs::write(at("run/ensc.toml"), settings).expect("a file");
        fs::write(at("run/typed"), TYPED).expect("a file");
        fs::write(at("run/platform"), PLATFORM).expect("a file");

        let shown: Vec<_> =
            page.blocks.iter().filter(|block| block.kind == "ens" && !block.title.is_empty()).collect();
        let mut sandbox = Self { work: at("work"), folder };
        if shown.is_empty() {
            sandbox.copy(tree);
        }
        for file in shown {
            let path = sandbox.work.join(&file.title);
            make(path.parent().expect("a file lies in a folder").to_owned());
            fs::write(path, &file.text).expect("a file");
        }
        let place = PLACES.iter().find(|(name, ..)| page.path.starts_with(name));
        if let Some((_, inside, before)) = place {
            sandbox.work.push(inside);
            sandbox.run(before, tree)?;
        }
        Ok(sandbox)
    }

    fn copy(&self, tree: &Path) {
        let copied = COPIED.iter().map(|name| tree.join(name));
        let done = Command::new("cp").arg("-R").args(copied).arg(&self.work).status();
        assert!(done.expect("there is `cp`").success());
        for name in SCRIPTS {
            let to = self.work.join(name);
            fs::create_dir_all(to.parent().expect("it is in a folder")).expect("a folder");
            let _ = fs::remove_file(&to);
            symlink(tree.join("tests/suite/commands/stand-in.sh"), to).expect("a link");
        }
    }

    /// Runs commands until one fails, and gives what they print on both streams.
    ///
    /// # Errors
    ///
    /// The line of the command that failed, from 0, with what was printed.
    fn bash(&self, commands: &str, tree: &Path) -> Result<String, (usize, String)> {
        let root = self.folder.path();
        let script = root.join("run/script");
        let text = below(&root.join("root"), commands);
        fs::write(&script, format!("exec 2>&1; trap 'echo $LINENO > \"$RUN/failed\"' ERR\n{text}\n"))
            .expect("a file");
        let _ = fs::remove_file(root.join("run/failed"));
        let done = Command::new("bash")
            .args(["-e", "-o", "pipefail"])
            .arg(&script)
            .current_dir(&self.work)
            .env_clear()
            .env("LANG", "C.UTF-8")
            .env("PATH", root.join("bin"))
            .env("REAL", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", root.join("home"))
            .env("ROOT", root.join("root"))
            .env("RUN", root.join("run"))
            .env("TREE", tree)
            .env("ENSC", env!("CARGO_BIN_EXE_ensc"))
            .env("ENSC_CONFIG", root.join("run/ensc.toml"))
            // Nobody answers there.
            .env("ENSC_BASE_URL", "http://127.0.0.1:1/v1")
            .env("ENSC_PORT", "2")
            .env("OPTILLM_API_KEY", "a-key")
            .env("LITELLM_API_KEY", "a-key")
            .stdin(fs::File::open(root.join("run/typed")).expect("it was written"))
            .output()
            .expect("there is `bash`");
        let printed =
            String::from_utf8_lossy(&done.stdout).replace(&*root.join("root").to_string_lossy(), "");
        if done.status.success() {
            return Ok(printed);
        }
        let failed = fs::read_to_string(root.join("run/failed")).unwrap_or_default();
        let line: usize = failed.trim().parse().unwrap_or(2);
        Err((line.saturating_sub(2), printed))
    }

    /// Runs commands that all have to succeed.
    ///
    /// # Errors
    ///
    /// Which one does not, and what it says.
    pub fn run(&self, commands: &str, tree: &Path) -> Result<(), String> {
        self.run_lines(commands, tree).map_err(|(_, said)| said)
    }

    /// The same, with the line of the one that failed, from 0.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub fn run_lines(&self, commands: &str, tree: &Path) -> Result<(), (usize, String)> {
        self.bash(commands, tree).map(|_| ()).map_err(|(line, printed)| {
            let command = commands.lines().nth(line).unwrap_or(commands);
            (line, format!("`{command}` fails:\n{printed}"))
        })
    }

    /// What a command prints, whatever its exit code.
    pub fn printed(&self, command: &str, tree: &Path) -> String {
        self.bash(command, tree).unwrap_or_else(|(_, printed)| printed)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let pids = fs::read_to_string(self.folder.path().join("run/pids")).unwrap_or_default();
        for pid in pids.lines() {
            let _ = Command::new("kill").args(["-KILL", pid]).status();
        }
    }
}

/// The one place where absolute paths become paths of the sandbox.
fn below(root: &Path, commands: &str) -> String {
    let mut text = String::new();
    let mut before = ' ';
    for (at, sign) in commands.char_indices() {
        let begins = before.is_whitespace() || matches!(before, '=' | '"' | '\'');
        if begins && ["/etc/", "/usr/", "/var/", "/Library/"].iter().any(|it| commands[at..].starts_with(it))
        {
            text.push_str(&root.to_string_lossy());
        }
        text.push(sign);
        before = sign;
    }
    text
}

/// Where a program is.
fn found(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).map(|folder| folder.join(name));
    places.into_iter().find(|path| path.exists()).unwrap_or_else(|| panic!("there is no `{name}`"))
}
