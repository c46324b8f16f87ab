//! Every command on every page is run, and every example that is not run is read: a page below `docs/` or the README cannot
//! show what is not there.
//!
//! | on the page | here |
//! | --- | --- |
//! | `console` | each `$ …` is run in order, and prints what is shown; a line `…` stands for any lines |
//! | `sh` | each command is run in order, and succeeds |
//! | `toml` | is an `ensc.toml` that is taken |
//! | `json`, `ens` | is read without a mistake |
//! | `ensc …` in a sentence or a table | is a command line that is taken |
//! | another program of `STAND_INS` there | is run |
//!
//! All commands of a page share a sandbox (`commands/sandbox.rs`). `ENSC_BLESS=1` writes what is printed into the page.

pub mod page;
mod sandbox;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use ensc::cli::Cli;
use ensc::cli::config::Place;
use ensc::cli::output::Stop;
use ensc::source::{SourceFile, Sources};

use crate::cli::sound;
use crate::site::unit::words;
use page::{Block, Page};
use sandbox::{STAND_INS, Sandbox};

/// Blocks that hold no command and nothing that is read by us.
const SHOWN: [(&str, &str); 2] = [
    ("text", "a picture, a message or a fragment: no command may stand there"),
    ("yaml", "settings of other programs"),
];

/// Programs that are wrong, with what is said of them: another test compiles each, and compares.
const WRONG: &str = "docs/errors.md";

/// What capital letters stand for in a command.
const PLACEHOLDERS: [(&str, &str); 13] = [
    ("A", "opt-code-balanced-l"),
    ("B", "opt-architect-balanced-l"),
    ("DIR", "platform"),
    ("ENSEMBLE", "architect"),
    ("FILE", "file"),
    ("FOLDER", "first"),
    ("HANDLE", "opt-architect-high-xl"),
    ("MODEL", "ov-mistral-7b-instruct-v0-3-fp16"),
    ("OTHER", "opt-architect-balanced-l"),
    ("PAGE", "ensc-check"),
    ("PATH", "ensembles"),
    ("SHELL", "bash"),
    ("WHAT", "handles"),
];

fn tree() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_command_of_every_page_runs_and_every_example_is_read() {
    let pages = page::all(tree());
    let looks: Vec<_> = std::thread::scope(|scope| {
        let looks: Vec<_> = pages.iter().map(|page| scope.spawn(|| wrong(page))).collect();
        looks.into_iter().map(|look| look.join().expect("a page is looked at")).collect()
    });
    let bless = std::env::var_os("ENSC_BLESS").is_some();
    for (page, (_, anew)) in pages.iter().zip(&looks).filter(|_| bless) {
        assert!(std::env::var_os("CI").is_none(), "a CI run compares, it never writes");
        if let Some(anew) = anew {
            fs::write(tree().join(&page.path), anew).expect("the page can be written");
        }
    }
    let wrong: Vec<String> = looks.into_iter().flat_map(|(wrong, _)| wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let count =
        |kind: &str| pages.iter().flat_map(|page| &page.blocks).filter(|block| block.kind == kind).count();
    assert!(count("console") >= 10 && count("sh") >= 10, "the pages have lost their commands");
}

/// What is wrong with a page, each with its line; and the page with what its commands print, if that is something else.
fn wrong(page: &Page) -> (Vec<String>, Option<String>) {
    let at = |line: usize, what: String| format!("{}:{line}: {what}", page.path.display());
    let mut found = Vec::new();
    let mut anew = Vec::new();
    let sandbox = match Sandbox::of(page, tree()) {
        Ok(sandbox) => sandbox,
        Err(why) => return (vec![at(1, format!("what comes before its commands: {why}"))], None),
    };
    for (index, block) in page.blocks.iter().enumerate() {
        let done = match block.kind.as_str() {
            "console" => transcript(block, &sandbox, &mut |text| anew.push((index, text))),
            "sh" => sandbox.run_lines(&block.text, tree()),
            "toml" => settings(&block.text),
            "json" => serde_json::from_str::<serde_json::Value>(&block.text)
                .map(|_| ())
                .map_err(|error| (error.line() - 1, error.to_string())),
            "ens" if page.path == Path::new(WRONG) => Ok(()),
            "ens" => program(&block.text),
            kind if SHOWN.iter().any(|(known, _)| *known == kind) => no_command(&block.text),
            kind => Err((0, format!("nothing runs or reads a block of `{kind}`"))),
        };
        if let Err((line, what)) = done {
            found.push(at(block.line + line, what));
        }
    }
    for (line, span) in &page.spans {
        if let Err(what) = inline(span, &sandbox) {
            found.push(at(*line, what));
        }
    }
    let anew = (!anew.is_empty()).then(|| page.with(&anew));
    (found, anew)
}

/// Runs each `$ …` and compares what it prints with what stands below it.
fn transcript(block: &Block, sandbox: &Sandbox, anew: &mut dyn FnMut(String)) -> Result<(), (usize, String)> {
    let mut text = String::new();
    let mut wrong = None;
    let lines: Vec<&str> = block.text.lines().collect();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let Some(first) = line.strip_prefix("$ ") else {
            return Err((at, format!("a command begins with `$ `, not so: {line}")));
        };
        let begun = at;
        let mut command = first.to_owned();
        while command.ends_with('\\') && at + 1 < lines.len() {
            at += 1;
            command = format!("{command}\n{}", lines[at]);
        }
        at += 1;
        let rest = &lines[at..];
        let shown = &rest[..rest.iter().position(|line| line.starts_with("$ ")).unwrap_or(rest.len())];
        at += shown.len();
        let printed = sandbox.printed(&command, tree());
        let kept = fits(shown, &printed);
        text += &lines[begun..at - shown.len()].join("\n");
        text.push('\n');
        if kept {
            shown.iter().for_each(|line| text += &format!("{line}\n"));
        } else {
            text += printed.trim_end();
            text.push('\n');
            wrong.get_or_insert((
                begun,
                format!("`{command}` prints something else (ENSC_BLESS=1 writes it):\n{printed}"),
            ));
        }
    }
    match wrong {
        None => Ok(()),
        Some(wrong) => {
            anew(text);
            Err(wrong)
        }
    }
}

/// Whether what is shown is what is printed, but for lines that are left out where `…` stands.
fn fits(shown: &[&str], printed: &str) -> bool {
    let printed: Vec<&str> = printed.trim_end().lines().collect();
    let blank = shown.iter().rev().take_while(|line| line.is_empty()).count();
    let mut parts: Vec<&[&str]> = shown[..shown.len() - blank].split(|line| *line == "…").collect();
    let last = parts.pop().expect("a split has a part");
    if parts.is_empty() {
        return printed == last;
    }
    let Some(mut rest) = printed.strip_prefix(parts[0]) else { return false };
    for part in &parts[1..] {
        let found = (0..=rest.len()).find(|at| rest[*at..].starts_with(part));
        let Some(found) = found else { return false };
        rest = &rest[found + part.len()..];
    }
    rest.ends_with(last)
}

/// Reads an `ensc.toml` as each command and the daemon would.
fn settings(text: &str) -> Result<(), (usize, String)> {
    let folder = sound();
    fs::write(folder.path().join("ensc.toml"), text).expect("a file");
    let place = Place { ensembles: Some(folder.path().to_owned()), config: None };
    let read = place.load().map_err(|stop| match stop {
        Stop::Failed(why) | Stop::Usage(why) => why,
        Stop::Found | Stop::Quiet => "it cannot be read".to_owned(),
    });
    read.and_then(|loaded| loaded.config.pass_fields().and(loaded.config.limits()))
        .map(|_| ())
        .map_err(|why| (0, why))
}

fn program(text: &str) -> Result<(), (usize, String)> {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new("page", text));
    let found = ensc::syntax::parse(file, text).1;
    if found.is_empty() {
        return Ok(());
    }
    Err((0, ensc::diagnostic::render::render(&sources, &found, false)))
}

/// In what is only shown nobody looks for a command, and nothing runs it.
fn no_command(text: &str) -> Result<(), (usize, String)> {
    let is_command = |line: &str| {
        line.starts_with("$ ") || STAND_INS.iter().any(|name| line.starts_with(&format!("{name} ")))
    };
    match text.lines().position(is_command) {
        None => Ok(()),
        Some(at) => Err((at, "nothing runs this command; its block should be `sh` or `console`".to_owned())),
    }
}

/// A command in a sentence or a table.
fn inline(span: &str, sandbox: &Sandbox) -> Result<(), String> {
    let command = span.strip_prefix("sudo ").unwrap_or(span);
    let program = command.split_once(' ').map_or("", |(program, _)| program);
    let is_command = STAND_INS.contains(&program) || command.contains('/') && STAND_INS.contains(&command);
    if !is_command {
        return Ok(());
    }
    let words: Vec<String> = words(command).iter().map(|word| stood_for(word)).collect::<Result<_, _>>()?;
    if program == "ensc" {
        return match Cli::try_parse_from(words) {
            Err(error) if !is_short(&error) => Err(format!("`{span}`: {error}")),
            _ => Ok(()),
        };
    }
    sandbox.run(&words.join(" "), tree())
}

/// `ensc sync` in a sentence is the name of a verb: what it needs may be left out, or follow in other words.
fn is_short(error: &clap::Error) -> bool {
    match error.kind() {
        ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => true,
        // A flag without its value.
        ErrorKind::InvalidValue => matches!(
            error.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if value.is_empty()
        ),
        _ => false,
    }
}

/// A word of a command, or what it is a placeholder of.
fn stood_for(word: &str) -> Result<String, String> {
    let bare = word.trim_start_matches('[').trim_end_matches(']').trim_end_matches('…');
    let capitals = bare.starts_with(|sign: char| sign.is_ascii_uppercase())
        && bare.chars().all(|sign| sign.is_ascii_uppercase());
    match PLACEHOLDERS.iter().find(|(name, _)| *name == bare) {
        Some((_, value)) => Ok((*value).to_owned()),
        None if capitals => Err(format!("nothing says what `{bare}` stands for")),
        None => Ok(word.to_owned()),
    }
}

#[test]
fn an_ellipsis_stands_for_lines_and_for_nothing_else() {
    let printed = "a\nb\nc\nd\n";
    for shown in ["a\nb\nc\nd", "a\nb\nc\nd\n\n", "…", "a\n…", "…\nd", "a\n…\nc\n…", "a\nb\n…\nc\nd"]
    {
        assert!(fits(&shown.split('\n').collect::<Vec<_>>(), printed), "{shown}");
    }
    for shown in ["a", "b\n…", "a\n…\nc", "…b\nc\nd", "a\n…b", "…\nc\n…\nb\n…", "a\nb\nc\n…\nc\nd", ""]
    {
        assert!(!fits(&shown.split('\n').collect::<Vec<_>>(), printed), "{shown}");
    }
    assert!(fits(&[], "") && !fits(&["a"], ""));
}

/// A page on which nothing is right.
#[test]
fn what_is_wrong_on_a_page_is_found_at_its_line() {
    let text = "\
# Wrong

Ask `ensc explain --no-such-flag`, or `systemctl reload optillm`, or `ensc new NOTHING`.

| `cargo bench --locked --bench latency -- --loud` | |
| --- | --- |
| right: `ensc explain HANDLE --diff OTHER` | `ensc fmt [PATH…]` |

```console
$ ensc models opt-chat-balanced-m --runtime mlx
mlx-gemma-3-27b-it-qat-4bit
…
$ ensc models opt-chat-balanced-m --runtime mlx
mlx-gemma-2
```

```sh
ensc list
ensc lsit
```

- in a list

  ```sh
  cargo install --path .
  ```

```toml
[serve]
prot = 1
```

```json
{
  \"a\": 1,
}
```

```ens
ensemble {
```

```text
shown
$ ensc list
```

```shell
ensc list
```

    ensc list

```sh
curl -fsS http://127.0.0.1:4020/v1/modles -H \"Authorization: Bearer $OPTILLM_API_KEY\"
```

```sh
curl -fsS http://127.0.0.1:4020/v1/models -H \"Authorization: Bearer $OPTILLM_API_KEY\"
reboot
```
";
    let page = Page::read(PathBuf::from("docs/wrong.md"), text.to_owned());
    let found = wrong(&page).0;
    let lines: Vec<&str> = found.iter().map(|one| one.split(' ').next().unwrap_or_default()).collect();
    let expected =
        [13, 19, 25, 29, 36, 40, 45, 49, 52, 55, 60, 3, 3, 3, 5].map(|line| format!("docs/wrong.md:{line}:"));
    assert_eq!(lines, expected, "{}", found.join("\n"));
}
