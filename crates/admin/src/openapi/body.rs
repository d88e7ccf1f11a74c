//! What does a request's body look like? The fields of every form, as a JSON schema.

use serde_json::{Map, Value, json};

use crate::route::Verb;

/// How a field is written.
#[derive(Clone, Copy)]
enum Form {
    /// One text.
    Text,
    /// A word or a list of words.
    Words,
    /// A whole number or `none`.
    Count,
    /// Yes or no.
    Flag,
}

/// A field, how it is written, and an example of it.
type Field = (&'static str, Form, &'static str);

const LIMITS: [Field; 5] = [
    ("caps", Form::Words, "25/day"),
    ("tasks", Form::Words, "5000/day"),
    ("rate", Form::Text, "60/min burst 6"),
    ("concurrency", Form::Count, "10"),
    ("uncapped", Form::Flag, "false"),
];

const KEY: [Field; 16] = [
    ("name", Form::Text, "checkout"),
    ("upstream", Form::Text, "captchaai"),
    ("like", Form::Text, "another-key"),
    ("team", Form::Text, "crew"),
    ("env", Form::Text, "production"),
    ("allow", Form::Words, "203.0.113.0/24"),
    ("hours", Form::Words, "Mon-Fri 09:00-17:00 Europe/Berlin"),
    ("not_before", Form::Text, "2026-12-01T00:00:00Z"),
    ("expires", Form::Text, "90d"),
    ("idle", Form::Text, "30d"),
    ("methods", Form::Words, "userrecaptcha"),
    ("callbacks", Form::Words, "hooks.example"),
    ("observe", Form::Words, "network"),
    ("until", Form::Text, "7d"),
    ("brake", Form::Text, "10x"),
    ("note", Form::Text, "the checkout service"),
];

const TEAM: [Field; 2] = [("name", Form::Text, "crew"), ("note", Form::Text, "who buys")];
const ROTATION: [Field; 2] = [("overlap", Form::Text, "24h"), ("now", Form::Flag, "false")];
const PAUSING: [Field; 1] = [("reason", Form::Text, "stock-taking")];
const RAISING: [Field; 5] = [
    ("cap", Form::Text, "50/day"),
    ("tasks", Form::Text, "9000/day"),
    ("until", Form::Text, "4h"),
    ("reason", Form::Text, "the launch"),
    ("end", Form::Flag, "false"),
];
const RESOLUTION: [Field; 2] = [("cost", Form::Text, "0.0029"), ("reason", Form::Text, "it stands in the provider's statement")];
const ADJUSTMENT: [Field; 6] = [
    ("key", Form::Text, "checkout"),
    ("up", Form::Text, "0.50"),
    ("down", Form::Text, "0.25"),
    ("on", Form::Text, "2026-11-23"),
    ("reason", Form::Text, "the provider's statement of November, line 12"),
    ("id", Form::Text, "019d36ac-13e8-7000-8000-000000000001"),
];
const SUPPOSED: [Field; 4] = [
    ("key", Form::Text, "checkout"),
    ("from", Form::Text, "203.0.113.7"),
    ("at", Form::Text, "2026-12-01T03:00:00Z"),
    ("method", Form::Text, "userrecaptcha"),
];

/// The body of a request, if it has one.
pub(super) fn of(verb: Verb) -> Option<Value> {
    let schema = match verb {
        Verb::CreateKey | Verb::PlanKey => object(&[&KEY, &LIMITS], &["name"]),
        // a key stays what it is, where it is
        Verb::SetKey => object(&[KEY.get(3..).unwrap_or_default(), &LIMITS], &[]),
        Verb::CreateTeam | Verb::PlanTeam => object(&[&TEAM, &LIMITS], &["name"]),
        Verb::SetTeam => object(&[TEAM.get(1..).unwrap_or_default(), &LIMITS], &[]),
        Verb::RotateKey => object(&[&ROTATION], &[]),
        Verb::PauseKey => object(&[&PAUSING], &[]),
        Verb::RaiseKey | Verb::RaiseTeam => object(&[&RAISING], &[]),
        Verb::AdjustMoney => object(&[&ADJUSTMENT], &["key", "reason"]),
        Verb::ResolveMoney => object(&[&RESOLUTION], &["cost", "reason"]),
        Verb::RevokeKey | Verb::ResumeKey => object(&[], &[]),
        Verb::Explain => object(&[&SUPPOSED], &["key", "from"]),
        Verb::Trace => {
            return Some(json!({ "required": true, "content": { "text/plain": { "schema": { "type": "string" } } } }));
        }
        Verb::Health
        | Verb::Ready
        | Verb::Metrics
        | Verb::OpenApi
        | Verb::ListKeys
        | Verb::ShowKey
        | Verb::UnknownMoney
        | Verb::ListTeams
        | Verb::ShowTeam
        | Verb::ListUpstreams
        | Verb::Usage
        | Verb::ExplainRequest
        | Verb::AuditTail
        | Verb::Doctor => return None,
    };
    Some(json!({ "content": { "application/json": { "schema": schema } } }))
}

fn object(fields: &[&[Field]], required: &[&str]) -> Value {
    let fields = fields.iter().copied().flatten();
    let properties: Map<String, Value> = fields.map(|(name, form, example)| ((*name).to_owned(), form.schema(example))).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "required": required })
}

impl Form {
    fn schema(self, example: &str) -> Value {
        let text = json!({ "type": "string" });
        match self {
            Self::Text => json!({ "type": "string", "examples": [example] }),
            Self::Words => json!({ "oneOf": [text, { "type": "array", "items": text }], "examples": [[example]] }),
            Self::Count => {
                json!({ "oneOf": [{ "type": "integer", "minimum": 1 }, { "const": "none" }], "examples": [example.parse::<u32>().ok()] })
            }
            Self::Flag => json!({ "type": "boolean", "default": example == "true" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fixture::Fixture;
    use crate::route::ROUTES;

    fn properties(verb: Verb) -> Option<Map<String, Value>> {
        of(verb)?.pointer("/content/application~1json/schema/properties")?.as_object().cloned()
    }

    /// The fields that a form knows, as its refusal of an unknown one names them.
    fn known(detail: &str) -> BTreeSet<String> {
        let expected = detail.split_once(", expected").map_or("", |(_, expected)| expected);
        expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn the_document_names_every_field_that_a_route_takes() {
        let desk = Fixture::new().await;
        desk.key("ci", json!({})).await;
        desk.ask("POST", "/v1/teams", Some(json!({ "name": "ci" }))).await;
        let mut asked = 0;
        for route in ROUTES {
            let Some(properties) = properties(route.verb) else { continue };
            let path = route.path.replace("{name}", "ci");
            let (_, _, detail) = desk.ask(route.method, &path, Some(json!({ "?": 0 }))).await.problem();
            let mut known = known(&detail);
            if matches!(route.verb, Verb::SetKey | Verb::SetTeam) {
                known.retain(|field| !["name", "upstream", "like"].contains(&&**field));
            }
            assert_eq!(properties.keys().cloned().collect::<BTreeSet<_>>(), known, "{} {}", route.method, route.path);
            asked += 1;
        }
        assert_eq!(asked, 15);
    }

    #[tokio::test]
    async fn every_example_is_taken() {
        let desk = Fixture::new().await;
        desk.key("another-key", json!({})).await;
        desk.ask("POST", "/v1/teams", Some(json!({ "name": "crew" }))).await;
        let body = |verb: Verb| {
            let fields = properties(verb).unwrap().into_iter();
            let example = |(name, schema): (String, Value)| Some((name, schema.pointer("/examples/0").or(schema.get("default"))?.clone()));
            Value::Object(fields.filter_map(example).collect())
        };
        let made = desk.ask("POST", "/v1/keys", Some(body(Verb::CreateKey))).await;
        assert_eq!(made.status, 201, "{made:?}");
        for (verb, method, path) in [
            (Verb::SetKey, "PATCH", "/v1/keys/checkout"),
            (Verb::SetTeam, "PATCH", "/v1/teams/crew"),
            (Verb::PlanTeam, "POST", "/v1/plan/team"),
            (Verb::RotateKey, "POST", "/v1/keys/checkout/rotate"),
            (Verb::PauseKey, "POST", "/v1/keys/checkout/pause"),
            (Verb::Explain, "POST", "/v1/explain"),
        ] {
            let answer = desk.ask(method, path, Some(body(verb))).await;
            assert_eq!(answer.status, 200, "{method} {path} {answer:?}");
        }
    }
}
