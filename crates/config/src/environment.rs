//! What does the environment say? The only place that reads it.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use tollgate_model::Secret;

/// A look-up of environment variables.
pub trait Environment {
    /// The variable's value; nothing if it is not set.
    fn look_up(&self, name: &str) -> Option<OsString>;

    /// The variable's bytes, for a secret.
    fn secret(&self, name: &str) -> Option<Secret> {
        self.look_up(name).map(|value| Secret::new(value.into_vec()))
    }
}

/// The environment of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Process;

impl Environment for Process {
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the environment")]
    fn look_up(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }
}

/// How the command line finds a running gate.
#[derive(Debug, Default)]
pub struct Client {
    /// `TOLLGATE_STATE`: the folder with the admin socket.
    pub state: Option<PathBuf>,
    /// `TOLLGATE_ADDR`: the admin API's address, without its scheme, and whether it speaks TLS.
    pub address: Option<(bool, String)>,
    /// `TOLLGATE_TOKEN`: the bearer token for it.
    pub token: Option<Secret>,
}

/// A variable that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Not an address.
    #[error("`TOLLGATE_ADDR` is not an address such as `http://127.0.0.1:8081` or `https://gate.internal:8081`")]
    Address,
    /// The token would go over the wire in the clear.
    #[error("`TOLLGATE_ADDR` is plain http beyond loopback, and the token would be read on the way: write `https://`")]
    Plain,
}

impl Client {
    /// Reads the three variables; an empty one is as good as none.
    pub fn read(environment: &dyn Environment) -> Result<Self, ClientError> {
        let set = |name| environment.look_up(name).filter(|value| !value.is_empty());
        let address = set("TOLLGATE_ADDR").map(|value| parse_address(value.to_str().ok_or(ClientError::Address)?)).transpose()?;
        Ok(Self {
            state: set("TOLLGATE_STATE").map(PathBuf::from),
            address,
            token: set("TOLLGATE_TOKEN").map(|value| Secret::new(value.into_vec())),
        })
    }
}

/// `host:port` behind an optional scheme; without one it is plain http.
fn parse_address(text: &str) -> Result<(bool, String), ClientError> {
    let (tls, authority) = match text.split_once("://") {
        Some(("https", rest)) => (true, rest),
        Some(("http", rest)) => (false, rest),
        Some(_) => return Err(ClientError::Address),
        None => (false, text),
    };
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    if port.is_none() || !authority.bytes().all(plain) {
        return Err(ClientError::Address);
    }
    let loopback = authority.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
    if tls || loopback { Ok((tls, authority.to_owned())) } else { Err(ClientError::Plain) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    struct Fixed(HashMap<&'static str, &'static str>);

    impl Environment for Fixed {
        fn look_up(&self, name: &str) -> Option<OsString> {
            self.0.get(name).map(OsString::from)
        }
    }

    fn client(variables: &[(&'static str, &'static str)]) -> Result<Client, ClientError> {
        Client::read(&Fixed(variables.iter().copied().collect()))
    }

    #[test]
    fn the_command_line_is_told_where_the_gate_is() {
        let told =
            client(&[("TOLLGATE_STATE", "/var/lib/tollgate"), ("TOLLGATE_ADDR", "https://gate.internal:8081/"), ("TOLLGATE_TOKEN", "t")])
                .unwrap();
        assert_eq!(told.state, Some(PathBuf::from("/var/lib/tollgate")));
        assert_eq!(told.address, Some((true, "gate.internal:8081".to_owned())));
        assert_eq!(told.token.unwrap().expose(), b"t");
        let nothing = client(&[("TOLLGATE_STATE", ""), ("TOLLGATE_ADDR", "")]).unwrap();
        assert!(nothing.state.is_none() && nothing.address.is_none() && nothing.token.is_none());
    }

    #[test]
    fn a_token_does_not_go_over_the_wire_in_the_clear() {
        for text in ["127.0.0.1:8081", "http://127.0.0.1:8081", "http://[::1]:8081"] {
            assert!(client(&[("TOLLGATE_ADDR", text)]).is_ok(), "{text}");
        }
        for text in ["http://gate.internal:8081", "10.0.0.1:8081", "localhost:8081"] {
            assert_eq!(client(&[("TOLLGATE_ADDR", text)]).unwrap_err(), ClientError::Plain, "{text}");
        }
        for text in ["gate", "https://gate", "ftp://gate:1", "https://a@b:1", "https://gate:8081/v1", "https://gate:99999"] {
            assert_eq!(client(&[("TOLLGATE_ADDR", text)]).unwrap_err(), ClientError::Address, "{text}");
        }
    }

    #[test]
    fn the_process_environment_is_looked_up_by_name() {
        assert!(Process.look_up("PATH").is_some());
        assert!(Process.secret("TOLLGATE_A_NAME_THAT_NOBODY_SETS").is_none());
    }
}
