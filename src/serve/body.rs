//! A request's body, taken in within its limits.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::time::timeout;

use super::errors::{self, Kind, Refusal};
use super::limits::{self, Allowed, Limit};
use super::load::{BodyShare, Load};

/// Room made at once for what a head announces; the rest when it comes.
const RESERVE_MAX: usize = 1 << 20;

/// Reads to the end. Dropped, it leaves the rest unread and the connection is closed.
pub async fn read(mut body: Body, load: &Load) -> Result<(Bytes, BodyShare), Refusal> {
    let allowed = &load.allowed;
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > allowed.body {
        discard(body, allowed).await;
        return Err(too_large(allowed.body));
    }
    let mut share = load.share()?;
    let mut bytes = BytesMut::with_capacity(announced.min(RESERVE_MAX));
    while let Some(data) = next(&mut body, allowed.body_time).await? {
        let total = bytes.len() + data.len();
        if total > allowed.body {
            discard(body, allowed).await;
            return Err(too_large(allowed.body));
        }
        share.grow_to(total)?;
        bytes.extend_from_slice(&data);
    }
    Ok((bytes.freeze(), share))
}

/// Reads what is left, up to a limit, so that a client that is still sending gets to read why it was refused: a
/// connection closed on unread bytes is reset, and the answer is lost with it.
pub async fn discard(mut body: Body, allowed: &Allowed) {
    let all = async {
        let mut total = 0;
        while let Ok(Some(data)) = next(&mut body, allowed.body_time).await {
            total += data.len();
            if total > allowed.body {
                break;
            }
        }
    };
    // Late or not, the answer is the same.
    let _ = timeout(allowed.body_time, all).await;
}

async fn next(body: &mut Body, wait: Duration) -> Result<Option<Bytes>, Refusal> {
    loop {
        let frame = match timeout(wait, body.frame()).await {
            Err(_) => {
                return Err(errors::bad_body(format!("the body stood still for {} s", wait.as_secs_f64()))
                    .reaches(Limit::BodyTime));
            }
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(errors::bad_body("the body broke off")),
            Ok(Some(Ok(frame))) => frame,
        };
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

fn too_large(most: usize) -> Refusal {
    Refusal::new(Kind::TooLarge, format!("the body is larger than {}", limits::size(most)))
        .reaches(Limit::Body)
}
