//! Which paths are there? One table; the router and the OpenAPI document are made from it, and a test walks it.

/// A path with its method and meaning.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with `{name}` for a part that varies.
    pub path: &'static str,
    /// What it does.
    pub verb: Verb,
    /// One sentence for the OpenAPI document.
    pub says: &'static str,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Whether the process answers.
    Health,
    /// Whether the gate takes paid calls.
    Ready,
    /// Numbers for Prometheus.
    Metrics,
    /// This table.
    OpenApi,
    /// All keys.
    ListKeys,
    /// A new key.
    CreateKey,
    /// One key.
    ShowKey,
    /// Change a key.
    SetKey,
    /// A second secret.
    RotateKey,
    /// The end of a key.
    RevokeKey,
    /// No submissions for now.
    PauseKey,
    /// Submissions again.
    ResumeKey,
    /// More of a key's cap for a while.
    RaiseKey,
    /// What a key would be.
    PlanKey,
    /// All teams.
    ListTeams,
    /// A new team.
    CreateTeam,
    /// One team.
    ShowTeam,
    /// Change a team.
    SetTeam,
    /// More of a team's cap for a while.
    RaiseTeam,
    /// What a team would be.
    PlanTeam,
    /// The upstream accounts.
    ListUpstreams,
    /// Money of unknown outcome.
    UnknownMoney,
    /// What became of it.
    ResolveMoney,
    /// What a key has spent, corrected.
    AdjustMoney,
    /// What was spent.
    Usage,
    /// What would be answered.
    Explain,
    /// Why it was answered so.
    ExplainRequest,
    /// Whose string it is.
    Trace,
    /// The last lines of the audit log.
    AuditTail,
    /// What is not as it should be.
    Doctor,
}

const fn route(method: &'static str, path: &'static str, verb: Verb, says: &'static str) -> Route {
    Route { method, path, verb, says }
}

/// Every route of the desk.
pub const ROUTES: &[Route] = &[
    route("GET", "/healthz", Verb::Health, "Whether the process answers"),
    route("GET", "/readyz", Verb::Ready, "Whether the gate takes paid calls"),
    route("GET", "/metrics", Verb::Metrics, "Numbers in Prometheus' text form, without names of tenants"),
    route("GET", "/openapi.json", Verb::OpenApi, "This document"),
    route("GET", "/v1/keys", Verb::ListKeys, "All virtual keys"),
    route("POST", "/v1/keys", Verb::CreateKey, "Make a key; its secret is in this answer and nowhere else"),
    route("GET", "/v1/keys/{name}", Verb::ShowKey, "One key with its limits and what is left of them"),
    route("PATCH", "/v1/keys/{name}", Verb::SetKey, "Change a key's policy and limits"),
    route("POST", "/v1/keys/{name}/rotate", Verb::RotateKey, "Give a key a second secret; the old one goes on for the overlap"),
    route("POST", "/v1/keys/{name}/revoke", Verb::RevokeKey, "Withdraw a key for good"),
    route("POST", "/v1/keys/{name}/pause", Verb::PauseKey, "Refuse a key's submissions until resumed"),
    route("POST", "/v1/keys/{name}/resume", Verb::ResumeKey, "End a pause"),
    route("POST", "/v1/keys/{name}/raise", Verb::RaiseKey, "Raise one of a key's caps for a while, with a reason, or end a raise"),
    route("GET", "/v1/teams", Verb::ListTeams, "All teams"),
    route("POST", "/v1/teams", Verb::CreateTeam, "Make a team"),
    route("GET", "/v1/teams/{name}", Verb::ShowTeam, "One team with its limits and what is left of them"),
    route("PATCH", "/v1/teams/{name}", Verb::SetTeam, "Change a team's limits"),
    route("POST", "/v1/teams/{name}/raise", Verb::RaiseTeam, "Raise one of a team's caps for a while, with a reason, or end a raise"),
    route(
        "POST",
        "/v1/plan/key",
        Verb::PlanKey,
        "What a key would be with these terms, new or changed, beside what it is; nothing is changed",
    ),
    route("POST", "/v1/plan/team", Verb::PlanTeam, "What a team would be with these terms, beside what it is; nothing is changed"),
    route("GET", "/v1/upstreams", Verb::ListUpstreams, "The upstream accounts with their limits and what is left of them"),
    route("GET", "/v1/books/unknown", Verb::UnknownMoney, "Purchases of which nobody knows whether they were charged; they count as spent"),
    route("POST", "/v1/books/{request}/resolve", Verb::ResolveMoney, "Say what an unknown purchase cost, with a reason"),
    route("POST", "/v1/books/adjust", Verb::AdjustMoney, "Correct what a key has spent on a day, up or down, with a reason"),
    route("GET", "/v1/usage", Verb::Usage, "What was spent, by key, team, method or day"),
    route("POST", "/v1/explain", Verb::Explain, "What the gate would answer to a request that was never sent"),
    route("GET", "/v1/explain/{id}", Verb::ExplainRequest, "Why a request was answered as it was"),
    route("POST", "/v1/trace", Verb::Trace, "Whose a string is, whether it lives, where it was used and what it spent"),
    route("GET", "/v1/audit/tail", Verb::AuditTail, "The last lines of the audit log"),
    route("GET", "/v1/doctor", Verb::Doctor, "What is not as it should be, each finding with its fix"),
];

impl Verb {
    /// Whether it answers without a credential: liveness and readiness only, and they name nothing.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Health | Self::Ready)
    }

    /// Whether it changes something: such a request may carry `Idempotency-Key`, and on a record `If-Match`.
    pub const fn writes(self) -> bool {
        matches!(
            self,
            Self::CreateKey
                | Self::SetKey
                | Self::RotateKey
                | Self::RevokeKey
                | Self::PauseKey
                | Self::ResumeKey
                | Self::RaiseKey
                | Self::ResolveMoney
                | Self::AdjustMoney
                | Self::RaiseTeam
                | Self::CreateTeam
                | Self::SetTeam
        )
    }

    /// The words of its query.
    pub const fn query(self) -> &'static [&'static str] {
        match self {
            Self::Usage => &["by", "since", "month"],
            Self::AuditTail => &["n"],
            _ => &[],
        }
    }
}

/// Whether a path answers without a credential.
pub(crate) fn is_open(path: &str) -> bool {
    ROUTES.iter().any(|route| route.verb.is_open() && route.path == path)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_method_and_path_stand_once() {
        let all: HashSet<_> = ROUTES.iter().map(|route| (route.method, route.path)).collect();
        assert_eq!(all.len(), ROUTES.len());
    }

    #[test]
    fn only_liveness_is_open() {
        let open: Vec<_> = ROUTES.iter().filter(|route| route.verb.is_open()).map(|route| route.path).collect();
        assert_eq!(open, ["/healthz", "/readyz"]);
    }
}
