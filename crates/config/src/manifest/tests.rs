use super::*;

fn parse(text: &str) -> Result<Manifest, Mistakes> {
    Manifest::parse(text, Path::new("conf/gate.toml"))
}

fn mistakes(text: &str) -> String {
    parse(text).map_or_else(|mistakes| mistakes.to_string(), |_| String::new())
}

const WHOLE: &str = r#"secrets = "new"

[[team]]
name = "crew"
caps = "400/month"
concurrency = 3

[[key]]
name = "shop"
team = "crew"
allow = ["10.1.2.0/24", "office"]
caps = ["25/day Europe/Berlin", "1000/total"]
concurrency = "none"
observe = "network"
until = "2026-12-31T18:00:00Z"
"#;

#[test]
fn what_was_written_is_kept_in_its_own_words() {
    let manifest = parse(WHOLE).unwrap();
    assert_eq!(manifest.secrets, Some(PathBuf::from("conf/new")));
    let words = |words: &[&str]| Said::Words(words.iter().map(ToString::to_string).collect());
    let said = |declared: &Declared, name: &str| declared.field(name).map(|field| field.said.clone());
    let (crew, shop) = (&manifest.teams[0], &manifest.keys[0]);
    assert_eq!((crew.name.as_str(), shop.name.as_str()), ("crew", "shop"));
    assert_eq!((said(crew, "caps"), said(crew, "concurrency")), (Some(words(&["400/month"])), Some(Said::Count(3))));
    assert_eq!(said(shop, "allow"), Some(words(&["10.1.2.0/24", "office"])));
    assert_eq!(said(shop, "concurrency"), Some(Said::Text("none".to_owned())));
    assert_eq!((said(shop, "observe"), said(shop, "hours")), (Some(words(&["network"])), None));
}

#[test]
fn a_mistake_found_later_stands_at_the_word_the_field_the_name_or_the_table() {
    let manifest = parse(WHOLE).unwrap();
    let at = |field, word| {
        let mistake = manifest.mistake(&manifest.keys[0], field, word, String::new(), None);
        (mistake.line, mistake.column)
    };
    assert_eq!(at(Some("caps"), Some("1000/total")), (12, 33));
    assert_eq!(at(Some("caps"), Some("another")), (12, 8));
    assert_eq!(at(Some("team"), Some("crew")), (10, 8));
    assert_eq!(at(Some("name"), None), (9, 8));
    assert_eq!((at(Some("hours"), None), at(None, None)), ((8, 1), (8, 1)));
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_what_was_expected() {
    let text = r#"secret = "x"

[[team]]
caps = 25

[[key]]
name = "Shop"
cap = "25/day"
allow = [10]
concurrency = 0
until = "7d"

[[key]]
name = "ci"
origin = "https://example.com"

[[key]]
name = "ci"
"#;
    assert_eq!(
        mistakes(text),
        "conf/gate.toml:1:1: unknown key `secret` in the top level\n  hint: did you mean `secrets`?\n\
         conf/gate.toml:3:1: `[[team]]` has no `name`\n  hint: expected a name of `a-z`, `0-9`, `-`, `_`, `.`\n\
         conf/gate.toml:4:8: `caps` is not a cap in dollars such as `\"25/day\"` or `\"400/month Europe/Berlin\"`, a list of them, or `\"none\"`\n\
         conf/gate.toml:7:8: `name` is not valid: a name is 1 to 64 of `a-z`, `0-9`, `-`, `_`, `.`, and starts with a letter or a digit\n\
         conf/gate.toml:8:1: unknown key `cap` in `[[key]]`\n  hint: did you mean `caps`?\n\
         conf/gate.toml:9:10: `allow` is not address blocks such as `[\"10.1.2.0/24\"]`, names of `sets`, or `\"any\"`\n\
         conf/gate.toml:10:15: `concurrency` is out of range\n  hint: between 1 and 4294967295\n\
         conf/gate.toml:11:9: `until` is not valid: expected an instant such as `2026-12-31T18:00:00Z`\n\
         conf/gate.toml:15:1: unknown key `origin` in `[[key]]`\n\
         conf/gate.toml:18:8: a second key `ci`\n  hint: a name stands once: leave one of them out"
    );
}

#[test]
fn a_vault_path_is_told_to_be_of_a_later_day_and_no_toml_to_be_none() {
    assert!(mistakes("secrets = { vault = { path = \"x\" } }\n").contains(":1:11: a Vault path for new secrets is not built yet"));
    assert!(mistakes("[[key]\n").contains("conf/gate.toml:1:"));
    assert!(mistakes("[[key]]\nname = \"a\"\nname = \"b\"\n").contains(":3:1: not TOML"));
    assert!(mistakes("key = 1\n").contains("`key` is not a list of tables"));
}
