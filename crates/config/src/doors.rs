//! The ways in and the ways out, checked against one another.

use tollgate_model::Name;

use crate::admin::Admin;
use crate::field;
use crate::listener::Listener;
use crate::nearest::nearest;
use crate::section::{At, Section};
use crate::upstream::Upstream;

/// Reads all upstreams; the names are those of every upstream that has a readable one, so that a listener which names an
/// otherwise wrong upstream is no second mistake.
pub(crate) fn upstreams(top: &Section<'_>) -> (Vec<Upstream>, Vec<Name>) {
    let sections = top.sections("upstream", &field::UPSTREAM);
    let upstreams = sections.iter().filter_map(Upstream::read).collect();
    if sections.is_empty() {
        let hint = "add an `[[upstream]]` with `name`, `profile`, `origin` and `secret`".to_owned();
        top.mistake("upstream", "there is no upstream: no request could go anywhere", hint);
    }
    let mut names: Vec<Name> = Vec::new();
    let mut hosts: Vec<String> = Vec::new();
    for section in &sections {
        if let Some(name) = section.word("name").and_then(|name| Name::parse(name.value).ok()) {
            if names.contains(&name) {
                section.mistake("name", format!("a second upstream `{name}`"), None);
            }
            names.push(name);
        }
        for At { value: host, at } in section.words("hosts") {
            let host = host.to_ascii_lowercase();
            if hosts.contains(&host) {
                section.page.mistake(&at, format!("a second upstream at the host `{host}`"), None);
            }
            hosts.push(host);
        }
    }
    (upstreams, names)
}

/// Reads all listeners; without any there is the standard one, at the root of the only upstream.
pub(crate) fn listeners(top: &Section<'_>, names: &[Name], admin: &Admin) -> Vec<Listener> {
    let sections = top.sections("listener", &field::LISTENER);
    let mut listeners: Vec<Listener> = Vec::new();
    for section in &sections {
        let (listener, upstream) = Listener::read(section);
        if let Some(upstream) = upstream {
            refuse_unknown(section, &upstream, names);
        }
        let Some(listener) = listener else { continue };
        let taken = listeners.iter().map(|other| other.address).chain([admin.address]);
        if listener.address.port() != 0 && taken.into_iter().any(|other| other == listener.address) {
            section.mistake("address", format!("a second listener at `{}`", listener.address), None);
        }
        listeners.push(listener);
    }
    if sections.is_empty() {
        let only = if let [only] = names { Some(only.clone()) } else { None };
        listeners.push(Listener::standard(only));
    }
    listeners
}

fn refuse_unknown(section: &Section<'_>, upstream: &At<Name>, names: &[Name]) {
    let At { value: name, at } = upstream;
    if !names.contains(name) {
        let near = nearest(name.as_str(), names.iter().map(Name::as_str));
        section.page.mistake(at, format!("there is no upstream `{name}`"), near.map(|near| format!("did you mean `{near}`?")));
    }
}
