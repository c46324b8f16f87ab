//! How long a whole check takes, from texts to plans and policy: `cargo bench --bench check_speed`.
//!
//! Programs of 125 to 1,000 files with ten handles each, shaped like the ensembles that ship. The ratio says how much
//! longer twice the files take: far above 2 means that time is not linear. Seconds are those of the processor (Linux counts
//! them), beside those of the clock: the machine may be busy with something else. `--phases` says where the time goes;
//! `--files N` measures one size only.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::fmt::Write;
use std::time::{Duration, Instant};

use ensc::lint::Policy;
use ensc::source::{SourceFile, Sources};

/// Files of the measured programs, each with [`HANDLES_PER_FILE`] handles.
const SIZES: [usize; 4] = [125, 250, 500, 1_000];

const HANDLES_PER_FILE: usize = 10;

/// Each size is measured so often; the fastest counts, since whatever else the machine does only adds.
const RUNS: usize = 5;

const TIERS: [&str; 5] = ["xs", "s", "m", "l", "xl"];

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let after = |flag: &str| args.iter().position(|arg| arg == flag).and_then(|at| args.get(at + 1));
    let only: Option<usize> = after("--files").and_then(|count| count.parse().ok());
    println!("{:>6} {:>8} {:>8} {:>9} {:>9} {:>6}", "files", "handles", "KiB", "processor", "clock", "ratio");
    let mut before: Option<f64> = None;
    for files in SIZES.into_iter().filter(|files| only.is_none_or(|only| only == *files)) {
        let sources = program(files);
        let bytes: usize = sources.iter().map(|(_, file)| file.text.len()).sum();
        let runs: Vec<(Duration, Duration)> = (0..RUNS).map(|_| check(&sources, files)).collect();
        let fastest = |part: fn(&(Duration, Duration)) -> Duration| {
            runs.iter().map(part).min().unwrap_or_default().as_secs_f64()
        };
        let (seconds, clock) = (fastest(|run| run.0), fastest(|run| run.1));
        let ratio = before.map_or_else(String::new, |before| format!("{:.2}", seconds / before));
        let handles = files * HANDLES_PER_FILE;
        println!("{files:6} {handles:8} {:8} {seconds:9.3} {clock:9.3} {ratio:>6}", bytes >> 10);
        before = Some(seconds);
        if args.iter().any(|arg| arg == "--phases") {
            phases(&sources);
        }
    }
}

/// Time that this process has spent on a processor.
fn processor() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux counts it");
    let nanos = text.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanos.expect("a number comes first"))
}

/// One whole check, in time of the processor and of the clock. What it finds must be what was written: a fast check of
/// nothing would prove nothing.
fn check(sources: &Sources, files: usize) -> (Duration, Duration) {
    let (start, before) = (Instant::now(), processor());
    let compiled = ensc::compile(sources, &Policy::default());
    let taken = (processor().saturating_sub(before), start.elapsed());
    let complaints: Vec<&str> = compiled.diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert_eq!(compiled.plans.len(), files * HANDLES_PER_FILE);
    taken
}

fn phases(sources: &Sources) {
    let mut last = Instant::now();
    let mut lap = |name: &str| {
        println!("{name:>24} {:9.3}", last.elapsed().as_secs_f64());
        last = Instant::now();
    };
    let trees: Vec<_> = sources.iter().map(|(id, file)| ensc::syntax::parse(id, &file.text).0).collect();
    lap("parse");
    let program = ensc::program::check(sources, &trees).0.expect("the program is right");
    lap("check");
    let plans = ensc::plan::lower(&program);
    lap("lower");
    let subject = ensc::lint::Subject { sources, files: &trees, plans: &plans, sound: true };
    let found = ensc::lint::review(&subject, &Policy::default());
    lap("review");
    assert!(found.is_empty());
}

/// Models, tiers and profiles in one file; an ensemble in the five cells of each of two profiles in every other.
fn program(files: usize) -> Sources {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("platform.ens", platform()));
    for index in 1..files {
        sources.add(SourceFile::new(format!("team-{}/task-{index}.ens", index % 40), ensemble(index)));
    }
    // The platform's file has no handles: its ten are in one file more.
    sources.add(SourceFile::new("last.ens", ensemble(files)));
    sources
}

fn platform() -> String {
    let mut text = String::from("defaults {\n  handle: \"opt-{name}-{profile}-{tier}\"\n  retries: 2\n}\n");
    for (index, tier) in TIERS.iter().enumerate() {
        for member in 0..4 {
            let _ = write!(
                text,
                "\n/// Member {member} of tier {tier}.\nmodel mlx-{tier}-{member} {{\n  runtime: mlx\n  memory: \
                 {}GB\n  context: 131_072\n  max_output: 65_536\n  price: $0 / $0\n}}\n",
                8 * (index + 1)
            );
        }
        let _ = write!(
            text,
            "\ntier {tier} {{\n  memory: {}GB\n  panel = [mlx-{tier}-0, mlx-{tier}-1, mlx-{tier}-2]\n  chief = \
             mlx-{tier}-0\n  judge = mlx-{tier}-3\n}}\n",
            50 * (index + 1)
        );
    }
    text.push_str(
        "\nprofile high {\n  width = 3\n  timeout: 5m\n}\n\nprofile fast {\n  width = 2\n  timeout: 2m\n}\n",
    );
    text
}

/// Drafts, a check with a choice, a second look only if it objects, and an answer.
fn ensemble(index: usize) -> String {
    format!(
        r#"/// Task {index}: drafts that do not see each other, a judge, and one answer.
///
/// Without the judge the chief writes from the drafts alone.
ensemble task-{index} {{
  temperature: 0.4
  max_tokens: 8k
  limit: {{ calls: 20, request: 32k }}

  drafts = parallel panel {{
    prompt: brief_{index}(request)
    max_tokens: 2k
    need: 2
    timeout: 90s
  }}

  /// Whether the drafts agree.
  verdict = ask judge {{
    history: none
    prompt: """
      The question was:
      <question>
      {{{{ request.last }}}}
      </question>

      {{% for draft in drafts %}}
      <draft number="{{{{ loop.index }}}}">
      {{{{ draft.text | trim }}}}
      </draft>
      {{% endfor %}}

      Do all of these say the same? One word, one of: {{{{ choices | join(", ") }}}}
      """
    returns: one_of [same, different]
    max_tokens: 40
    retries: 1
  }} else text """different"""

  tries = sample width of chief {{
    skip when verdict.value == "same"
    max_tokens: 2k
    prompt: """
      {{% if drafts | length > 1 %}}The drafts disagree on case {index}.{{% endif %}}
      <drafts>
      {{{{ drafts | join("\n\n") }}}}
      </drafts>
      Write the answer that you would defend.
      """
    accept when it.text | length > 20
  }}

  reply = merge [tries, drafts] by chief {{ system: style_{index} }}
}}

prompt brief_{index}(task) """
  Answer the last message. It is a task of kind {index}.
  {{% if task.system %}}
  Further wishes:
  <wishes>
  {{{{ task.system }}}}
  </wishes>
  {{% endif %}}
  Think about what could be wrong before you write. Name what you do not know.
  """

prompt style_{index}() """
  Write short sentences. Say what is certain, then what is likely. Do not repeat the question.
  Where the drafts differ, decide; where nobody can know, say so.
  """
"#
    )
}
