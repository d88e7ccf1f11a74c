//! Where does a request end? A corpus of requests that hide a second one, each broken or bent in one way.
//!
//! The classes are those of public smuggling tools and of CASES' SM group, written anew: spellings of Transfer-Encoding and
//! Content-Length, chunks, line ends, names, hosts, targets, versions. The same corpus goes through the codec beside hyper
//! (`crates/wire/tests/wire/smuggling.rs`) and through the real binary (`tests/tests/smuggling.rs`).

mod chunk;
mod coding;
mod head;
mod hop;
mod length;
mod line;
mod pieces;
mod place;
pub mod table;

use self::pieces::Layout;

/// Stands for the virtual key; a test puts a real one of the same length in its place.
pub const KEY: &str = "tgk_Abc0Def1Ghi2Jkl3Mno4Pq4SZdt0";
/// What stands behind every case: a reader that ends the case elsewhere does not find this one.
pub const NEXT: &str = "GET /healthz?mark=next HTTP/1.1\r\nHost: gate.test\r\nConnection: close\r\n\r\n";

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name: the catalogue's id, the class, the mutation.
    pub name: String,
    /// Its bytes. Each request in it says who it is (`mark=first`, `mark=hidden`) and for which case.
    pub bytes: Vec<u8>,
}

/// Every generated case, in one order, each name once.
pub fn generated() -> Vec<Case> {
    layouts().into_iter().enumerate().map(|(number, (name, layout))| Case { name, bytes: layout.bytes(number) }).collect()
}

fn layouts() -> Vec<(String, Layout)> {
    let mut layouts = Vec::new();
    for class in [coding::cases, length::cases, chunk::cases, line::cases, head::cases, place::cases, hop::cases] {
        class(&mut |name, layout| layouts.push((name, layout)));
    }
    layouts
}

/// Who a request says it is: `first`, `hidden` or `next`.
pub fn mark(target: &str) -> Option<&str> {
    said(target, "mark=")
}

/// The number of the case that a request says it belongs to.
pub fn number(target: &str) -> Option<usize> {
    said(target, "case=")?.parse().ok()
}

fn said<'t>(target: &'t str, name: &str) -> Option<&'t str> {
    target.split(['?', '&']).find_map(|pair| pair.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{layouts, mark, number};

    #[test]
    fn there_are_at_least_750_cases_and_no_two_are_the_same() {
        let layouts = layouts();
        assert!(layouts.len() >= 750, "{}", layouts.len());
        let (mut names, mut bytes) = (BTreeSet::new(), BTreeMap::new());
        let mut same = Vec::new();
        for (name, layout) in &layouts {
            assert!(name.starts_with("sm-") && names.insert(name), "{name}");
            same.extend(bytes.insert(layout.bytes(0), name).map(|other| format!("{name} is {other}")));
        }
        assert!(same.is_empty(), "{same:#?}");
    }

    #[test]
    fn a_request_of_a_case_says_whose_it_is() {
        let target = "/in.php?key=k&case=0017&mark=hidden";
        assert_eq!((number(target), mark(target)), (Some(17), Some("hidden")));
        assert_eq!((number("/in.php?key=k"), mark("/in.php?key=k")), (None, None));
    }
}
