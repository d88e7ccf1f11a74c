//! The last lines of the audit log.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::body::Query;
use crate::desk::{Desk, json};
use crate::problem::{Kind, Problem};

/// The most lines given at once.
const MOST: usize = 10_000;

/// How many.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    n: Option<usize>,
}

pub(crate) async fn tail<A: Send + Sync + 'static>(
    State(desk): State<Arc<Desk<A>>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let gate = desk.gate.clone();
    let count = asked.n.unwrap_or(20).min(MOST);
    let lines = tokio::task::spawn_blocking(move || tollgate_audit::tail(gate.audit(), count)).await;
    let lines = lines.map_err(|_| unreadable())?.map_err(|_| unreadable())?;
    Ok(json(200, &json!({ "lines": lines })))
}

pub(crate) fn unreadable() -> Problem {
    Problem::new(Kind::StoreUnavailable, "the audit log cannot be read").hint("`tollgate audit verify` says what is wrong with it")
}
