//! What must be true of every store of keys? Named laws, each run on a fresh store; `registry_laws!` makes a test of each.

use tollgate_books::StoreError;
use tollgate_model::{Cidr, CidrSet, CredentialHash, KeyId, Name, Pepper, Rate, Timestamp};
use tollgate_policy::{Brake, CallbackHost, Hours, Methods, Observe};

use crate::port::{Applied, Changes, Edit, KeyRow, RegistryStore};
use crate::record::{KeyRecord, Pause, StoredSecret, TeamRecord};
use crate::terms::{Allow, Cap, KeyTerms, LimitTerms, RaiseTerms, RaisedTo, TaskCap, TeamTerms};

/// Makes one `#[test]` of each law. Given is a function that calls `law` on a fresh store and waits for its end:
/// `fn on_a_fresh_store(law: impl AsyncFnOnce(&dyn RegistryStore))`.
#[macro_export]
macro_rules! registry_laws {
    ($on_a_fresh_store:path) => {
        $crate::registry_laws! { $on_a_fresh_store =>
            a_new_store_is_empty
            the_first_pepper_stays
            the_first_mark_stays
            each_change_raises_the_generation_by_one
            a_change_for_another_generation_is_stale
            a_key_comes_back_whole
            a_team_comes_back_whole
            changes_tell_what_came_after_a_generation_in_its_last_form
            a_later_record_takes_the_place_of_the_earlier
            the_last_use_never_moves_back
            a_use_is_no_change
            a_change_keeps_the_last_use
        }
    };
    ($on_a_fresh_store:path => $($law:ident)*) => {
        $(
            #[test]
            fn $law() {
                $on_a_fresh_store(async |store: &dyn $crate::RegistryStore| $crate::laws::$law(store).await);
            }
        )*
    };
}

/// Nothing at generation 0.
pub async fn a_new_store_is_empty(store: &dyn RegistryStore) {
    let loaded = done(store.load(Pepper::new([1; 32])).await);
    assert_eq!((loaded.generation, loaded.keys, loaded.teams), (0, Vec::new(), Vec::new()));
    assert_eq!(done(store.changes(0).await), Changes::default());
}

/// Under another pepper every key would be unknown.
pub async fn the_first_pepper_stays(store: &dyn RegistryStore) {
    for fresh in [1, 2, 3] {
        assert_eq!(done(store.load(Pepper::new([fresh; 32])).await).pepper.expose(), &[1; 32]);
    }
}

/// The mark of another pepper is answered with the one that the keys were hashed with.
pub async fn the_first_mark_stays(store: &dyn RegistryStore) {
    for mark in [1, 2, 3] {
        assert_eq!(done(store.mark(CredentialHash::from_bytes([mark; 32])).await), CredentialHash::from_bytes([1; 32]));
    }
}

/// And the record's version is the generation that it made, whatever it said before.
pub async fn each_change_raises_the_generation_by_one(store: &dyn RegistryStore) {
    put(store, 0, Edit::Key(KeyRecord { version: 77, ..key(1) })).await;
    put(store, 1, Edit::Team(TeamRecord { version: 77, ..team("research") })).await;
    put(store, 2, Edit::Key(key(2))).await;
    let loaded = done(store.load(Pepper::new([1; 32])).await);
    assert_eq!(loaded.generation, 3);
    assert_eq!(loaded.keys.iter().map(|row| row.record.version).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(loaded.teams.iter().map(|team| team.version).collect::<Vec<_>>(), [2]);
}

/// Two gates change the same store: the one that did not see the other's change is told so, and nothing is done.
pub async fn a_change_for_another_generation_is_stale(store: &dyn RegistryStore) {
    put(store, 0, Edit::Key(key(1))).await;
    for expected in [0, 2, u64::MAX] {
        assert_eq!(done(store.apply(expected, Edit::Key(key(2))).await), Applied::Stale);
        assert_eq!(done(store.apply(expected, Edit::Team(team("research"))).await), Applied::Stale);
    }
    let changes = done(store.changes(0).await);
    assert_eq!(changes, Changes { generation: 1, keys: vec![row(key(1), 1)], teams: Vec::new() });
}

/// Everything that was said about it, to the last character.
pub async fn a_key_comes_back_whole(store: &dyn RegistryStore) {
    let full = full_key();
    put(store, 0, Edit::Key(full.clone())).await;
    put(store, 1, Edit::Key(key(9))).await;
    let expected = vec![row(full, 1), row(key(9), 2)];
    assert_eq!(done(store.load(Pepper::new([1; 32])).await).keys, expected);
    assert_eq!(done(store.changes(0).await).keys, expected);
}

/// Everything that was said about it.
pub async fn a_team_comes_back_whole(store: &dyn RegistryStore) {
    let paused = Some(Pause { at: at(5), reason: "over budget".to_owned() });
    let terms = TeamTerms { limits: limits(), note: "Prüfstand „a“".to_owned() };
    let full = TeamRecord { terms, paused, ..team("research") };
    put(store, 0, Edit::Team(full.clone())).await;
    put(store, 1, Edit::Team(team("sales"))).await;
    let expected = vec![TeamRecord { version: 1, ..full }, TeamRecord { version: 2, ..team("sales") }];
    assert_eq!(done(store.load(Pepper::new([1; 32])).await).teams, expected);
    assert_eq!(done(store.changes(0).await).teams, expected);
}

/// What follows a change feed gets each thing once.
pub async fn changes_tell_what_came_after_a_generation_in_its_last_form(store: &dyn RegistryStore) {
    let edits = [
        Edit::Key(key(1)),
        Edit::Key(key(2)),
        Edit::Team(team("research")),
        Edit::Key(paused(key(1), "once")),
        Edit::Key(paused(key(1), "twice")),
    ];
    for (expected, edit) in (0..).zip(edits) {
        put(store, expected, edit).await;
    }
    let twice = row(paused(key(1), "twice"), 5);
    let research = TeamRecord { version: 3, ..team("research") };
    let all = Changes { generation: 5, keys: vec![twice.clone(), row(key(2), 2)], teams: vec![research.clone()] };
    assert_eq!(done(store.changes(0).await), all);
    assert_eq!(done(store.changes(2).await), Changes { generation: 5, keys: vec![twice.clone()], teams: vec![research] });
    assert_eq!(done(store.changes(3).await), Changes { generation: 5, keys: vec![twice], teams: Vec::new() });
    assert_eq!(done(store.changes(5).await), Changes { generation: 5, ..Changes::default() });
}

/// Whole: nothing of the earlier one shines through.
pub async fn a_later_record_takes_the_place_of_the_earlier(store: &dyn RegistryStore) {
    let full = full_key();
    put(store, 0, Edit::Key(full.clone())).await;
    put(store, 1, Edit::Team(TeamRecord { terms: TeamTerms { limits: limits(), note: "first".to_owned() }, ..team("research") })).await;
    let bare = KeyRecord { id: full.id, secrets: full.secrets.iter().skip(1).cloned().collect(), ..key(1) };
    put(store, 2, Edit::Key(bare.clone())).await;
    put(store, 3, Edit::Team(team("research"))).await;
    let expected = Changes { generation: 4, keys: vec![row(bare, 3)], teams: vec![TeamRecord { version: 4, ..team("research") }] };
    assert_eq!(done(store.changes(0).await), expected);
}

/// Uses are told late and out of order.
pub async fn the_last_use_never_moves_back(store: &dyn RegistryStore) {
    put(store, 0, Edit::Key(key(1))).await;
    put(store, 1, Edit::Key(key(2))).await;
    done(store.used(vec![(key(1).id, at(50)), (key(9).id, at(90)), (key(1).id, at(40))]).await);
    done(store.used(vec![(key(1).id, at(30)), (key(2).id, at(-1))]).await);
    let loaded = done(store.load(Pepper::new([1; 32])).await);
    assert_eq!(loaded.keys.iter().map(|row| row.last_used).collect::<Vec<_>>(), [at(50), key(2).created]);
}

/// No generation, no version: requests do not make records stale.
pub async fn a_use_is_no_change(store: &dyn RegistryStore) {
    put(store, 0, Edit::Key(key(1))).await;
    done(store.used(vec![(key(1).id, at(50))]).await);
    assert_eq!(done(store.changes(1).await), Changes { generation: 1, ..Changes::default() });
}

/// A key that is rotated is not an idle one.
pub async fn a_change_keeps_the_last_use(store: &dyn RegistryStore) {
    put(store, 0, Edit::Key(key(1))).await;
    done(store.used(vec![(key(1).id, at(50))]).await);
    put(store, 1, Edit::Key(paused(key(1), "a look"))).await;
    let changed = KeyRow { last_used: at(50), ..row(paused(key(1), "a look"), 2) };
    assert_eq!(done(store.changes(1).await).keys, [changed]);
}

async fn put(store: &dyn RegistryStore, expected: u64, edit: Edit) {
    assert_eq!(done(store.apply(expected, edit).await), Applied::Done);
}

/// A key without terms, of its own name and secret.
fn key(number: u8) -> KeyRecord {
    let created = at(i64::from(number));
    let secret = StoredSecret { hash: CredentialHash::from_bytes([number; 32]), hint: "4aB9".to_owned(), created, expires: None };
    KeyRecord {
        id: KeyId::from_bytes([number; 16]),
        name: said(Name::parse(&format!("key-{number}"))),
        upstream: said(Name::parse("solver")),
        terms: KeyTerms::default(),
        secrets: vec![secret],
        paused: None,
        revoked: None,
        created,
        version: 0,
    }
}

/// A key about which everything is said.
fn full_key() -> KeyRecord {
    let terms = KeyTerms {
        team: Some(said(Name::parse("research"))),
        env: Some(said(Name::parse("ci"))),
        allow: Allow::Only(CidrSet::new(vec![said(Cidr::parse("10.0.0.0/8")), said(Cidr::parse("2001:db8::/32"))])),
        limits: limits(),
        hours: Some(said(Hours::parse("Mon-Fri 08:00-18:00 Europe/Berlin"))),
        not_before: Some(at(3)),
        expires: Some(at(4)),
        idle_ms: Some(86_400_000),
        methods: Methods::Only(["NormalCaptcha".into(), "HCaptcha".into()].into()),
        callbacks: vec![said(CallbackHost::parse("hooks.example.com"))],
        observe: Some(Observe { network: true, hours: false, rate: true, until: at(9) }),
        brake: said("3x/30s".parse::<Brake>()),
        note: "for the \"nightly\" run; naïve ☂".to_owned(),
    };
    let old = StoredSecret { hash: CredentialHash::from_bytes([0xfe; 32]), hint: "zZ09".to_owned(), created: at(1), expires: Some(at(8)) };
    let secrets = vec![old, StoredSecret { created: at(7), ..said(key(1).secrets.into_iter().next().ok_or("a key has a secret")) }];
    let pause = Pause { at: at(6), reason: "a look at last night".to_owned() };
    KeyRecord { terms, secrets, paused: Some(pause), revoked: Some(at(9)), ..key(1) }
}

fn limits() -> LimitTerms {
    LimitTerms {
        caps: vec![said(Cap::parse("25/day")), said(Cap::parse("400.000000001/month Europe/Berlin")), said(Cap::parse("1000/total"))],
        tasks: vec![said(TaskCap::parse("5000/day"))],
        rate: Some(said(Rate::parse("60/min burst 6"))),
        concurrency: Some(8),
        raises: vec![RaiseTerms { to: RaisedTo::Cap(said(Cap::parse("50/day"))), until: at(77), reason: "launch".to_owned() }],
        uncapped: true,
    }
}

fn team(name: &str) -> TeamRecord {
    TeamRecord { name: said(Name::parse(name)), terms: TeamTerms::default(), paused: None, created: at(2), version: 0 }
}

fn paused(record: KeyRecord, reason: &str) -> KeyRecord {
    KeyRecord { paused: Some(Pause { at: at(20), reason: reason.to_owned() }), ..record }
}

/// The row of a record that was never used, as this generation made it.
fn row(record: KeyRecord, version: u64) -> KeyRow {
    KeyRow { last_used: record.created, record: KeyRecord { version, ..record } }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_795_424_400_000 + second * 1000)
}

fn said<T, E: std::fmt::Display>(parsed: Result<T, E>) -> T {
    parsed.unwrap_or_else(|error| panic!("a law says it wrongly: {error}"))
}

/// The answer; a store that does not answer obeys no law.
fn done<T>(answer: Result<T, StoreError>) -> T {
    answer.unwrap_or_else(|error| panic!("the store did not do it: {error}"))
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryStore;
    use crate::port::RegistryStore;

    fn in_memory(law: impl AsyncFnOnce(&dyn RegistryStore)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(law(&MemoryStore::new()));
    }

    crate::registry_laws!(in_memory);

    /// A law that no test runs is none.
    #[test]
    fn every_law_is_in_the_list() {
        let lines = || include_str!("laws.rs").lines();
        let written = lines().filter_map(|line| line.strip_prefix("pub async fn ")?.split('(').next());
        let missing: Vec<&str> = written.filter(|law| !lines().any(|line| line.trim() == *law)).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }
}
