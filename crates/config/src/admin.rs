//! Where does the admin API listen, and for whom?

use std::net::{Ipv4Addr, SocketAddr};

use crate::listener::parse_address;
use crate::section::Section;
use crate::source::SecretSource;

/// The admin API's socket; the one in the state folder is always there beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Its address; port 0 picks a free one.
    pub address: SocketAddr,
    /// Where its token is; the state folder's `admin.token` unless said.
    pub token: Option<SecretSource>,
}

impl Default for Admin {
    fn default() -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)), token: None }
    }
}

impl Admin {
    /// Reads `[admin]`.
    pub(crate) fn read(section: &Section<'_>) -> Self {
        let standard = Self::default();
        let token = SecretSource::read(section, "token");
        let address = section.parsed("address", parse_address).unwrap_or(standard.address);
        if !address.ip().is_loopback() {
            let hint = "keep `127.0.0.1`, and come by an SSH tunnel".to_owned();
            section.mistake("address", format!("`{address}` is reachable from other machines: the admin API is not yet"), hint);
        }
        Self { address, token }
    }
}
