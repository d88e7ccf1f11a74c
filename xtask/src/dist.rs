//! What an operator installs: a static binary, its unit, its Containerfile, and their checksums.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::repository::Repository;
use crate::step;

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Copied as they are.
const BESIDE: &[&str] = &["packaging/tollgate.service", "packaging/Containerfile", "LICENSE-MIT", "LICENSE-APACHE"];

/// Builds the release binary and fills `dist/`.
pub(crate) fn run(at: &Repository, _words: &[String]) -> Result<()> {
    let mut cargo = at.cargo(["build", "--release", "--locked", "--package", "tollgate", "--target", TARGET]);
    // naming the target keeps the flag away from build scripts and macros, which must stay dynamic
    step::passes(cargo.env("RUSTFLAGS", "-C target-feature=+crt-static"))?;
    let dist = at.root.join("dist");
    fs::create_dir_all(&dist)?;
    let binary = dist.join("tollgate");
    fs::copy(at.target.join(TARGET).join("release").join("tollgate"), &binary).context("the built binary is not where it should be")?;
    ensure_static(&binary)?;
    for file in BESIDE {
        let name = Path::new(file).file_name().unwrap_or_default();
        fs::copy(at.root.join(file), dist.join(name)).with_context(|| format!("cannot copy {file}"))?;
    }
    fs::write(dist.join("SHA256SUMS"), sums(&dist)?)?;
    println!("dist/: {}", sums(&dist)?.lines().filter_map(|line| line.split("  ").nth(1)).collect::<Vec<_>>().join(", "));
    Ok(())
}

/// A binary with an interpreter would need this machine's glibc elsewhere.
fn ensure_static(binary: &Path) -> Result<()> {
    let bytes = fs::read(binary)?;
    let interpreter = b"/ld-linux-x86-64.so.2\0";
    let dynamic = bytes.get(..4096).unwrap_or(&bytes).windows(interpreter.len()).any(|window| window == interpreter);
    ensure!(!dynamic, "{} asks for a dynamic loader; it should be static", binary.display());
    Ok(())
}

/// The lines of `sha256sum`, in order of the names.
fn sums(dist: &Path) -> Result<String> {
    let mut names = fs::read_dir(dist)?.map(|entry| Ok(entry?.file_name())).collect::<Result<Vec<_>>>()?;
    names.retain(|name| name != "SHA256SUMS");
    names.sort();
    let mut lines = String::new();
    for name in names {
        for byte in Sha256::digest(fs::read(dist.join(&name))?) {
            write!(lines, "{byte:02x}")?;
        }
        writeln!(lines, "  {}", name.to_string_lossy())?;
    }
    Ok(lines)
}
