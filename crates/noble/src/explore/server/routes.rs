//! What is answered where.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::Semaphore;

use super::guard::guard;
use super::pages::{page, places};
use crate::Error;
use crate::explore::{Answer, Explorer, LARGEST_RECORDING_BYTES};

/// Bytes of a question.
const LARGEST_QUESTION_BYTES: usize = 64 << 10;
/// Questions computed at once: each uses all cores.
const N_AT_ONCE: usize = 2;
/// Questions that wait; a page has few, and more would hold memory.
const MOST_WAITING: usize = 64;
/// Files taken at once: each is held in memory as it comes.
const N_FILES_AT_ONCE: usize = 4;
/// Time for a file to come and be read.
const FILE_TIME: Duration = Duration::from_secs(120);
/// Letters of a file's name that are kept.
const MOST_LETTERS: usize = 200;
const BINARY: &str = "application/octet-stream";

/// What every route has.
#[derive(Clone)]
struct Shared {
    explorer: Arc<Explorer>,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

/// All routes, behind the guard.
pub(super) fn router(explorer: Arc<Explorer>, own: SocketAddr) -> Router {
    let shared = Shared {
        explorer,
        turns: Arc::new(Semaphore::new(N_AT_ONCE)),
        places: Arc::new(Semaphore::new(N_AT_ONCE + MOST_WAITING)),
        files: Arc::new(Semaphore::new(N_FILES_AT_ONCE)),
    };
    let questions = Router::new()
        .route("/api/about", get(about))
        .route("/api/predict", post(predict))
        .route("/api/fi", post(curve))
        .route("/api/solve", post(solve))
        .route("/api/export/{format}", post(export))
        .layer(DefaultBodyLimit::max(LARGEST_QUESTION_BYTES));
    let files = Router::new()
        .route("/api/recording", post(recording))
        .route("/api/operator", post(operator))
        .layer(DefaultBodyLimit::max(LARGEST_RECORDING_BYTES))
        .layer(from_fn_with_state(shared.clone(), one_of_few));
    let pages = places().fold(Router::new(), |router, place| router.route(place, get(static_page)));
    Router::new()
        .merge(questions)
        .merge(files)
        .merge(pages)
        .fallback(nothing)
        .layer(from_fn_with_state(own, guard))
        .with_state(shared)
}

/// Takes a file when few others are being taken, before anything of it is held.
async fn one_of_few(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let Ok(place) = shared.files.try_acquire() else {
        let what = "too many files are coming at once; send it again";
        return Refusal::new(StatusCode::SERVICE_UNAVAILABLE, what).into_response();
    };
    let response = tokio::time::timeout(FILE_TIME, next.run(request)).await;
    drop(place);
    let late =
        |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "the file took too long to come").into_response();
    response.unwrap_or_else(late)
}

/// An error in words, sent as JSON.
pub(super) struct Refusal(StatusCode, String);

impl Refusal {
    pub(super) fn new(status: StatusCode, what: impl Into<String>) -> Self {
        Self(status, what.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        let status = match error {
            Error::Stopped => StatusCode::CONFLICT,
            error if error.exit_code() == 2 => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, error.to_string())
    }
}

async fn nothing(uri: Uri) -> Response {
    Refusal::new(StatusCode::NOT_FOUND, format!("there is nothing at {}", uri.path())).into_response()
}

async fn static_page(uri: Uri) -> Response {
    match page(uri.path()) {
        Some(page) => page,
        None => nothing(uri).await,
    }
}

/// Does work on a thread of its own when its turn has come.
async fn in_turn<T: Send + 'static>(
    shared: &Shared,
    work: impl FnOnce(&Explorer) -> Result<T, Error> + Send + 'static,
) -> Result<T, Refusal> {
    let busy = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many questions are waiting; ask again");
    let place = Arc::clone(&shared.places).try_acquire_owned().map_err(|_| busy())?;
    let turn = Arc::clone(&shared.turns).acquire_owned().await.map_err(|_| busy())?;
    let explorer = Arc::clone(&shared.explorer);
    let done = tokio::task::spawn_blocking(move || {
        let result = work(&explorer);
        drop((place, turn));
        result
    });
    let panicked = "internal error: a thread panicked; please report this";
    let result = done.await.map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, panicked))?;
    result.map_err(|error| Refusal::from(&error))
}

/// A body that is too large, or cut off.
fn body(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Refusal> {
    body.map_err(|rejection| {
        let what = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => "more bytes than are taken".to_owned(),
            _ => rejection.body_text(),
        };
        Refusal::new(rejection.status(), what)
    })
}

fn question<T: DeserializeOwned>(asked: Result<Bytes, BytesRejection>) -> Result<T, Refusal> {
    let bytes = body(asked)?;
    let unreadable =
        |error| Refusal::new(StatusCode::BAD_REQUEST, format!("the question cannot be read: {error}"));
    serde_json::from_slice(&bytes).map_err(unreadable)
}

fn binary(answer: &Answer) -> Response {
    match answer.to_bytes() {
        Ok(bytes) => ([(CONTENT_TYPE, BINARY)], bytes).into_response(),
        Err(error) => Refusal::from(&error).into_response(),
    }
}

/// Either way it is a response.
fn merged(response: Result<Response, Refusal>) -> Response {
    response.unwrap_or_else(Refusal::into_response)
}

#[derive(Deserialize)]
struct WhichOperator {
    operator: Option<String>,
}

async fn about(State(shared): State<Shared>, Query(which): Query<WhichOperator>) -> Response {
    let about = in_turn(&shared, move |explorer| explorer.about(which.operator.as_deref())).await;
    merged(about.map(|about| Json(about).into_response()))
}

async fn predict(State(shared): State<Shared>, asked: Result<Bytes, BytesRejection>) -> Response {
    let answer = async {
        let question = question(asked)?;
        shared.explorer.wanted();
        in_turn(&shared, move |explorer| explorer.predict(&question)).await
    };
    merged(answer.await.map(|answer| binary(&answer)))
}

async fn curve(State(shared): State<Shared>, asked: Result<Bytes, BytesRejection>) -> Response {
    let answer = async {
        let question = question(asked)?;
        in_turn(&shared, move |explorer| explorer.curve(&question)).await
    };
    merged(answer.await.map(|curve| Json(curve).into_response()))
}

async fn solve(State(shared): State<Shared>, asked: Result<Bytes, BytesRejection>) -> Response {
    let answer = async {
        let question = question(asked)?;
        shared.explorer.wanted();
        in_turn(&shared, move |explorer| explorer.solve(&question)).await
    };
    merged(answer.await.map(|answer| binary(&answer)))
}

async fn export(
    State(shared): State<Shared>,
    Path(format): Path<String>,
    asked: Result<Bytes, BytesRejection>,
) -> Response {
    let kind = match format.as_str() {
        "csv" => "text/csv; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => BINARY,
    };
    let name = format!("attachment; filename=\"ensemble.{format}\"");
    let answer = async {
        let question = question(asked)?;
        shared.explorer.wanted();
        in_turn(&shared, move |explorer| explorer.export(&question, &format)).await
    };
    merged(answer.await.map(|bytes| {
        let mut response = ([(CONTENT_TYPE, kind)], bytes).into_response();
        if let Ok(name) = HeaderValue::from_str(&name) {
            response.headers_mut().insert(CONTENT_DISPOSITION, name);
        }
        response
    }))
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// The last part of a file's name alone: never a path.
fn file_name(named: Result<Query<Named>, QueryRejection>) -> Result<String, Refusal> {
    let unnamed = |_| Refusal::new(StatusCode::BAD_REQUEST, "the file has no name; add ?name=");
    let Query(Named { name }) = named.map_err(unnamed)?;
    Ok(name.rsplit(['/', '\\']).next().unwrap_or_default().chars().take(MOST_LETTERS).collect())
}

async fn recording(
    State(shared): State<Shared>,
    named: Result<Query<Named>, QueryRejection>,
    sent: Result<Bytes, BytesRejection>,
) -> Response {
    let answer = async {
        let (name, bytes) = (file_name(named)?, body(sent)?);
        in_turn(&shared, move |explorer| explorer.recording(&name, &bytes)).await
    };
    merged(answer.await.map(|answer| binary(&answer)))
}

async fn operator(
    State(shared): State<Shared>,
    named: Result<Query<Named>, QueryRejection>,
    sent: Result<Bytes, BytesRejection>,
) -> Response {
    let answer = async {
        let (name, bytes) = (file_name(named)?, body(sent)?);
        in_turn(&shared, move |explorer| explorer.load(&name, &bytes)).await
    };
    merged(answer.await.map(|about| Json(about).into_response()))
}
