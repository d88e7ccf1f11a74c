//! Whose certificate does `tls = "self"` show? A small authority of the state folder's own, made once and kept there.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tollgate_model::Timestamp;

/// Days that an authority and a leaf are valid; the leaf is made anew at each start.
const AUTHORITY_DAYS: i64 = 3_650;
const LEAF_DAYS: i64 = 397;
const DAY_MS: i64 = 86_400_000;

/// The authority's certificate, for clients to trust.
pub(crate) fn certificate_path(state: &Path) -> PathBuf {
    state.join("ca.pem")
}

/// Makes the authority unless the state folder has one; says where its certificate lies.
pub(crate) fn ensure(state: &Path, now: Timestamp) -> Result<PathBuf> {
    let certificate = certificate_path(state);
    let key = state.join("ca.key");
    if certificate.exists() && key.exists() {
        return Ok(certificate);
    }
    let pair = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Tollgate local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    (params.not_before, params.not_after) = validity(now, AUTHORITY_DAYS);
    let made = params.self_signed(&pair)?;
    write_private(&key, pair.serialize_pem().as_bytes()).context("cannot keep the local authority's key")?;
    fs::write(&certificate, made.pem()).context("cannot keep the local authority's certificate")?;
    Ok(certificate)
}

/// A server configuration with a fresh leaf for these host names and addresses, signed by the state folder's authority.
pub(crate) fn server(state: &Path, names: Vec<String>, now: Timestamp) -> Result<Arc<ServerConfig>> {
    let certificate = ensure(state, now)?;
    let authority = fs::read_to_string(&certificate)?;
    let key = KeyPair::from_pem(&fs::read_to_string(state.join("ca.key"))?)?;
    let issuer = Issuer::from_ca_cert_pem(&authority, key)?;
    let pair = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = named("tollgate");
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    (params.not_before, params.not_after) = validity(now, LEAF_DAYS);
    let leaf = params.signed_by(&pair, &issuer)?;
    let chain = vec![leaf.der().clone(), CertificateDer::from_pem_slice(authority.as_bytes())?];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der()));
    configuration(chain, key)
}

/// A server configuration from a given certificate chain and key.
pub(crate) fn given(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read the certificate `{}`", certificate.display()))?;
    let private = PrivateKeyDer::from_pem_file(key).with_context(|| format!("cannot read the key `{}`", key.display()))?;
    let (certificate, key) = (certificate.display(), key.display());
    configuration(chain, private).with_context(|| format!("`{certificate}` and `{key}` do not belong together"))
}

fn configuration(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Arc<ServerConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// From a day before now, for clocks that differ, until that many days from now.
fn validity(now: Timestamp, days: i64) -> (time::OffsetDateTime, time::OffsetDateTime) {
    let at = |millis: i64| time::OffsetDateTime::from_unix_timestamp(millis / 1000).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    (at(now.millis() - DAY_MS), at(now.plus_millis(days * DAY_MS).millis()))
}

/// Writes a file that only its owner may read, and never over an existing one.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
