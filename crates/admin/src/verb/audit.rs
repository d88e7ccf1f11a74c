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

#[cfg(test)]
mod tests {
    use tollgate_audit::{Kind as LineKind, Record};
    use tollgate_model::RequestId;

    use crate::fixture::{Fixture, NOON, at, requests};

    #[tokio::test]
    async fn the_last_lines_come_oldest_first_and_as_many_as_asked() {
        let desk = Fixture::new().await;
        let of = |number: u8| RequestId::new(at(NOON), [number; 10]);
        requests(&desk, &[1, 2, 3].map(|number| Record::new(at(NOON), LineKind::Request, of(number))));
        let told = desk.ask("GET", "/v1/audit/tail?n=2", None).await.json();
        let ids: Vec<_> = told["lines"].as_array().unwrap().iter().map(|line| line["tollgate"]["request_id"].as_str().unwrap()).collect();
        assert_eq!(ids, [of(2).to_string(), of(3).to_string()]);
        assert_eq!(desk.ask("GET", "/v1/audit/tail", None).await.json()["lines"].as_array().unwrap().len(), 3);
    }
}
