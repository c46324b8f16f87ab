//! Everything that is tested from outside: the tree's own rules, the command line, the pages, the snapshots.

mod cli;
mod ensembles;
mod pages;
mod snapshots;
mod tidy;
