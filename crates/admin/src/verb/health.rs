//! Is it well? Readiness, findings, and numbers without names of tenants.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::desk::{Desk, json};

pub(crate) async fn ready<A: Send + Sync + 'static>(State(desk): State<Arc<Desk<A>>>) -> Response {
    match desk.gate.unready() {
        None => "ready".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

pub(crate) async fn doctor<A: Send + Sync + 'static>(State(desk): State<Arc<Desk<A>>>) -> Response {
    json(200, &json!({ "findings": desk.gate.findings() }))
}

pub(crate) async fn metrics<A: Send + Sync + 'static>(State(desk): State<Arc<Desk<A>>>) -> Response {
    let counts = desk.gate.counts();
    let mut page = String::new();
    let mut family = |name: &str, kind: &str, says: &str, rows: &[(String, u64)]| {
        // writing to a text cannot fail
        let _ = writeln!(page, "# HELP {name} {says}\n# TYPE {name} {kind}");
        for (labels, value) in rows {
            let _ = writeln!(page, "{name}{labels} {value}");
        }
    };
    let labelled = |label: &str, rows: &[(&'static str, u64)]| -> Vec<(String, u64)> {
        rows.iter().map(|(value, count)| (format!("{{{label}=\"{value}\"}}"), *count)).collect()
    };
    family("tollgate_allowed_total", "counter", "Answers that went through.", &labelled("operation", &counts.allowed));
    family("tollgate_denied_total", "counter", "Refusals of ours.", &labelled("code", &counts.denied));
    family("tollgate_failed_total", "counter", "Failures, ours and the provider's.", &labelled("code", &counts.failed));
    family("tollgate_connections", "gauge", "Connections open.", &[(String::new(), counts.connections)]);
    family(
        "tollgate_journal_lanes_failing",
        "gauge",
        "Lanes of the audit log that cannot be written.",
        &[(String::new(), counts.lanes_failing)],
    );
    family(
        "tollgate_account_waits_total",
        "counter",
        "Requests that waited for the mutex of their upstream account.",
        &[(String::new(), counts.account_waits)],
    );
    if let Some(rates) = counts.rates {
        let mut one = |name: &str, kind: &str, says: &str, value: u64| family(name, kind, says, &[(String::new(), value)]);
        one("tollgate_rates_shared_total", "counter", "Calls whose rates were counted together with other gates.", rates.asked);
        one("tollgate_rates_alone_total", "counter", "Calls whose rates were counted by this gate's own share.", rates.alone);
        one("tollgate_rates_lost_total", "counter", "Times that the shared counter of rates was lost.", rates.lost);
        one("tollgate_rates_away", "gauge", "Accounts whose rates are not counted together now.", rates.away);
    }
    family("tollgate_build_info", "gauge", "What runs; always 1.", &[(format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1)]);
    family("tollgate_ready", "gauge", "Whether paid calls are taken.", &[(String::new(), u64::from(desk.gate.unready().is_none()))]);
    family("tollgate_generation", "gauge", "The registry's generation.", &[(String::new(), desk.registry.snapshot().generation)]);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response()
}

#[cfg(test)]
mod tests;
