use tollgate_model::Pepper;

use super::*;

fn print(number: usize) -> Fingerprint {
    Fingerprint::of(&Pepper::new([1; 32]), &[&number.to_be_bytes()])
}

fn key(number: u8) -> KeyId {
    KeyId::from_bytes([number; 16])
}

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const FIRST: RequestId = RequestId::from_bytes([7; 16]);

fn claim(repeats: &Arc<Repeats>, named: Named) -> Claim {
    match repeats.look(named, print(0), NOW) {
        Looked::First(claim) => claim,
        _ => panic!("not the first"),
    }
}

#[test]
fn bu_19_an_answer_is_given_again_for_a_day_and_its_name_is_free_afterwards() {
    let repeats = Arc::new(Repeats::default());
    let named = (key(1), print(1));
    claim(&repeats, named).answered(FIRST, None, Some(b"OK|1"), NOW);
    let day = NOW.plus_millis(24 * 3_600_000);
    for now in [NOW, day] {
        assert!(matches!(repeats.look(named, print(0), now), Looked::Again(FIRST, Kept::Body(body)) if &*body == b"OK|1"));
        assert!(matches!(repeats.look(named, print(9), now), Looked::Other));
        assert!(matches!(repeats.look((key(2), print(1)), print(9), now), Looked::First(_)), "another key's name is another");
    }
    assert!(matches!(repeats.look(named, print(9), NOW.plus_millis(KEPT_MS)), Looked::First(_)));
    let table = repeats.table.lock();
    assert_eq!((table.by_name.len(), table.by_age.len(), table.of_key.len(), table.bytes), (0, 0, 0, 0));
}

#[test]
fn a_name_is_in_flight_until_it_is_answered_and_free_if_it_never_is() {
    let repeats = Arc::new(Repeats::default());
    let named = (key(1), print(1));
    let first = claim(&repeats, named);
    let Looked::InFlight(waiting) = repeats.look(named, print(0), NOW) else { panic!("not in flight") };
    assert!(matches!(repeats.look(named, print(9), NOW), Looked::Other));
    assert!(waiting.has_changed().is_ok());
    drop(first);
    assert!(waiting.has_changed().is_err(), "whoever waits is woken");
    drop(claim(&repeats, named));
    assert!(repeats.table.lock().of_key.is_empty());
}

#[test]
fn what_is_long_or_lost_is_kept_by_its_task_or_as_unknown() {
    let repeats = Arc::new(Repeats::default());
    let task = TaskId::parse(b"7000001").unwrap();
    let long = vec![b'x'; LONGEST + 1];
    for (number, task, body, wanted) in
        [(1, Some(task), Some(&*long), Kept::Task(task)), (2, None, Some(&*long), Kept::Unknown), (3, Some(task), None, Kept::Unknown)]
    {
        claim(&repeats, (key(1), print(number))).answered(FIRST, task, body, NOW);
        assert!(matches!(repeats.look((key(1), print(number)), print(0), NOW), Looked::Again(_, kept) if kept == wanted));
    }
}

#[test]
fn rl_04_a_full_table_refuses_a_new_name_and_forgets_none() {
    let repeats = Arc::new(Repeats::default());
    for number in 0..OF_A_KEY {
        claim(&repeats, (key(1), print(number))).answered(FIRST, None, None, NOW);
    }
    assert!(matches!(repeats.look((key(1), print(OF_A_KEY)), print(0), NOW), Looked::Full));
    assert!(matches!(repeats.look((key(1), print(0)), print(0), NOW), Looked::Again(..)));
    assert!(matches!(repeats.look((key(2), print(0)), print(0), NOW), Looked::First(_)), "another key has room");
    repeats.fill();
    assert!(matches!(repeats.look((key(2), print(0)), print(0), NOW), Looked::Full));
}

#[test]
fn bu_19_what_a_clock_ahead_has_dated_is_forgotten_a_day_from_now_and_lets_others_be_forgotten() {
    let repeats = Arc::new(Repeats::default());
    let year = NOW.plus_millis(365 * 24 * 3_600_000);
    let one = Answered { request: FIRST, key: key(1), name: print(1), body: print(0), at: year, task: None };
    repeats.restore(&one, NOW);
    claim(&repeats, (key(1), print(2))).answered(FIRST, None, None, NOW);
    for number in [1, 2] {
        assert!(matches!(repeats.look((key(1), print(number)), print(0), NOW), Looked::Again(FIRST, Kept::Unknown)));
    }
    for number in [1, 2] {
        assert!(matches!(repeats.look((key(1), print(number)), print(0), NOW.plus_millis(KEPT_MS)), Looked::First(_)));
    }
}
