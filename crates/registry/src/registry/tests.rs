use std::collections::HashSet;
use std::sync::Arc;

use crate::{Allow, Cap, KeyRecord, KeyTerms, MemoryStore, Open, Peppering, Registry, RegistryError, Standing, TeamTerms, TermsError};
use tollgate_model::{Limit, Money, Name, Pepper, Timestamp, VirtualKey};
use tollgate_policy::{PriceTable, Pricing};

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn prices() -> PriceTable {
    PriceTable::new(Pricing::Task, [("userrecaptcha", Money::from_nanos(2_900_000))]).unwrap()
}

fn terms() -> KeyTerms {
    let mut terms = KeyTerms { allow: Allow::parse(&["10.0.0.0/8"]).unwrap(), ..KeyTerms::default() };
    terms.limits.caps = vec![Cap::parse("25/day").unwrap()];
    terms
}

/// Attaches how many limits a key has.
#[expect(clippy::unnecessary_wraps, reason = "the form that a registry asks for")]
fn attach(_: &KeyRecord, limits: &[Limit], _: Option<&usize>) -> Option<usize> {
    Some(limits.len())
}

async fn opened(store: &Arc<MemoryStore>, pepper: Peppering) -> Result<Registry<usize>, RegistryError> {
    let random = |block: &mut [u8]| getrandom(block);
    Registry::open(Open { store: store.clone(), pepper, random, attach: Box::new(attach) }).await
}

/// A generator that never gives the same twice; keys of tests need no more.
fn getrandom(block: &mut [u8]) -> bool {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    for byte in block.chunks_mut(8) {
        let mut word = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        word ^= word >> 29;
        for (place, value) in byte.iter_mut().zip(word.wrapping_mul(0xBF58_476D_1CE4_E5B9).to_le_bytes()) {
            *place = value;
        }
    }
    true
}

async fn registry() -> Registry<usize> {
    opened(&Arc::new(MemoryStore::new()), Peppering::InStore).await.unwrap()
}

async fn made(registry: &Registry<usize>, text: &str, terms: KeyTerms) -> VirtualKey {
    registry.create_key(name(text), name("captchaai"), terms, &prices(), NOW).await.unwrap().secret
}

fn standing(registry: &Registry<usize>, secret: &VirtualKey, at: Timestamp) -> Option<Standing> {
    let hash = registry.pepper().hash(secret.expose().as_bytes());
    registry.snapshot().find(&hash, at).map(|found| found.standing)
}

#[tokio::test]
async fn a_key_lives_from_its_creation_to_its_revocation_and_its_name_is_given_once() {
    let registry = registry().await;
    let secret = made(&registry, "shop", terms()).await;
    assert_eq!(standing(&registry, &secret, NOW), Some(Standing::Live));
    registry.revoke_key(&name("shop"), NOW).await.unwrap();
    assert_eq!(standing(&registry, &secret, NOW), Some(Standing::Revoked));
    let again = registry.create_key(name("shop"), name("captchaai"), terms(), &prices(), NOW).await;
    assert!(matches!(again, Err(RegistryError::NameTaken(_))));
    assert!(matches!(registry.resume_key(&name("shop"), NOW).await, Err(RegistryError::Revoked(_))));
    assert!(matches!(registry.pause_key(&name("nobody"), "", NOW).await, Err(RegistryError::NoKey(_))));
}

#[tokio::test]
async fn a_rotated_key_has_two_secrets_until_the_overlap_ends_and_one_record() {
    let registry = registry().await;
    let old = made(&registry, "shop", terms()).await;
    let new = registry.rotate_key(&name("shop"), 3_600_000, NOW).await.unwrap().secret;
    let (within, behind) = (NOW.plus_millis(3_599_999), NOW.plus_millis(3_600_000));
    assert_eq!((standing(&registry, &old, within), standing(&registry, &old, behind)), (Some(Standing::Live), Some(Standing::Expired)));
    assert_eq!(standing(&registry, &new, behind), Some(Standing::Live));
    let leaked = registry.rotate_key(&name("shop"), 0, NOW).await.unwrap().secret;
    assert_eq!((standing(&registry, &new, NOW), standing(&registry, &leaked, NOW)), (Some(Standing::Expired), Some(Standing::Live)));
    assert_eq!(registry.snapshot().records().len(), 1);
}

#[tokio::test]
async fn secrets_are_remembered_sixteen_deep() {
    let registry = registry().await;
    let first = made(&registry, "shop", terms()).await;
    for _ in 0..16 {
        registry.rotate_key(&name("shop"), 0, NOW).await.unwrap();
    }
    assert_eq!(standing(&registry, &first, NOW), None);
    assert_eq!(registry.snapshot().record("shop").unwrap().secrets.len(), 16);
}

#[tokio::test]
async fn ad_14_a_change_made_for_an_older_version_is_refused() {
    let registry = registry().await;
    made(&registry, "shop", terms()).await;
    let version = registry.snapshot().record("shop").unwrap().version;
    let mut wider = terms();
    wider.limits.caps = vec![Cap::parse("50/day").unwrap()];
    registry.set_key(&name("shop"), wider.clone(), &prices(), Some(version), NOW).await.unwrap();
    let late = registry.set_key(&name("shop"), wider, &prices(), Some(version), NOW).await;
    assert!(matches!(late, Err(RegistryError::Changed { .. })));
}

#[tokio::test]
async fn a_teams_limits_are_its_keys_limits_too_and_change_with_it() {
    let registry = registry().await;
    let mut team = TeamTerms::default();
    team.limits.caps = vec![Cap::parse("100/day").unwrap()];
    let without = KeyTerms { team: Some(name("crew")), ..terms() };
    let early = registry.create_key(name("early"), name("captchaai"), without.clone(), &prices(), NOW).await;
    assert!(matches!(early, Err(RegistryError::NoTeam(_))));
    registry.create_team(name("crew"), team.clone(), NOW).await.unwrap();
    made(&registry, "shop", without).await;
    assert_eq!(registry.snapshot().key("shop").unwrap().attachment, 2);
    team.limits.concurrency = Some(5);
    registry.set_team(&name("crew"), team, None, NOW).await.unwrap();
    assert_eq!(registry.snapshot().key("shop").unwrap().attachment, 3);
    registry.pause_team(&name("crew"), "audit", NOW).await.unwrap();
    assert!(registry.snapshot().key("shop").unwrap().paused().is_some_and(|why| why.contains("crew") && why.contains("audit")));
}

#[tokio::test]
async fn two_registries_on_one_store_see_each_others_changes_and_never_lose_one() {
    let store = Arc::new(MemoryStore::new());
    let one = opened(&store, Peppering::InStore).await.unwrap();
    let two = opened(&store, Peppering::InStore).await.unwrap();
    let secret = made(&one, "shop", terms()).await;
    assert_eq!(standing(&two, &secret, NOW), None);
    // a change of the other makes it catch up first
    made(&two, "ci", terms()).await;
    assert_eq!(standing(&two, &secret, NOW), Some(Standing::Live));
    assert!(one.refresh().await.unwrap() && !one.refresh().await.unwrap());
    assert_eq!((one.snapshot().generation, two.snapshot().generation), (2, 2));
}

#[tokio::test]
async fn another_pepper_is_noticed_before_every_key_is_unknown() {
    let store = Arc::new(MemoryStore::new());
    opened(&store, Peppering::Given(Pepper::new([1; 32]))).await.unwrap();
    let other = opened(&store, Peppering::Given(Pepper::new([2; 32]))).await;
    assert!(matches!(other, Err(RegistryError::OtherPepper)));
}

#[tokio::test]
async fn id_17_no_text_form_of_a_key_holds_its_secret() {
    let registry = registry().await;
    let created = registry.create_key(name("shop"), name("captchaai"), terms(), &prices(), NOW).await.unwrap();
    let secret = created.secret.expose();
    let record = registry.snapshot().record("shop").unwrap().clone();
    for text in [
        serde_json::to_string(&created.change).unwrap(),
        serde_json::to_string(&record).unwrap(),
        format!("{record:?}{:?}", created.change),
    ] {
        assert!(!text.contains(secret) && text.contains("shop"));
    }
}

#[tokio::test]
async fn id_19_ten_thousand_keys_are_well_formed_and_no_two_are_alike() {
    let mut seen = HashSet::new();
    for _ in 0..10_000 {
        let mut random = [0; 64];
        getrandom(&mut random);
        let key = VirtualKey::from_random(VirtualKey::KEY, &random).unwrap();
        assert!(key.expose().starts_with("tgk_") && key.expose().len() == 32 && VirtualKey::is_well_formed(key.expose().as_bytes()));
        assert!(seen.insert(key.expose().to_owned()));
    }
}

#[tokio::test]
async fn terms_that_cannot_be_meant_are_refused_each_with_its_reason() {
    type Change = fn(&mut KeyTerms);
    let table: [(Change, TermsError); 9] = [
        (|terms| terms.limits.caps.clear(), TermsError::NoLimit),
        (|terms| terms.allow = Allow::default(), TermsError::NoAddress),
        (|terms| terms.limits.concurrency = Some(0), TermsError::NoConcurrency),
        (|terms| terms.limits.caps.push(Cap::parse("30/day").unwrap()), TermsError::SameCounter("30/day".to_owned())),
        (|terms| terms.limits.uncapped = true, TermsError::CapAndNone("25/day".to_owned())),
        (|terms| terms.expires = Some(NOW), TermsError::EndedAlready),
        (|terms| terms.methods = tollgate_policy::Methods::only(["hcaptcha"]), TermsError::UnknownMethod("hcaptcha".to_owned())),
        (|terms| terms.methods = tollgate_policy::Methods::only::<&str>([]), TermsError::NoMethod),
        (|terms| terms.note = "two\nlines".to_owned(), TermsError::Note),
    ];
    for (change, expected) in table {
        let mut changed = terms();
        change(&mut changed);
        assert_eq!(changed.check(&prices(), NOW), Err(expected));
    }
    assert_eq!(terms().check(&prices(), NOW), Ok(()));
    let free = PriceTable::new(Pricing::Threads, [("userrecaptcha", Money::ZERO)]).unwrap();
    assert_eq!(terms().check(&free, NOW), Err(TermsError::MoneyWithoutPrice));
}

#[tokio::test]
async fn a_use_is_stored_once_it_is_asked_to_be_and_never_moves_back() {
    let store = Arc::new(MemoryStore::new());
    let registry = opened(&store, Peppering::InStore).await.unwrap();
    made(&registry, "shop", terms()).await;
    let later = NOW.plus_millis(5_000);
    let key = registry.snapshot().key("shop").unwrap().clone();
    key.touch(later);
    key.touch(NOW);
    registry.store_uses().await.unwrap();
    let again = opened(&store, Peppering::InStore).await.unwrap();
    assert_eq!(again.snapshot().last_used("shop"), Some(later));
}
