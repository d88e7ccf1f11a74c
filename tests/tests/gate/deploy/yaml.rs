//! YAML as JSON: aliases resolved, merge keys merged.

use anyhow::{Context, Result, bail};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

/// Every document of a text; a key twice is a mistake.
pub(super) fn documents(text: &str) -> Result<Vec<Value>> {
    Yaml::load_from_str(text)?.iter().map(value).collect()
}

fn value(yaml: &Yaml<'_>) -> Result<Value> {
    Ok(match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => Value::from(*flag),
        Yaml::Value(Scalar::Integer(number)) => Value::from(*number),
        Yaml::Value(Scalar::String(text)) => Value::from(text.as_ref()),
        Yaml::Sequence(items) => items.iter().map(value).collect::<Result<Vec<_>>>()?.into(),
        Yaml::Mapping(members) => {
            let mut object = Map::new();
            for (key, member) in members {
                let key = key.as_str().context("a key that is no text")?;
                if key == "<<" {
                    // what stands beside it counts before it
                    for (name, merged) in value(member)?.as_object().context("a merge of what is no mapping")? {
                        object.entry(name.clone()).or_insert_with(|| merged.clone());
                    }
                } else {
                    object.insert(key.to_owned(), value(member)?);
                }
            }
            object.into()
        }
        other => bail!("not of a kind that these files have: {other:?}"),
    })
}

#[test]
fn aliases_and_merges_are_resolved_and_a_key_twice_is_a_mistake() -> Result<()> {
    let text = "x: &x { a: 1, b: two }\ny: { <<: *x, b: [true] }\n---\n- *z\n";
    assert!(documents(text).is_err(), "an alias of nothing");
    let documents = documents("x: &x { a: 1, b: two }\ny: { <<: *x, b: [true] }\n---\nz:\n")?;
    assert_eq!(documents[0]["y"], serde_json::json!({ "a": 1, "b": [true] }));
    assert_eq!(documents[1], serde_json::json!({ "z": null }));
    assert!(self::documents("a: 1\na: 2\n").is_err());
    Ok(())
}
