//! What is on the desk? Everything that the handlers are given, and the routes that lead to them.

use std::sync::Arc;
use std::{fmt, io};

use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, patch, post};
use axum::{Extension, Router};
use serde_json::Value;
use tollgate_model::Now;
use tollgate_registry::{Change, Registry, RegistryError};

use crate::access::Door;
use crate::act::{Acts, AdminAct, Stage};
use crate::etag::Turns;
use crate::gate::{Gate, NotAdjusted};
use crate::problem::{Kind, Problem};
use crate::route::{ROUTES, Verb};
use crate::server::{self, Doors, Running};
use crate::verb::{audit, books, explain, health, keys, plan, raise, teams, trace, upstreams, usage};

/// The one reader of the clocks, as a closure.
pub type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

/// Everything that the handlers are given. `A` is what the gate attaches to keys; the desk does not look at it.
pub struct Desk<A> {
    /// Who may come.
    pub registry: Arc<Registry<A>>,
    /// The running gate.
    pub gate: Arc<dyn Gate>,
    /// Where acts are written down.
    pub acts: Arc<dyn Acts>,
    /// The clocks.
    pub clock: Clock,
}

/// Opens both doors and takes requests; must be called inside a tokio runtime.
pub async fn start<A: Send + Sync + 'static>(desk: Desk<A>, doors: Doors) -> io::Result<Running> {
    let clock = desk.clock.clone();
    server::open(routes(Arc::new(desk)), doors, clock).await
}

fn routes<A: Send + Sync + 'static>(desk: Arc<Desk<A>>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        router = router.route(route.path, handler::<A>(route.verb));
    }
    let nowhere = async || Problem::new(Kind::NotFound, "there is no such path").hint("`GET /openapi.json` lists all");
    let other = async || Problem::new(Kind::MethodNotAllowed, "the path knows other methods").hint("`GET /openapi.json` lists all");
    router.fallback(nowhere).method_not_allowed_fallback(other).layer(Extension(Turns::default())).with_state(desk)
}

fn handler<A: Send + Sync + 'static>(verb: Verb) -> MethodRouter<Arc<Desk<A>>> {
    match verb {
        Verb::Health => get(async || "ok"),
        Verb::Ready => get(health::ready::<A>),
        Verb::Metrics => get(health::metrics::<A>),
        Verb::OpenApi => get(async || axum::Json(crate::openapi())),
        Verb::Doctor => get(health::doctor::<A>),
        Verb::ListKeys => get(keys::list::<A>),
        Verb::CreateKey => post(keys::create::<A>),
        Verb::ShowKey => get(keys::show::<A>),
        Verb::SetKey => patch(keys::set::<A>),
        Verb::RotateKey => post(keys::rotate::<A>),
        Verb::RevokeKey => post(keys::revoke::<A>),
        Verb::PauseKey => post(keys::pause::<A>),
        Verb::ResumeKey => post(keys::resume::<A>),
        Verb::RaiseKey => post(raise::key::<A>),
        Verb::PlanKey => post(plan::key::<A>),
        Verb::PlanTeam => post(plan::team::<A>),
        Verb::ListTeams => get(teams::list::<A>),
        Verb::CreateTeam => post(teams::create::<A>),
        Verb::ShowTeam => get(teams::show::<A>),
        Verb::SetTeam => patch(teams::set::<A>),
        Verb::RaiseTeam => post(raise::team::<A>),
        Verb::ListUpstreams => get(upstreams::list::<A>),
        Verb::UnknownMoney => get(books::unknown::<A>),
        Verb::ResolveMoney => post(books::resolve::<A>),
        Verb::AdjustMoney => post(books::adjust::<A>),
        Verb::Usage => get(usage::usage::<A>),
        Verb::Explain => post(explain::supposed::<A>),
        Verb::ExplainRequest => get(explain::request::<A>),
        Verb::Trace => post(trace::trace::<A>),
        Verb::AuditTail => get(audit::tail::<A>),
    }
}

impl<A: Send + Sync + 'static> Desk<A> {
    /// Writes an act down, does it, and writes down what came of it. What cannot be written down is not done.
    pub(crate) async fn act<T, E: fmt::Display + Into<Problem>>(
        &self,
        action: &'static str,
        subject: &str,
        by: Door,
        asked: Value,
        work: impl Future<Output = Result<T, E>>,
        told: impl Fn(&T) -> Value,
    ) -> Result<T, Problem> {
        let line = |stage, detail| AdminAct { action, stage, subject: subject.to_owned(), by, detail };
        let unwritten =
            |_| Problem::new(Kind::AuditUnavailable, "the audit log cannot be written, and what is not written down is not done");
        self.acts.write(line(Stage::Intent, asked)).await.map_err(unwritten)?;
        match work.await {
            Ok(done) => {
                // it is done: a log that fails here is the lane's own alarm, and the caller must learn of what was made
                let _ = self.acts.write(line(Stage::Done, told(&done))).await;
                Ok(done)
            }
            Err(error) => {
                let _ = self.acts.write(line(Stage::Refused, Value::from(error.to_string()))).await;
                Err(error.into())
            }
        }
    }
}

/// A change as a whole, so that the log can be replayed.
pub(crate) fn whole(change: &Change) -> Value {
    serde_json::to_value(change).unwrap_or_default()
}

/// The registry's no as the desk's.
impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        let kind = match error {
            RegistryError::NameTaken(_) | RegistryError::Revoked(_) => Kind::Conflict,
            RegistryError::NoKey(_) | RegistryError::NoTeam(_) => Kind::NotFound,
            RegistryError::Changed { .. } => Kind::PreconditionFailed,
            RegistryError::Terms(_) | RegistryError::OtherPepper => Kind::Refused,
            RegistryError::NoRandomness | RegistryError::Store(_) => Kind::StoreUnavailable,
        };
        Self::said(kind, error.to_string())
    }
}

/// The books' no as the desk's.
impl From<NotAdjusted> for Problem {
    fn from(error: NotAdjusted) -> Self {
        let kind = match error {
            NotAdjusted::TooLittle { .. } => Kind::Refused,
            NotAdjusted::Taken | NotAdjusted::NoAccount(_) => Kind::Conflict,
            NotAdjusted::Unavailable(_) => Kind::StoreUnavailable,
        };
        Self::said(kind, error.to_string())
    }
}

/// An answer in JSON.
pub(crate) fn json(status: u16, value: &Value) -> axum::response::Response {
    let status = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    (status, axum::Json(value)).into_response()
}
