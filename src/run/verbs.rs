//! What nodes do, one file a family of verbs.

pub mod asking;
pub mod choosing;
pub mod climbing;
pub mod gathering;
pub mod racing;
pub mod repeating;
pub mod routing;
pub mod scoring;
pub mod selecting;
pub mod values;
pub mod voting;
