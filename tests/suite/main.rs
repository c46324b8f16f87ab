//! Everything that is tested from outside: the tree's own rules, the command line, the pages, the snapshots.

#![allow(clippy::disallowed_methods, reason = "tests read and write files of their own")]

mod cli;
mod ensembles;
mod pages;
mod readme;
mod snapshots;
mod tidy;
