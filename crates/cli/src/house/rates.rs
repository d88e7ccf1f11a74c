//! Are rates counted together with other gates? Then in the Redis that the configuration names.

use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tollgate_config::{Config, Rates, RatesTopology, Store};
use tollgate_gateway::clock::Clock;
use tollgate_model::Name;
use tollgate_store_redis::{RedisRates, Settings, Topology};

use super::store::Kept;
use super::watches;

/// Reaches the server, if there is to be one: before the book is opened in this gate's name, so that a refusal leaves it alone. One
/// that is away now is waited for at work.
pub(super) fn open(config: &Config, store: &Kept, clock: Clock) -> Result<Option<Arc<RedisRates>>> {
    let (Some(rates), Store::Postgres(shared)) = (&config.rates, &config.store) else { return Ok(None) };
    let settings = settings(rates, store.id(), &shared.instance)?;
    let upstreams: Vec<Name> = config.upstreams.iter().map(|upstream| upstream.name.clone()).collect();
    let clock: tollgate_store_redis::Clock = Arc::new(move || clock.now());
    Ok(Some(RedisRates::open(settings, &upstreams, &clock)?))
}

fn settings(rates: &Rates, book: &str, instance: &Name) -> Result<Settings> {
    let address = &rates.address;
    let password = rates.password.as_ref().map(watches::rates_password).transpose()?;
    let roots = || -> Result<Vec<CertificateDer<'static>>> {
        let Some(file) = &rates.ca else { return Ok(rustls_native_certs::load_native_certs().certs) };
        let roots = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
        roots.with_context(|| format!("cannot read the authority of the shared rates `{}`", file.display()))
    };
    Ok(Settings {
        topology: match &address.topology {
            RatesTopology::Single => Topology::Single,
            RatesTopology::Sentinel(name) => Topology::Sentinel(name.clone()),
            RatesTopology::Cluster => Topology::Cluster,
        },
        hosts: address.hosts.clone(),
        database: address.database,
        user: address.user.clone(),
        password: password.map(|version| version.secret),
        insecure: address.insecure,
        tls: if address.tls { Some(roots()?) } else { None },
        book: book.to_owned(),
        instance: instance.clone(),
        gates: rates.gates,
    })
}
