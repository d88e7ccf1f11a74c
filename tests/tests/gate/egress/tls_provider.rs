//! A provider that speaks TLS with a certificate of one's choice, and counts the requests that it could read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate with the authority that made it.
pub(crate) struct Certificate {
    pub(crate) authority: String,
    leaf: String,
    key: String,
}

impl Certificate {
    /// For a name or an address; still valid, or over.
    pub(crate) fn made_for(name: &str, valid: bool) -> Result<Self> {
        let authority_key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&authority_key)?.pem();
        let issuer = Issuer::from_ca_cert_pem(&authority, authority_key)?;
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(if valid { 2090 } else { 2002 }, 1, 1));
        let leaf = params.signed_by(&key, &issuer)?;
        Ok(Self { leaf: leaf.pem(), key: key.serialize_pem(), authority })
    }
}

/// The provider.
pub(crate) struct TlsProvider {
    pub(crate) at: SocketAddr,
    heard: Arc<AtomicUsize>,
}

impl TlsProvider {
    /// Takes every task under one id.
    pub(crate) fn start(certificate: &Certificate) -> Result<Self> {
        let chain = vec![CertificateDer::from_pem_slice(certificate.leaf.as_bytes())?];
        let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let (config, heard) = (Arc::new(config), Arc::new(AtomicUsize::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let provider = Self { at: listener.local_addr()?, heard: heard.clone() };
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                // a handshake that fails is what some callers are here for
                let _ = serve(stream, config.clone(), &heard);
            }
        });
        Ok(provider)
    }

    /// Requests that could be read.
    pub(crate) fn heard(&self) -> usize {
        self.heard.load(Ordering::Relaxed)
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, heard: &AtomicUsize) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut stream = StreamOwned::new(ServerConnection::new(config)?, stream);
    let (mut bytes, mut block) = (Vec::new(), [0; 4096]);
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = stream.read(&mut block)?;
        anyhow::ensure!(read > 0, "gone");
        bytes.extend_from_slice(block.get(..read).unwrap_or_default());
    }
    heard.fetch_add(1, Ordering::Relaxed);
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\nOK|70000001")?;
    stream.conn.send_close_notify();
    Ok(stream.flush()?)
}
