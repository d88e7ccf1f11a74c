use tollgate_model::{Now, Timestamp};

use super::*;

fn repeats_at(now: Arc<Mutex<u64>>) -> Repeats {
    Repeats::new(Arc::new(move || Now { wall: Timestamp::from_millis(0), mono: Mono::default().plus_millis(*now.lock()) }))
}

fn hash(text: &str) -> blake3::Hash {
    blake3::hash(text.as_bytes())
}

fn answer(text: &str) -> Answer {
    Answer { status: StatusCode::CREATED, headers: HeaderMap::new(), body: Arc::new(Secret::new(text.as_bytes())) }
}

fn first<'a>(repeats: &'a Repeats, key: &str, asked: &str) -> Claim<'a> {
    let Ok(Ok(claim)) = repeats.claim(hash(key), hash(asked)) else { panic!("not the first") };
    claim
}

#[test]
fn the_same_request_gets_the_same_answer_for_a_day() {
    let now = Arc::new(Mutex::new(0));
    let repeats = repeats_at(now.clone());
    first(&repeats, "k", "make ci").keep(answer("ci made"));
    *now.lock() = KEPT_MS - 1;
    let Ok(Err(again)) = repeats.claim(hash("k"), hash("make ci")) else { panic!("acted twice") };
    assert_eq!((again.status, again.body.expose()), (StatusCode::CREATED, b"ci made".as_slice()));
    *now.lock() = KEPT_MS;
    first(&repeats, "k", "make ci");
}

#[test]
fn another_request_under_the_same_key_is_refused() {
    let repeats = repeats_at(Arc::default());
    first(&repeats, "k", "make ci").keep(answer("ci made"));
    assert_eq!(repeats.claim(hash("k"), hash("make cd")).err().unwrap().kind(), Kind::KeyReused);
}

#[test]
fn a_second_request_waits_for_the_first_and_a_lost_one_leaves_the_key_free() {
    let repeats = repeats_at(Arc::default());
    let claim = first(&repeats, "k", "make ci");
    assert_eq!(repeats.claim(hash("k"), hash("make ci")).err().unwrap().kind(), Kind::Conflict);
    drop(claim);
    first(&repeats, "k", "make ci");
}

#[test]
fn memory_is_bounded_and_the_oldest_goes_first() {
    let repeats = repeats_at(Arc::default());
    for at in 0..KEPT + 10 {
        first(&repeats, &at.to_string(), "x").keep(answer("done"));
    }
    let known = repeats.known.lock();
    assert_eq!((known.by_key.len(), known.order.len()), (KEPT, KEPT));
    assert!(!known.by_key.contains_key(&hash("9")) && known.by_key.contains_key(&hash("10")));
}
