//! `ensc`: a declarative language for ensembles of language models, and the daemon that runs them.
//!
//! A **source** is *parsed* into a **tree**; the tree is *checked* into a **program**; the program is *lowered*
//! into **plans**; a plan is *reviewed*, *explained* and *exported*; a plan is *run* against an **upstream**; runs
//! are *served* on localhost.

pub mod cli;
pub mod diagnostic;
pub mod explain;
pub mod export;
pub mod lint;
pub mod plan;
pub mod program;
pub mod run;
pub mod serve;
pub mod source;
pub mod syntax;
pub mod template;
pub mod units;
pub mod upstream;
