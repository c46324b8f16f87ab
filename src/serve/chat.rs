//! `POST /v1/chat/completions`: a question is checked, becomes a run, and the run's events become an answer.
//!
//! Dropping the handler, or the body that it gave, drops the run.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;

use crate::plan::{Plan, StreamMode};
use crate::run::receipt::Receipt;
use crate::run::request::Request;
use crate::run::span::{RunSpan, Traceparent};
use crate::run::{Choice, Event, Finished, RunError};

use super::State;
use super::body;
use super::catalog::Asked;
use super::errors::{self, Kind, Refusal};
use super::flight::{Entry, Flight, Holds};
use super::hop::Hop;
use super::limits::Limit;
use super::load::BodyShare;
use super::respond::{self, Tag};
use super::runs::Past;
use super::served::Served;
use super::stream::Stream;
use super::wire::{self, Chunks, Head, Question};

type HttpRequest = axum::http::Request<Body>;

pub async fn complete(state: &State, request: HttpRequest) -> Result<Response<Body>, Refusal> {
    let (head, body) = request.into_parts();
    let (bytes, share) = body::read(body, &state.load).await?;
    let hop = Hop::read(&head.headers)?;
    let mut question = wire::decode(&bytes, &state.pass_fields)?;
    let (served, answers) = asked(state, &question).await?;
    question.choices = question.choices.max(answers);
    if !hop.path.is_empty() {
        return Err(errors::nested(&hop.path, &question.model));
    }
    if hop.probe {
        return probe(state, &served.plan, &question);
    }
    let plan = Arc::clone(served.plan_for(question.choices)?);
    run(state, plan, question, hop, share).await
}

/// What is asked for, and how many answers that gives by itself.
async fn asked(state: &State, question: &Question) -> Result<(Arc<Served>, u32), Refusal> {
    let catalog = state.current.catalog();
    match catalog.asked(&question.model, question.approach.as_deref())? {
        Asked::Served(served) => Ok((served, 1)),
        Asked::Composed(order) => {
            let answers = order.answers();
            if let Some(composed) = catalog.composer.kept(&order) {
                return Ok((composed?, answers));
            }
            // A check of the program: long for a thread that others wait for.
            let composing = tokio::task::spawn_blocking(move || catalog.composer.compose(&order));
            let served = composing.await.map_err(|_| errors::panicked())??;
            Ok((served, answers))
        }
    }
}

/// LiteLLM asks whether the handle would answer; that is known without running it.
fn probe(state: &State, plan: &Plan, question: &Question) -> Result<Response<Body>, Refusal> {
    if !state.health.is_ready() {
        return Err(Refusal::new(Kind::NotReady, "the upstream has not answered yet"));
    }
    let tag = Tag { run: run_id(), handle: Arc::clone(&plan.handle), warning: question.warning };
    let head =
        Head { id: Arc::clone(&tag.run), created: state.now_s(), model: question.model.as_str().into() };
    Ok(respond::probed(wire::probe(&head), &tag))
}

async fn run(
    state: &State,
    plan: Arc<Plan>,
    question: Question,
    hop: Hop,
    body: BodyShare,
) -> Result<Response<Body>, Refusal> {
    let holds = Holds { slot: state.load.take_run()?, body };
    let tag = Tag { run: run_id(), handle: Arc::clone(&plan.handle), warning: question.warning };
    let head =
        Head { id: Arc::clone(&tag.run), created: state.now_s(), model: question.model.as_str().into() };
    let (streamed, include_usage) = (question.stream, question.include_usage);
    let span = span(state, &hop);
    let request = Arc::new(to_request(&plan, question, hop, span, &tag));
    let entry = Entry::new(
        past(state, &head, &tag, streamed, span),
        streamed && !request.progress,
        Arc::clone(&state.books),
    );
    let flight = Flight::new(state.runner.start(plan, request), entry, holds);
    if streamed {
        let stream = Stream::new(flight, Chunks::new(head), include_usage);
        return Ok(respond::streaming(Body::new(stream), &tag));
    }
    Ok(whole(flight, &head, &tag).await)
}

/// The run's span, if spans are told to anybody.
fn span(state: &State, hop: &Hop) -> Option<RunSpan> {
    let is_told = state.books.spans.is_some();
    is_told.then(|| RunSpan::below(hop.traceparent.as_deref(), || fastrand::u64(..)))
}

fn to_request(plan: &Plan, question: Question, hop: Hop, span: Option<RunSpan>, tag: &Tag) -> Request {
    Request {
        run: Arc::clone(&tag.run),
        model: question.model,
        messages: question.messages,
        fields: question.fields,
        stream: question.stream,
        strict: question.strict,
        progress: question.progress || plan.stream == StreamMode::Progress,
        ignored: question.ignored,
        traceparent: span.map(Traceparent::Ours).or(hop.traceparent.map(Traceparent::AsItCame)),
        // A stream resets its reader's clock with each token or comment.
        patience: if question.stream { None } else { hop.patience },
    }
}

async fn whole(mut flight: Flight, head: &Head, tag: &Tag) -> Response<Body> {
    let outcome = loop {
        match flight.next().await {
            Ok(Event::Delta { .. }) => {}
            Ok(Event::Done(finished)) => break Ok(finished),
            Err(refusal) => break Err(refusal),
        }
    };
    let response = match outcome {
        Err(refusal) => respond::failed(&refusal, None, tag),
        Ok(finished) => {
            let Finished { result, receipt, trace } = *finished;
            let is_cut = result.as_ref().is_err_and(|error| error.is_cut);
            let response = ended(result, &receipt, head, tag);
            if is_cut {
                flight.entry.reached(Limit::Message);
            }
            flight.entry.tell(receipt, trace);
            response
        }
    };
    flight.entry.close(response.status().as_u16());
    response
}

fn ended(result: Result<Vec<Choice>, RunError>, receipt: &Receipt, head: &Head, tag: &Tag) -> Response<Body> {
    match result {
        Ok(choices) => respond::answered(wire::whole(head, &choices, receipt), receipt, tag),
        Err(error) => respond::failed(&error.into(), Some(receipt), tag),
    }
}

/// What is known of a run when it begins.
fn past(state: &State, head: &Head, tag: &Tag, streamed: bool, span: Option<RunSpan>) -> Past {
    Past {
        run: Arc::clone(&tag.run),
        handle: Arc::clone(&tag.handle),
        model: Arc::clone(&head.model),
        streamed,
        began: (state.clock)(),
        took: Duration::ZERO,
        first_token: None,
        status: None,
        span,
        told: None,
        spoken: None,
    }
}

/// Unique enough for books and logs; also the answer's `id`.
fn run_id() -> Arc<str> {
    format!("run-{:016x}", fastrand::u64(..)).into()
}
