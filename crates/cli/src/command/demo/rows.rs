//! The rows of the matrix: what is done, and how it must come out.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tollgate_model::Money;

use super::Stage;
use super::caller::{ABROAD, HOME, Seen, get, poll, submission};
use super::gate::LINES_WRITTEN;
use crate::house::audit_folder;

/// One row, played.
pub(super) struct Row {
    pub(super) scenario: &'static str,
    /// Identity, network, allowance, time, as the audit log has them.
    pub(super) factors: [String; 4],
    pub(super) result: String,
    pub(super) seen: String,
    pub(super) charged: Option<Money>,
    pub(super) came_out: CameOut,
}

/// How a row came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CameOut {
    /// As it must.
    Right,
    /// Not as it must.
    Wrong,
}

/// A row before its factors are read from the audit log.
struct Played {
    scenario: &'static str,
    result: &'static str,
    last: Seen,
    charged: i64,
    right: bool,
}

/// Plays every row.
pub(super) async fn play(stage: &mut Stage) -> Result<Vec<Row>> {
    let mut played = Vec::new();
    played.push(normal(stage).await?);
    played.push(leaked(stage).await?);
    played.push(compromised(stage).await?);
    played.push(old_key(stage).await?);
    played.push(after_hours(stage).await?);
    played.push(laptop(stage).await?);
    played.push(real_key(stage).await?);
    played.push(stolen_task(stage).await?);
    tokio::time::sleep(LINES_WRITTEN).await;
    let mut rows: Vec<Row> = Vec::new();
    for row in played {
        rows.push(with_factors(stage, row)?);
    }
    rows.push(around_the_gate(stage).await?);
    Ok(rows)
}

fn with_factors(stage: &Stage, row: Played) -> Result<Row> {
    let found = tollgate_audit::find(&audit_folder(stage.gate.state()), row.last.id.as_bytes(), 4)?;
    // a settle line has no factors, and may stand in another lane at the same millisecond
    let judged = found.iter().find(|found| found.value.pointer("/tollgate/factors").is_some());
    let line = judged.map(|found| &found.value).with_context(|| format!("no line of the audit log tells of `{}`", row.scenario))?;
    let factor = |name: &str| {
        let said = line.pointer(&format!("/tollgate/factors/{name}")).and_then(Value::as_str).unwrap_or("unasked");
        if said == "unasked" { "–".to_owned() } else { said.to_owned() }
    };
    Ok(Row {
        scenario: row.scenario,
        factors: ["identity", "network", "allowance", "time"].map(factor),
        result: row.result.to_owned(),
        seen: row.last.body,
        charged: Some(Money::from_nanos(row.charged)),
        came_out: if row.right { CameOut::Right } else { CameOut::Wrong },
    })
}

async fn normal(stage: &Stage) -> Result<Played> {
    let before = stage.charged()?;
    let key = stage.gate.create_key("shop", &json!({ "allow": ["127.0.0.1/32"], "caps": ["5/day"] })).await?;
    let bought = get(stage.gate.address(), HOME, &submission(&key)).await?;
    let task = bought.task().context("the submission was refused")?;
    let answer = get(stage.gate.address(), HOME, &poll(&key, task)).await?;
    let charged = stage.charged()? - before;
    let right = answer.body.starts_with("OK|") && charged == 100_000_000;
    Ok(Played { scenario: "normal operation", result: "allowed", last: Seen { id: bought.id, body: short(&answer.body) }, charged, right })
}

async fn leaked(stage: &Stage) -> Result<Played> {
    let before = stage.charged()?;
    let key = stage.gate.create_key("leaked", &json!({ "allow": ["127.0.0.1/32"], "caps": ["5/day"] })).await?;
    let last = get(stage.gate.address(), ABROAD, &submission(&key)).await?;
    let charged = stage.charged()? - before;
    let right = last.body == "ERROR_IP_NOT_ALLOWED" && charged == 0;
    Ok(Played { scenario: "key leaked in a public repository", result: "blocked", last, charged, right })
}

async fn compromised(stage: &Stage) -> Result<Played> {
    let before = stage.charged()?;
    let key = stage.gate.create_key("server", &json!({ "allow": ["127.0.0.1/32"], "caps": ["0.50/day"] })).await?;
    let last = spend(stage, &key, 12, HOME).await?;
    let charged = stage.charged()? - before;
    let right = last.body == "ERROR_ZERO_BALANCE" && charged == 500_000_000;
    Ok(Played { scenario: "allowed server compromised, $0.50 a day", result: "limited to the cap", last, charged, right })
}

async fn old_key(stage: &Stage) -> Result<Played> {
    let before = stage.charged()?;
    let old = stage.gate.create_key("backup", &json!({ "allow": ["127.0.0.1/32"], "caps": ["5/day"] })).await?;
    let rotated = stage.gate.admin("POST", "/v1/keys/backup/rotate", Some(&json!({ "now": true }))).await?;
    let new = rotated.get("key").and_then(Value::as_str).context("no key in the answer")?;
    let last = get(stage.gate.address(), HOME, &submission(&old)).await?;
    let charged = stage.charged()? - before;
    let right = last.body == "ERROR_KEY_DOES_NOT_EXIST" && charged == 0 && new != old;
    Ok(Played { scenario: "old key from a backup", result: "blocked", last, charged, right })
}

async fn after_hours(stage: &Stage) -> Result<Played> {
    let before = stage.charged()?;
    let terms = json!({ "allow": ["127.0.0.1/32"], "caps": ["5/day"], "hours": [closed_now()] });
    let key = stage.gate.create_key("office", &terms).await?;
    let last = get(stage.gate.address(), HOME, &submission(&key)).await?;
    let charged = stage.charged()? - before;
    let right = last.body == "ERROR_TOLLGATE_OUTSIDE_HOURS" && charged == 0;
    Ok(Played { scenario: "after-hours abuse", result: "blocked", last, charged, right })
}

/// An hour that is far from now, on every day.
fn closed_now() -> String {
    let now = tollgate_gateway::clock::Clock::begin().now().wall;
    let hour = (now.millis() / 3_600_000 + 12) % 24;
    format!("Mon-Sun {hour:02}:00-{hour:02}:30 UTC")
}

async fn laptop(stage: &Stage) -> Result<Played> {
    let before = stage.charged()?;
    let key = stage.gate.create_key("laptop", &json!({ "allow": "any", "caps": ["0.20/day"] })).await?;
    let capped = spend(stage, &key, 6, ABROAD).await?;
    ensure!(capped.body == "ERROR_ZERO_BALANCE", "the cap did not hold: {}", capped.body);
    stage.gate.admin("POST", "/v1/keys/laptop/revoke", None).await?;
    let revoked = get(stage.gate.address(), ABROAD, &submission(&key)).await?;
    let charged = stage.charged()? - before;
    let right = revoked.body == "ERROR_KEY_DOES_NOT_EXIST" && charged == 200_000_000;
    let last = Seen { id: capped.id, body: format!("{}, then {}", capped.body, revoked.body) };
    Ok(Played { scenario: "laptop stolen, any address, $0.20 a day", result: "limited, then revoked", last, charged, right })
}

async fn real_key(stage: &Stage) -> Result<Played> {
    let before = stage.charged()?;
    let last = get(stage.gate.address(), HOME, &submission(&stage.sandbox.real_key)).await?;
    tokio::time::sleep(LINES_WRITTEN).await;
    let told = tollgate_audit::find(&audit_folder(stage.gate.state()), b"real_key_presented", 4)?;
    let named = told.iter().any(|found| found.value.pointer("/user_agent/original").and_then(Value::as_str) == Some("legacy-service/1.0"));
    let charged = stage.charged()? - before;
    let right = last.body == "ERROR_KEY_DOES_NOT_EXIST" && charged == 0 && named;
    Ok(Played { scenario: "real key still used by an old service", result: "refused, operator told who", last, charged, right })
}

async fn stolen_task(stage: &Stage) -> Result<Played> {
    let terms = json!({ "allow": ["127.0.0.1/32"], "caps": ["5/day"] });
    let owner = stage.gate.create_key("owner", &terms).await?;
    let thief = stage.gate.create_key("thief", &terms).await?;
    let bought = get(stage.gate.address(), HOME, &submission(&owner)).await?;
    let task = bought.task().context("the submission was refused")?;
    let before = stage.charged()?;
    let last = get(stage.gate.address(), HOME, &poll(&thief, task)).await?;
    let unknown = get(stage.gate.address(), HOME, &poll(&thief, "1234567890123")).await?;
    let charged = stage.charged()? - before;
    let right = last.body == unknown.body && last.body == "ERROR_WRONG_CAPTCHA_ID" && charged == 0;
    Ok(Played { scenario: "task stolen by its id", result: "blocked, like an unknown id", last, charged, right })
}

/// Who else has the real key buys two tasks from the provider itself; the operator puts them into the books, which then agree again.
async fn around_the_gate(stage: &Stage) -> Result<Row> {
    let before = stage.charged()?;
    for _ in 0..2 {
        get(stage.sandbox.address, ABROAD, &submission(&stage.sandbox.real_key)).await?;
    }
    let charged = stage.charged()? - before;
    let mut seen = None;
    for _ in 0..ROUNDS {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let told = tollgate_audit::find(&audit_folder(stage.gate.state()), b"\"drift\"", 1)?;
        seen = told.first().and_then(|found| found.value.pointer("/tollgate/detail/what")?.as_str().map(str::to_owned));
        if seen.is_some() {
            break;
        }
    }
    let amount = Money::from_nanos(charged).to_string();
    let correction = json!({ "key": "shop", "up": amount, "reason": "bought around the gate" });
    stage.gate.admin("POST", "/v1/books/adjust", Some(&correction)).await?;
    let right = charged == 200_000_000 && seen.as_ref().is_some_and(|what| what.contains(&amount));
    Ok(Row {
        scenario: "real key used around the gate",
        factors: ["identity", "network", "allowance", "time"].map(|_| "–".to_owned()),
        result: "drift alarm".to_owned(),
        seen: "nothing: it was not here".to_owned(),
        charged: Some(Money::from_nanos(charged)),
        came_out: if right { CameOut::Right } else { CameOut::Wrong },
    })
}

/// Seconds that the alarm is waited for: the balance is asked for each second here.
const ROUNDS: usize = 8;

async fn spend(stage: &Stage, key: &str, times: usize, from: std::net::Ipv4Addr) -> Result<Seen> {
    let mut last = None;
    for _ in 0..times {
        last = Some(get(stage.gate.address(), from, &submission(key)).await?);
    }
    last.context("nothing was sent")
}

/// The first of a long answer.
fn short(body: &str) -> String {
    if body.chars().count() > 28 { body.chars().take(27).chain(['…']).collect() } else { body.to_owned() }
}
