//! What is in force? The whole configuration as a file again, every default written out; secrets are named, never shown.

use std::fmt::{self, Write};

use tollgate_model::{Amount, CidrSet, LimitKind};
use tollgate_policy::duration;

use crate::config::Config;
use crate::limits::Limits;
use crate::listener::Listener;
use crate::network::Network;
use crate::rates::Rates;
use crate::size;
use crate::source::SecretSource;
use crate::store::{Postgres, Store};
use crate::tls::Tls;
use crate::upstream::Upstream;

impl Config {
    /// The configuration as a `tollgate.toml` that reads back to the same one; paths are written as they are looked up.
    pub fn in_force(&self) -> String {
        let mut page = String::new();
        // writing to a String cannot fail
        let _ = self.write(&mut page);
        page
    }

    /// The same for programs.
    pub fn table(&self) -> toml::Table {
        // what is in force reads back, which a test holds
        toml::from_str(&self.in_force()).unwrap_or_default()
    }

    fn write(&self, page: &mut String) -> fmt::Result {
        writeln!(page, "state = {}", text(&self.state.display().to_string()))?;
        write_store(page, &self.store)?;
        if let Some(rates) = &self.rates {
            write_rates(page, rates)?;
        }
        writeln!(page, "drain = \"{}\"", duration::format(self.drain))?;
        writeln!(page, "retain = \"{}\"", duration::format(self.retain))?;
        if let Some(workers) = self.workers {
            writeln!(page, "workers = {workers}")?;
        }
        if let Some(pepper) = &self.pepper {
            writeln!(page, "pepper = {}", source(pepper))?;
        }
        for listener in &self.listeners {
            write_listener(page, listener)?;
        }
        write_network(page, &self.network)?;
        writeln!(page, "\n[admin]\naddress = \"{}\"", self.admin.address)?;
        if let Some(token) = &self.admin.token {
            writeln!(page, "token = {}", source(token))?;
        }
        for upstream in &self.upstreams {
            write_upstream(page, upstream)?;
        }
        writeln!(page, "\n[audit]\ndurability = \"{}\"", self.audit.durability.as_str())?;
        write_limits(page, &self.limits)
    }
}

fn write_store(page: &mut String, store: &Store) -> fmt::Result {
    let Store::Postgres(Postgres { url, password, ca, instance }) = store else { return writeln!(page, "store = \"sqlite\"") };
    writeln!(page, "store = {}", text(&url.to_string()))?;
    if let Some(password) = password {
        writeln!(page, "store_password = {}", source(password))?;
    }
    if let Some(ca) = ca {
        writeln!(page, "store_ca = {}", text(&ca.display().to_string()))?;
    }
    writeln!(page, "instance = \"{instance}\"")
}

fn write_rates(page: &mut String, rates: &Rates) -> fmt::Result {
    let Rates { address, password, ca, gates } = rates;
    writeln!(page, "rates = {}", text(&address.to_string()))?;
    if let Some(password) = password {
        writeln!(page, "rates_password = {}", source(password))?;
    }
    if let Some(ca) = ca {
        writeln!(page, "rates_ca = {}", text(&ca.display().to_string()))?;
    }
    writeln!(page, "gates = {gates}")
}

fn write_listener(page: &mut String, listener: &Listener) -> fmt::Result {
    writeln!(page, "\n[[listener]]\naddress = \"{}\"", listener.address)?;
    if let Some(upstream) = &listener.upstream {
        writeln!(page, "upstream = \"{upstream}\"")?;
    }
    write_tls(page, listener.tls.as_ref())?;
    if listener.insecure { writeln!(page, "insecure = true") } else { Ok(()) }
}

fn write_tls(page: &mut String, tls: Option<&Tls>) -> fmt::Result {
    match tls {
        None => Ok(()),
        Some(Tls::Own) => writeln!(page, "tls = \"self\""),
        Some(Tls::Files { cert, key }) => {
            writeln!(page, "tls = {{ cert = {}, key = {} }}", text(&cert.display().to_string()), text(&key.display().to_string()))
        }
    }
}

fn write_network(page: &mut String, network: &Network) -> fmt::Result {
    writeln!(page, "\n[network]\ntrusted_proxies = {}", blocks(network.trusted_proxies.blocks()))?;
    writeln!(page, "forwarded_header = \"{}\"", network.forwarded_header.name())?;
    let sets: Vec<String> = network.sets.iter().map(|(name, set)| format!("\"{name}\" = {}", blocks(set))).collect();
    writeln!(page, "sets = {}", table(&sets))
}

fn write_upstream(page: &mut String, upstream: &Upstream) -> fmt::Result {
    writeln!(page, "\n[[upstream]]\nname = \"{}\"\nprofile = \"{}\"\norigin = \"{}\"", upstream.name, upstream.profile, upstream.origin)?;
    writeln!(page, "hosts = {}", list(upstream.hosts.iter()))?;
    writeln!(page, "secret = {}\ntripwire = {}", source(&upstream.secret), upstream.tripwire)?;
    writeln!(page, "governor = {}", upstream.governor)?;
    let every = upstream.balance_every.map_or_else(|| "off".to_owned(), duration::format);
    writeln!(page, "balance_every = \"{every}\"")?;
    if let Some(window) = upstream.collapse {
        writeln!(page, "collapse = \"{}\"", duration::format(window))?;
    }
    let prices: Vec<String> = upstream.prices.iter().map(|(method, price)| format!("{method} = \"{price}\"")).collect();
    writeln!(page, "prices = {}", table(&prices))?;
    for (key, wanted) in [("cap", true), ("tasks", false)] {
        let in_money = |limit: &&LimitKind| matches!(limit, LimitKind::Cap { amount, .. } if matches!(amount, Amount::Money(_)) == wanted);
        writeln!(page, "{key} = {}", list(upstream.limits.iter().filter(in_money)))?;
    }
    for limit in &upstream.limits {
        match limit {
            LimitKind::Rate(rate) => writeln!(page, "rate = \"{rate}\"")?,
            LimitKind::Concurrency(open) => writeln!(page, "concurrency = {open}")?,
            LimitKind::Cap { .. } => {}
        }
    }
    if let Some(plan) = upstream.plan {
        writeln!(page, "plan = {{ monthly = \"{}\", threads = {} }}", plan.monthly, plan.threads)?;
    }
    if let Some(ca) = &upstream.ca {
        writeln!(page, "ca = {}", text(&ca.display().to_string()))?;
    }
    if upstream.insecure { writeln!(page, "insecure = true") } else { Ok(()) }
}

fn write_limits(page: &mut String, limits: &Limits) -> fmt::Result {
    let within = &limits.within;
    writeln!(page, "\n[limits]")?;
    for (name, count) in [("connections", limits.connections), ("calls_per_key", limits.calls_per_key), ("headers", limits.headers)] {
        writeln!(page, "{name} = {count}")?;
    }
    for (name, bytes) in [("body_bytes", limits.body_bytes), ("head", limits.head), ("target", limits.target)] {
        writeln!(page, "{name} = \"{}\"", size::format(u64::try_from(bytes).unwrap_or(u64::MAX)))?;
    }
    writeln!(page, "body = \"{}\"", size::format(limits.body))?;
    let times =
        [("head", within.head), ("body", within.body), ("connect", within.connect), ("answer", within.answer), ("call", within.call)];
    for (name, time) in times {
        writeln!(page, "{name}_within = \"{}\"", duration::format(time))?;
    }
    Ok(())
}

fn source(source: &SecretSource) -> String {
    match source {
        SecretSource::Env { name } => format!("{{ env = \"{name}\" }}"),
        SecretSource::File { path } => format!("{{ file = {} }}", text(&path.display().to_string())),
    }
}

fn blocks(set: &CidrSet) -> String {
    list(set.blocks().iter())
}

fn list<T: fmt::Display>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| format!("\"{item}\"")).collect();
    format!("[{}]", items.join(", "))
}

fn table(entries: &[String]) -> String {
    if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
}

/// A TOML basic string (toml.io, v1.0 "String").
fn text(value: &str) -> String {
    let mut quoted = String::from('"');
    for letter in value.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control.is_control() => quoted.extend(format!("\\u{:04X}", u32::from(control)).chars()),
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_is_in_force_reads_back_to_the_same() {
        let whole = include_str!("in_force/whole.toml");
        let config = Config::parse(whole, Path::new("/etc/tollgate/tollgate.toml")).unwrap();
        let again = Config::parse(&config.in_force(), Path::new("/elsewhere/tollgate.toml")).unwrap();
        assert_eq!(config, again, "{}", config.in_force());
        let upstreams = config.table().get("upstream").and_then(|all| all.as_array().map(Vec::len));
        assert_eq!(upstreams, Some(config.upstreams.len()), "for programs too");
    }

    #[test]
    fn a_shared_store_reads_back_too_and_its_password_is_not_shown() {
        let shared = include_str!("in_force/whole.toml").replace(
            "store = \"sqlite\"",
            "store = \"postgresql://gate@db.example:5432/gates?sslmode=require\"
             store_password = { env = \"STORE_PASSWORD\" }\nstore_ca = \"db.pem\"\ninstance = \"gate-1\"
             rates = \"rediss+sentinel://pace@one,two:5000/mine\"\nrates_password = { file = \"rates\" }\nrates_ca = \"ca.pem\"\ngates = 3",
        );
        let config = Config::parse(&shared, Path::new("/etc/tollgate/tollgate.toml")).unwrap();
        let again = Config::parse(&config.in_force(), Path::new("/elsewhere/tollgate.toml")).unwrap();
        let shown = "store = \"postgres://gate@db.example:5432/gates?sslmode=require\"\nstore_password = { env = \"STORE_PASSWORD\" }\n";
        assert!(config.in_force().contains(shown), "{}", config.in_force());
        assert_eq!(config.in_force(), again.in_force());
        let inside = shared.replace("gate@", "gate:hunter2@").replace("store_password = { env = \"STORE_PASSWORD\" }", "");
        let config = Config::parse(&inside, Path::new("/etc/tollgate/tollgate.toml")).unwrap();
        assert!(!format!("{config:?} {}", config.in_force()).contains("hunter2"));
    }

    #[test]
    fn a_path_with_quotes_is_quoted() {
        assert_eq!(text("a\"b\\c\u{7}é"), "\"a\\\"b\\\\c\\u0007é\"");
    }
}
