//! deploy/compose: three gates, a PostgreSQL and a Redis.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Checked, are_alike, image, is_known, list, port_of, repository, seconds, text, words, yaml};

struct Composed {
    file: Value,
    /// The services that are gates, each with its configuration.
    gates: Vec<(Value, String)>,
}

impl Composed {
    fn read() -> Result<Self> {
        let file = yaml::documents(&repository("deploy/compose/compose.yaml")?)?.pop().context("no document")?;
        let services = file.get("services").and_then(Value::as_object).context("no services")?;
        let mut gates = Vec::new();
        for service in services.values().filter(|service| service.get("image") == Some(&json!("tollgate"))) {
            let name = text(service, "/configs/0/source")?;
            // what is no file cannot be put into a container whose root is read-only
            let beside = text(&file, &format!("/configs/{name}/file"))?.strip_prefix("./").context("not beside it")?;
            gates.push((service.clone(), repository(&format!("deploy/compose/{beside}"))?));
        }
        Ok(Self { file, gates })
    }
}

#[test]
fn every_gate_of_the_compose_file_has_a_configuration_that_is_taken_and_words_that_are_known() -> Result<()> {
    let composed = Composed::read()?;
    let mut names = Vec::new();
    for (service, configuration) in &composed.gates {
        let checked = Checked::of(configuration)?;
        let command = words(service.get("command").context("no command")?)?;
        assert!(is_known(&command)? && command[0] == "serve", "{command:?}");
        assert!(command.contains(&text(service, "/configs/0/target")?), "it reads the file that is mounted");
        names.push(text(&checked.in_force, "/instance")?.to_owned());
        let ports = text(service, "/ports/0")?;
        assert!(ports.ends_with(&format!(":{}", checked.port()?)), "{ports}");
        assert_eq!(service.get("user"), Some(&json!(image("USER ")?)));
        assert!(seconds(text(service, "/stop_grace_period")?)? > checked.drain()?);
        let volume = text(service, "/volumes/0")?.split_once(':').context("no volume")?.1.to_owned();
        assert!(checked.state()?.starts_with(volume), "what it keeps is on its volume");
        let given = words(service.get("secrets").context("no secrets")?)?;
        for file in &checked.files {
            assert!(given.contains(&file.as_str()), "{file} is not given to the service");
        }
        assert_eq!(checked.in_force.get("gates"), Some(&json!(composed.gates.len())));
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 3, "each gate has a name of its own: {names:?}");
    assert!(are_alike(&composed.gates.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>()));
    Ok(())
}

#[test]
fn the_compose_files_health_check_is_a_verb_of_the_image() -> Result<()> {
    let composed = Composed::read()?;
    for (service, configuration) in &composed.gates {
        let check = words(service.pointer("/healthcheck/test").context("no health check")?)?;
        let [kind, binary, words @ ..] = check.as_slice() else { anyhow::bail!("{check:?}") };
        assert_eq!((*kind, image("ENTRYPOINT ")?), ("CMD", format!("[\"{binary}\"]")), "there is no shell in it");
        assert!(is_known(words)?, "{words:?}");
        assert!(words.contains(&Checked::of(configuration)?.state()?.to_str().context("an odd path")?));
    }
    Ok(())
}

#[test]
fn the_compose_files_servers_are_those_that_the_gates_ask_and_every_secret_is_made() -> Result<()> {
    let composed = Composed::read()?;
    let checked = Checked::of(&composed.gates.first().context("no gate")?.1)?;
    let (store, rates) = (text(&checked.in_force, "/store")?, text(&checked.in_force, "/rates")?);
    let postgres = composed.file.pointer("/services/postgres").context("no PostgreSQL")?;
    let (user, database) = (text(postgres, "/environment/POSTGRES_USER")?, text(postgres, "/environment/POSTGRES_DB")?);
    assert!(store.starts_with(&format!("postgres://{user}@postgres:5432/{database}")), "{store}");
    assert!(rates.starts_with("redis://redis:") && port_of(rates)? == 6379, "{rates}");
    let made = repository("deploy/compose/secrets.sh")?;
    let secrets = composed.file.get("secrets").and_then(Value::as_object).context("no secrets")?;
    for (name, secret) in secrets {
        let file = Path::new(text(secret, "/file")?);
        assert_eq!(file.parent(), Some(Path::new("./secrets")));
        assert!(made.contains(&format!("keep {name} ")), "secrets.sh does not make {name}");
    }
    for service in composed.file.get("services").and_then(Value::as_object).context("no services")?.values() {
        for name in list(service, "/secrets")? {
            assert!(secrets.contains_key(name.as_str().unwrap_or_default()), "{name}");
        }
    }
    // inside one machine in the clear, and `check` says so
    assert!(checked.notes.contains("without TLS"));
    Ok(())
}
