//! Everything that is tested from outside: the tree's own rules, the command line, the pages, the snapshots, and the
//! promises of runs and of the daemon.

#![allow(clippy::disallowed_methods, reason = "tests read and write files of their own")]

mod book;
mod books;
mod bounds;
mod catalogue;
mod choices;
mod cli;
mod clients;
mod closed;
mod commands;
mod counted;
mod ensembles;
mod explained;
mod fields;
mod formatted;
mod gone;
mod guarded;
mod hostile;
mod kinds;
mod limits;
mod mistakes;
mod pages;
mod past;
mod platform;
mod prelude;
mod programs;
mod readme;
mod rehearsed;
mod rows;
mod schemas;
mod shown;
mod site;
mod snapshots;
mod socket;
mod spans;
mod stage;
mod streams;
mod techniques;
mod testing;
mod tidy;
mod tour;
mod worst;
