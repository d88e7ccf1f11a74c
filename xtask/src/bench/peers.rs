//! The gate's peers: nginx as it comes, nginx and haproxy as an operator configures them by hand, and a floor that only copies.

use std::fmt::Write;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::contestant::{Contestant, folder, free, missing, path};

pub(crate) const FLOOR: &str = "byte copy";
pub(crate) const BARE: &str = "nginx bare";
pub(crate) const HAND: &str = "nginx by hand";
pub(crate) const HAPROXY: &str = "haproxy by hand";

const STAND_IN: &str = include_str!("config/stand-in.conf");
const NGINX_BARE: &str = include_str!("config/nginx-bare.conf");
const NGINX_HAND: &str = include_str!("config/nginx-hand.conf");
const HAPROXY_HAND: &str = include_str!("config/haproxy-hand.cfg");

/// What the peers put in the place of a caller's key.
pub(crate) const REAL_KEY: &str = "0123456789abcdef0123456789abcdef";

/// The provider's stand-in: one process that does the same for every request.
pub(crate) fn stand_in(at: &Path) -> Result<Contestant> {
    folder(at)?;
    nginx("stand-in", at, 1, STAND_IN)
}

/// The byte copier of this program.
pub(crate) fn floor(upstream: SocketAddr) -> Result<Contestant> {
    let address = free()?;
    let mut copier = Command::new(std::env::current_exe()?);
    copier.args(["floor", &address.to_string(), &upstream.to_string()]);
    Contestant::started(FLOOR, address, copier.spawn()?, None)
}

pub(crate) fn nginx_bare(at: &Path, upstream: SocketAddr) -> Result<Contestant> {
    folder(at)?;
    nginx(BARE, at, 2, &NGINX_BARE.replace("UPSTREAM", &upstream.to_string()))
}

pub(crate) fn nginx_hand(at: &Path, upstream: SocketAddr, keys: &[String]) -> Result<Contestant> {
    folder(at)?;
    fs::write(at.join("real-keys.map"), map(keys, |_| format!("{REAL_KEY};"))?)?;
    fs::write(at.join("callers.map"), map(keys, |number| format!("bench-{number};"))?)?;
    nginx(HAND, at, 2, &NGINX_HAND.replace("UPSTREAM", &upstream.to_string()))
}

pub(crate) fn haproxy_hand(at: &Path, upstream: SocketAddr, keys: &[String]) -> Result<Contestant> {
    folder(at)?;
    fs::write(at.join("real-keys.map"), map(keys, |_| REAL_KEY.to_owned())?)?;
    fs::write(at.join("callers.map"), map(keys, |number| format!("bench-{number}"))?)?;
    let address = free()?;
    let text = HAPROXY_HAND.replace("LISTEN", &address.to_string()).replace("UPSTREAM", &upstream.to_string());
    fs::write(at.join("haproxy.cfg"), text.replace("FOLDER", &at.to_string_lossy()))?;
    let mut haproxy = Command::new(path("haproxy"));
    haproxy.arg("-db").arg("-f").arg(at.join("haproxy.cfg")).stdout(File::create(at.join("access.log"))?).stderr(Stdio::null());
    Contestant::started(HAPROXY, address, haproxy.spawn().with_context(|| missing("haproxy"))?, None)
}

/// A line for each key: the key, and what it stands for.
fn map(keys: &[String], value: impl Fn(usize) -> String) -> Result<String> {
    let mut lines = String::new();
    for (number, key) in keys.iter().enumerate() {
        writeln!(lines, "{key} {}", value(number))?;
    }
    Ok(lines)
}

fn nginx(name: &'static str, at: &Path, workers: u8, servers: &str) -> Result<Contestant> {
    let address = free()?;
    let servers = servers.replace("LISTEN", &address.to_string());
    let config = format!(
        "worker_processes {workers};\npcre_jit on;\npid nginx.pid;\nerror_log stderr crit;\ndaemon off;\n\
         events {{ worker_connections 8192; }}\nhttp {{\ndefault_type text/plain;\nkeepalive_requests 1000000000;\n\
         keepalive_timeout 3600s;\nclient_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\n\
         uwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n{servers}\n}}\n"
    );
    fs::write(at.join("nginx.conf"), config)?;
    let command = || {
        let mut command = Command::new(path("nginx"));
        command.arg("-p").arg(at).args(["-c", "nginx.conf"]).stderr(Stdio::null());
        command
    };
    let child = command().spawn().with_context(|| missing("nginx-light"))?;
    let mut stop = command();
    stop.args(["-s", "stop"]);
    Contestant::started(name, address, child, Some(stop))
}

#[cfg(test)]
mod tests {
    use super::{HAPROXY_HAND, NGINX_HAND, map};

    #[test]
    fn a_map_has_a_line_for_each_key() {
        let keys = ["tgk_a".to_owned(), "tgk_b".to_owned()];
        assert_eq!(map(&keys, |number| format!("bench-{number};")).unwrap(), "tgk_a bench-0;\ntgk_b bench-1;\n");
    }

    #[test]
    fn both_by_hand_look_at_key_address_and_rate_put_the_real_key_in_and_write_it_down() {
        for part in ["map $arg_key $real_key", "geo $inside", "limit_req zone=", "set $args", "access_log access.log"] {
            assert!(NGINX_HAND.contains(part), "{part}");
        }
        for part in ["map_str(FOLDER/real-keys.map)", "acl inside src", "track-sc0", "replace-pathq", "log-format"] {
            assert!(HAPROXY_HAND.contains(part), "{part}");
        }
    }
}
