//! Which crate may use which? Reads `cargo metadata`; the table in `doors/table.rs` is the answer.

mod table;

use anyhow::{Result, bail};

use self::table::{APART, CRATES, NOWHERE, RESTRICTED};
use crate::repository::{Dependency, Repository};

/// Fails with every direct dependency that goes through a wall.
pub(crate) fn run(at: &Repository, _words: &[String]) -> Result<()> {
    let mut wrong = Vec::new();
    for package in &at.packages {
        wrong.extend(package.dependencies.iter().filter_map(|dependency| forbidden(&package.name, dependency)));
        if !CRATES.iter().any(|(known, _)| *known == package.name) {
            wrong.push(format!("{} stands in no row of the table", package.name));
        }
    }
    for (name, _) in CRATES {
        if !at.packages.iter().any(|package| package.name == *name) {
            wrong.push(format!("{name} is in the table but not in the workspace"));
        }
    }
    if !wrong.is_empty() {
        bail!("{}\nhint: the doors are in xtask/src/doors/table.rs, their reasons in ARCHITECTURE.md", wrong.join("\n"));
    }
    println!("{} crates use only what they may", at.packages.len());
    Ok(())
}

/// The sentence about a dependency that may not be, if it may not.
fn forbidden(owner: &str, dependency: &Dependency) -> Option<String> {
    let part = dependency.name.as_str();
    if NOWHERE.contains(&part) {
        return Some(format!("{owner} uses {part}, which nothing here may use"));
    }
    if APART.contains(&(owner, part)) {
        return Some(format!("{owner} uses {part}: the two must share no mistakes, in tests neither"));
    }
    // what a test uses ships to nobody
    if dependency.kind.as_deref() == Some("dev") {
        return None;
    }
    let allowed = if CRATES.iter().any(|(known, _)| *known == part) {
        CRATES.iter().find(|(known, _)| *known == owner)?.1.contains(&part)
    } else {
        RESTRICTED.iter().find(|(known, _)| *known == part).is_none_or(|(_, owners)| owners.contains(&owner))
    };
    (!allowed).then(|| format!("{owner} uses {part}, and has no door to it"))
}

#[cfg(test)]
mod tests {
    use super::forbidden;
    use crate::repository::Dependency;

    fn part(name: &str, kind: Option<&str>) -> Dependency {
        Dependency { name: name.to_owned(), kind: kind.map(str::to_owned) }
    }

    #[test]
    fn an_arrow_that_goes_up_is_named() {
        let said = forbidden("tollgate-gateway", &part("tollgate-config", None));
        assert_eq!(said.as_deref(), Some("tollgate-gateway uses tollgate-config, and has no door to it"));
    }

    #[test]
    fn an_arrow_that_goes_down_passes() {
        assert_eq!(forbidden("tollgate-gateway", &part("tollgate-wire", None)), None);
    }

    #[test]
    fn a_driver_stays_in_its_own_crate_but_tests_may_use_it() {
        assert!(forbidden("tollgate-wire", &part("hyper", None)).is_some());
        assert_eq!(forbidden("tollgate-wire", &part("hyper", Some("dev"))), None);
    }

    #[test]
    fn the_sandbox_does_not_know_the_dialect_even_in_tests() {
        assert!(forbidden("tollgate-sandbox", &part("tollgate-dialect", Some("dev"))).is_some());
    }

    #[test]
    fn a_general_http_client_is_used_nowhere() {
        assert!(forbidden("tollgate", &part("reqwest", None)).is_some());
    }
}
