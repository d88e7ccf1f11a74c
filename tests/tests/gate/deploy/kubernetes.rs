//! deploy/kubernetes: three gates in a StatefulSet.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Checked, are_alike, image, is_known, list, port_of, repository, text, words, yaml};

/// The manifests.
struct Set(Vec<Value>);

impl Set {
    fn read() -> Result<Self> {
        yaml::documents(&repository("deploy/kubernetes/tollgate.yaml")?).map(Self)
    }

    /// The only one of its kind, or the one of this name.
    fn one(&self, kind: &str, name: &str) -> Result<&Value> {
        let named = |one: &&Value| one.get("kind") == Some(&json!(kind)) && one.pointer("/metadata/name") == Some(&json!(name));
        self.0.iter().find(named).with_context(|| format!("no {kind} {name}"))
    }

    fn pod(&self) -> Result<&Value> {
        self.one("StatefulSet", "tollgate")?.pointer("/spec/template/spec").context("no pod")
    }

    fn container(&self) -> Result<&Value> {
        self.pod()?.pointer("/containers/0").context("no container")
    }

    /// The configurations by the names of their pods.
    fn configurations(&self) -> Result<Vec<(String, String)>> {
        let data = self.one("ConfigMap", "tollgate")?.get("data").and_then(Value::as_object).context("no data")?;
        let named = data.iter().map(|(file, content)| {
            let pod = file.strip_suffix(".toml").context("no configuration")?;
            Ok((pod.to_owned(), content.as_str().context("no text")?.to_owned()))
        });
        named.collect()
    }

    fn mount(&self, name: &str) -> Result<&Value> {
        let mounts = list(self.container()?, "/volumeMounts")?;
        mounts.iter().find(|mount| mount.get("name") == Some(&json!(name))).with_context(|| format!("{name} is not mounted"))
    }

    /// The files that the secrets become, each with the secret's name and key.
    fn files(&self) -> Result<Vec<(String, String, String)>> {
        let volumes = list(self.pod()?, "/volumes")?;
        let secrets = volumes.iter().find(|volume| volume.get("name") == Some(&json!("secrets"))).context("no secrets")?;
        let mut files = Vec::new();
        for source in list(secrets, "/projected/sources")? {
            for item in list(source, "/secret/items")? {
                files.push((text(item, "/path")?.to_owned(), text(source, "/secret/name")?.to_owned(), text(item, "/key")?.to_owned()));
            }
        }
        Ok(files)
    }
}

/// The paths that are probed.
pub(super) fn probed() -> Result<Vec<String>> {
    let set = Set::read()?;
    let probes = ["startupProbe", "livenessProbe", "readinessProbe"];
    probes.iter().map(|probe| Ok(text(set.container()?, &format!("/{probe}/httpGet/path"))?.to_owned())).collect()
}

#[test]
fn every_pod_has_a_configuration_that_is_taken_under_its_own_name() -> Result<()> {
    let set = Set::read()?;
    let (args, mount) = (words(set.container()?.get("args").context("no args")?)?, set.mount("config")?);
    assert!(is_known(&args)? && args.contains(&text(mount, "/mountPath")?), "{args:?}");
    assert_eq!(text(mount, "/subPathExpr")?, "$(POD_NAME).toml");
    let configurations = set.configurations()?;
    let replicas = set.one("StatefulSet", "tollgate")?.pointer("/spec/replicas").and_then(Value::as_u64).context("no replicas")?;
    let pods: Vec<_> = (0..replicas).map(|number| format!("tollgate-{number}")).collect();
    assert_eq!(configurations.iter().map(|(pod, _)| pod.clone()).collect::<Vec<_>>(), pods);
    let files = set.files()?;
    for (pod, configuration) in &configurations {
        let checked = Checked::of(configuration)?;
        assert_eq!(text(&checked.in_force, "/instance")?, pod);
        assert_eq!(checked.in_force.get("gates"), Some(&json!(replicas)));
        for file in &checked.files {
            assert!(files.iter().any(|(path, ..)| path == file), "{file} is of no secret");
        }
        // a volume's own folder is the group's: a state folder in it is the gate's alone
        let volume = Path::new(text(set.mount("state")?, "/mountPath")?);
        assert!(checked.state()?.starts_with(volume) && checked.state()? != volume);
        assert!(!checked.notes.contains("without TLS") && !checked.notes.contains("plain http"), "{}", checked.notes);
    }
    assert!(are_alike(&configurations.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>()));
    Ok(())
}

#[test]
fn probes_services_and_policies_meet_at_the_ports_that_are_listened_to() -> Result<()> {
    let set = Set::read()?;
    let checked = Checked::of(&set.configurations()?.first().context("no configuration")?.1)?;
    let (port, container) = (json!(checked.port()?), set.container()?);
    assert_eq!(container.pointer("/ports/0/containerPort"), Some(&port));
    let name = container.pointer("/ports/0/name");
    assert!(checked.in_force.pointer("/listener/0/tls").is_some());
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let get = container.pointer(&format!("/{probe}/httpGet")).context("no probe")?;
        assert_eq!((get.get("port"), get.get("scheme")), (name, Some(&json!("HTTPS"))), "{probe}");
    }
    for service in ["tollgate", "tollgate-pods"] {
        assert_eq!(set.one("Service", service)?.pointer("/spec/ports/0/targetPort"), name, "{service}");
    }
    let service = set.one("Service", "tollgate")?;
    assert_eq!(service.pointer("/spec/sessionAffinity"), Some(&json!("ClientIP")));
    assert_eq!(service.pointer("/spec/sessionAffinityConfig/clientIP/timeoutSeconds"), Some(&json!(86_400)));
    let policy = set.one("NetworkPolicy", "tollgate")?;
    assert_eq!(policy.pointer("/spec/ingress/0/ports/0/port"), Some(&port));
    let out = list(policy, "/spec/egress")?;
    let open: Vec<_> = out.iter().filter_map(|rule| rule.pointer("/ports/0/port").and_then(Value::as_u64)).collect();
    let (store, rates) = (text(&checked.in_force, "/store")?, text(&checked.in_force, "/rates")?);
    assert_eq!(open, [53, port_of(store)?, port_of(rates)?, 443], "and nowhere else");
    Ok(())
}

#[test]
fn a_pod_is_nobody_has_nothing_and_is_given_the_time_to_drain() -> Result<()> {
    let set = Set::read()?;
    let (pod, container) = (set.pod()?, set.container()?);
    let user = image("USER ")?;
    let user: u64 = user.split(':').next().unwrap_or_default().parse()?;
    for (value, place, wanted) in [
        (pod, "/automountServiceAccountToken", json!(false)),
        (set.one("ServiceAccount", "tollgate")?, "/automountServiceAccountToken", json!(false)),
        (pod, "/securityContext/runAsNonRoot", json!(true)),
        (pod, "/securityContext/runAsUser", json!(user)),
        (pod, "/securityContext/fsGroup", json!(user)),
        (pod, "/securityContext/fsGroupChangePolicy", json!("OnRootMismatch")),
        (pod, "/securityContext/seccompProfile/type", json!("RuntimeDefault")),
        (container, "/securityContext/allowPrivilegeEscalation", json!(false)),
        (container, "/securityContext/readOnlyRootFilesystem", json!(true)),
        (container, "/securityContext/capabilities/drop", json!(["ALL"])),
        (set.one("PodDisruptionBudget", "tollgate")?, "/spec/maxUnavailable", json!(1)),
        (set.one("StatefulSet", "tollgate")?, "/spec/volumeClaimTemplates/0/metadata/name", json!("state")),
    ] {
        assert_eq!(value.pointer(place), Some(&wanted), "{place}");
    }
    let drain = Checked::of(&set.configurations()?.first().context("no configuration")?.1)?.drain()?;
    let grace = pod.get("terminationGracePeriodSeconds").and_then(Value::as_u64).context("no grace")?;
    let before = container.pointer("/lifecycle/preStop/sleep/seconds").and_then(Value::as_u64).unwrap_or(0);
    assert!(grace >= before + drain + 5, "{grace} s for {before} s and a drain of {drain} s");
    Ok(())
}

#[test]
fn one_label_binds_the_set_its_services_its_budget_and_its_policy() -> Result<()> {
    let set = Set::read()?;
    let labels = set.one("StatefulSet", "tollgate")?.pointer("/spec/template/metadata/labels");
    assert!(labels.is_some());
    for (kind, name, place) in [
        ("StatefulSet", "tollgate", "/spec/selector/matchLabels"),
        ("Service", "tollgate", "/spec/selector"),
        ("Service", "tollgate-pods", "/spec/selector"),
        ("PodDisruptionBudget", "tollgate", "/spec/selector/matchLabels"),
        ("NetworkPolicy", "tollgate", "/spec/podSelector/matchLabels"),
    ] {
        assert_eq!(set.one(kind, name)?.pointer(place), labels, "{kind} {name}");
    }
    Ok(())
}

#[test]
fn every_secret_that_is_mounted_is_made_as_the_page_says() -> Result<()> {
    let (set, page) = (Set::read()?, repository("deploy/README.md")?);
    for (file, secret, key) in set.files()? {
        let line = page.lines().find(|line| line.contains("create secret") && line.contains(&format!(" {secret} ")));
        let line = line.with_context(|| format!("nothing makes the secret {secret}"))?;
        let made =
            line.contains(" tls ") && ["tls.crt", "tls.key"].contains(&key.as_str()) || line.contains(&format!("--from-file={key}="));
        assert!(made, "{file}: {line}");
    }
    Ok(())
}
