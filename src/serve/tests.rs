//! The daemon on a connection in memory: real HTTP, a virtual clock, runs by script.

mod answers;
mod clocks;
mod edges;
mod failures;
mod faults;
mod guards;
mod hops;
mod kit;
mod life;
mod limits;
mod metrics;
mod past;
mod questions;
mod spans;
mod streams;
