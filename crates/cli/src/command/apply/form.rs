//! What is asked for, as the admin API takes it? Every field of what was declared: one that was not said is what it is without a word.

use serde_json::{Map, Value, json};
use tollgate_config::{Declared, Said};

/// Whether a team or a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Team,
    Key,
}

const TEAM: [&str; 5] = ["caps", "tasks", "rate", "concurrency", "note"];
const KEY: [&str; 16] = [
    "team",
    "env",
    "allow",
    "caps",
    "tasks",
    "rate",
    "concurrency",
    "hours",
    "not_before",
    "expires",
    "idle",
    "methods",
    "callbacks",
    "observe",
    "brake",
    "note",
];

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Key => "key",
        }
    }

    /// Where all of them are.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Team => "/v1/teams",
            Self::Key => "/v1/keys",
        }
    }

    /// The fields that a change may touch.
    pub(super) const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Team => &TEAM,
            Self::Key => &KEY,
        }
    }
}

/// The whole form.
pub(super) fn form(kind: Kind, declared: &Declared) -> Map<String, Value> {
    let mut form: Map<String, Value> = kind.fields().iter().map(|field| ((*field).to_owned(), unsaid(field))).collect();
    form.insert("name".to_owned(), declared.name.as_str().into());
    for field in &declared.fields {
        let said = match &field.said {
            Said::Text(text) => json!(text),
            Said::Words(words) => json!(words),
            Said::Count(count) => json!(count),
        };
        form.insert(field.name.to_owned(), said);
    }
    form
}

/// What takes away whatever is there.
fn unsaid(field: &str) -> Value {
    match field {
        "allow" | "caps" | "tasks" | "hours" | "callbacks" | "observe" => json!([]),
        "methods" => json!("any"),
        "brake" => json!(tollgate_policy::Brake::default().to_string()),
        "note" => json!(""),
        _ => json!("none"),
    }
}

/// The fields of a form that a change is made of.
pub(super) fn of(form: &Map<String, Value>, fields: &[&str]) -> Value {
    // the end of observing is a part of it
    let told = |name: &str| fields.contains(&name) || (name == "until" && fields.contains(&"observe"));
    form.iter().filter(|(name, _)| told(name)).map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tollgate_config::Manifest;

    use super::*;

    #[test]
    fn what_is_not_said_is_taken_away_and_what_is_said_is_kept_word_for_word() {
        let text = "[[key]]\nname = \"ci\"\ncaps = \"1/day\"\nconcurrency = 3\nobserve = [\"rate\"]\nuntil = \"2030-01-01T00:00:00Z\"\n";
        let manifest = Manifest::parse(text, Path::new("x.toml")).unwrap();
        let form = form(Kind::Key, &manifest.keys[0]);
        let said = |name: &str| form.get(name).cloned();
        assert_eq!((said("name"), said("caps"), said("concurrency")), (Some(json!("ci")), Some(json!(["1/day"])), Some(json!(3))));
        assert_eq!(
            (said("rate"), said("allow"), said("methods"), said("brake")),
            (Some(json!("none")), Some(json!([])), Some(json!("any")), Some(json!("10x")))
        );
        assert_eq!((said("upstream"), said("note")), (None, Some(json!(""))));
        assert_eq!(of(&form, &["observe"]), json!({ "observe": ["rate"], "until": "2030-01-01T00:00:00Z" }));
        assert_eq!(of(&form, &["caps"]), json!({ "caps": ["1/day"] }));
    }
}
