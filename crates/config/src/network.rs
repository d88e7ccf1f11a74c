//! Whose word about a client's address is taken, and which blocks have names?

use std::collections::BTreeMap;

use tollgate_model::{Cidr, CidrSet, Name};
use tollgate_policy::{ForwardedHeader, TrustedProxies};

use crate::section::Section;

/// How a client's true address is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Proxies whose header is believed.
    pub trusted_proxies: TrustedProxies,
    /// The header that is read from them.
    pub forwarded_header: ForwardedHeader,
    /// Named blocks, for allowlists.
    pub sets: BTreeMap<Name, CidrSet>,
}

impl Network {
    /// Reads `[network]`.
    pub(crate) fn read(section: &Section<'_>) -> Self {
        let blocks = section.list("trusted_proxies", Cidr::parse).into_iter().map(|block| block.value).collect();
        let trusted_proxies = TrustedProxies::new(CidrSet::new(blocks)).unwrap_or_else(|error| {
            section.mistake("trusted_proxies", error.to_string(), None);
            TrustedProxies::default()
        });
        let header = |name: &str| ForwardedHeader::named(name).ok_or("expected `x-forwarded-for` or `forwarded`");
        let sets = section.entries("sets", |name, value| {
            let blocks = CidrSet::new(section.entry_list("sets", value, Cidr::parse));
            let parsed = Name::parse(name.value);
            parsed
                .map_err(|error| section.page.mistake(&name.at, format!("`sets` is not valid: {error}"), None))
                .ok()
                .map(|name| (name, blocks))
        });
        Self {
            trusted_proxies,
            forwarded_header: section.parsed("forwarded_header", header).unwrap_or_default(),
            sets: sets.into_iter().collect(),
        }
    }
}
