//! A short name for what a plan means.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::Plan;

/// 6 hexadecimal digits. Layout, comments, places and provenance do not change them; anything that a client or a
/// model could notice does.
#[must_use]
pub fn of(plan: &Plan) -> String {
    let mut meaning = String::new();
    let _ = write!(
        meaning,
        "{} {} {} {:?} {:?} ",
        plan.handle, plan.selector, plan.timeout, plan.limit, plan.stream
    );
    let _ = write!(meaning, "{:?} {:?} ", plan.models, plan.frames);
    for node in &plan.nodes {
        let _ = write!(
            meaning,
            "{} {:?} {:?} {:?} {:?} {:?} ",
            node.id, node.act, node.inputs, node.fallback, node.skip_when, node.timeout
        );
        if let Some(accept) = &node.accept_when {
            let _ = write!(meaning, "accept {accept:?} ");
        }
    }
    let digest = Sha256::digest(meaning.as_bytes());
    digest.iter().take(3).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
