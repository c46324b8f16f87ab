//! Every route, one line each, and what stands before them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::header::EXPECT;
use axum::http::{HeaderMap, Method, Response};
use axum::routing::{get, post};
use futures_util::FutureExt;
use tower::ServiceExt;

use super::State;
use super::books::Books;
use super::errors::{self, Kind, Refusal};
use super::guard::{self, Guard};
use super::limits::Allowed;
use super::{body, chat, health, metrics, models, respond, runs};

/// The whole service behind one port. Cheap to clone.
#[derive(Clone)]
pub struct App {
    state: Arc<State>,
    guard: Arc<Guard>,
    router: Router,
}

// === impl App ===

impl App {
    /// `port` is the one that clients see.
    #[must_use]
    pub fn new(state: Arc<State>, port: u16) -> Self {
        Self { router: router(Arc::clone(&state)), guard: Arc::new(Guard::new(port)), state }
    }

    #[must_use]
    pub fn books(&self) -> Arc<Books> {
        Arc::clone(&self.state.books)
    }

    #[must_use]
    pub fn allowed(&self) -> &Allowed {
        &self.state.load.allowed
    }

    /// One request, one answer, whatever happens: a panic costs this request only.
    pub async fn answer(self, request: Request) -> Response<Body> {
        let books = self.books();
        let answered = AssertUnwindSafe(self.route(request)).catch_unwind().await;
        let response = answered.unwrap_or_else(|_| respond::refuse(&errors::panicked()));
        if let Some(refused) = response.extensions().get() {
            books.refused(refused);
        }
        response
    }

    async fn route(self, request: Request) -> Response<Body> {
        let (head, body) = request.into_parts();
        let admitted =
            self.guard.check(&head).and_then(|()| self.admit(head.uri.path(), &head.method, &head.headers));
        match admitted {
            Err(refusal) => turn_away(&self.state, &refusal, body, &head.headers).await,
            Ok(()) => match self.router.oneshot(Request::from_parts(head, body)).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
        }
    }

    /// What depends on the route: the key, and the body's type.
    fn admit(&self, path: &str, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        if !is_open(path) {
            guard::check_key(headers, self.state.key.as_ref())?;
        }
        if method == Method::POST { guard::check_json(headers) } else { Ok(()) }
    }
}

fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(list_models))
        .route("/v1/models/{id}", get(one_model))
        .route("/v1/ensembles/{handle}/plan", get(plan))
        .route("/metrics", get(scrape))
        .route("/v1/runs", get(list_runs))
        .route("/v1/runs/{id}", get(one_run))
        .route("/health", get(live))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        .with_state(state)
}

fn is_open(path: &str) -> bool {
    path == "/health" || path.starts_with("/health/")
}

async fn complete(Shared(state): Shared<Arc<State>>, request: Request) -> Response<Body> {
    or_refuse(chat::complete(&state, request).await)
}

async fn list_models(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    models::list(&state)
}

async fn one_model(Shared(state): Shared<Arc<State>>, request: Request) -> Response<Body> {
    or_refuse(models::one(&state, part(&request, 3)))
}

async fn plan(Shared(state): Shared<Arc<State>>, request: Request) -> Response<Body> {
    or_refuse(models::plan(&state, part(&request, 3)))
}

async fn scrape(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    metrics::scrape(&state)
}

async fn list_runs(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    runs::list(&state)
}

async fn one_run(Shared(state): Shared<Arc<State>>, request: Request) -> Response<Body> {
    or_refuse(runs::one(&state, part(&request, 3)))
}

/// A part of the path, as it was sent; the first is 1.
fn part(request: &Request, place: usize) -> &str {
    request.uri().path().split('/').nth(place).unwrap_or_default()
}

async fn live(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Response<Body> {
    health::live(&state, &headers)
}

async fn ready(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Response<Body> {
    health::ready(&state, &headers)
}

async fn nowhere(Shared(state): Shared<Arc<State>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    turn_away(&state, &no_route(&head.method, head.uri.path()), body, &head.headers).await
}

async fn wrong_method(Shared(state): Shared<Arc<State>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let refusal = match is_call(&head.method, head.uri.path()) {
        true => no_route(&head.method, head.uri.path()),
        false => Refusal::new(Kind::WrongMethod, "this path is not for this method"),
    };
    turn_away(&state, &refusal, body, &head.headers).await
}

/// Refuses a request whose body nobody read.
async fn turn_away(state: &State, refusal: &Refusal, body: Body, headers: &HeaderMap) -> Response<Body> {
    // Who asks before sending has not sent.
    if !headers.contains_key(EXPECT) {
        body::discard(body, &state.load.allowed).await;
    }
    respond::refuse(refusal)
}

fn or_refuse(result: Result<Response<Body>, Refusal>) -> Response<Body> {
    result.unwrap_or_else(|refusal| respond::refuse(&refusal))
}

/// A POST that cannot be answered is a wrong request, not a missing page: LiteLLM takes a handle out of service for a
/// while when it meets 404.
fn no_route(method: &Method, path: &str) -> Refusal {
    let is_call = is_call(method, path);
    let shown = errors::quoted(path);
    if is_planned(path) {
        let kind = if is_call { Kind::NotYet } else { Kind::NotFound };
        return Refusal::new(kind, format!("`{shown}` is not yet supported"));
    }
    match is_call {
        true => {
            Refusal::new(Kind::Invalid, format!("`{shown}` takes no questions; `/v1/chat/completions` does"))
        }
        false => Refusal::new(Kind::NotFound, format!("nothing is at `{shown}`")),
    }
}

fn is_call(method: &Method, path: &str) -> bool {
    method == Method::POST && path.starts_with("/v1/")
}

fn is_planned(path: &str) -> bool {
    ["/v1/completions", "/v1/responses"].contains(&path)
}
