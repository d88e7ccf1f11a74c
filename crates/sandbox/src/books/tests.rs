use super::*;

const PRICE: Money = Money::from_nanos(2_900_000);

fn upload(doomed: bool) -> Upload<'static> {
    Upload { key: "k", form: Form::Text, price: PRICE, solve_time: Duration::from_secs(5), doomed }
}

fn terms(cost: Option<Money>, refund: bool) -> Terms {
    Terms { unsolvable: false, cost, refund }
}

fn page(books: &Books) -> [Value; 4] {
    let page = books.to_json(&[]);
    [page["charged"].clone(), page["gross"].clone(), page["refunded"].clone(), page["balance"].clone()]
}

#[test]
fn a_task_is_charged_at_upload_and_its_id_follows_the_last() {
    let (mut books, now) = (Books::new(Money::from_nanos(10_000_000_000), 100), Instant::now());
    assert_eq!(books.upload(now, &upload(false)), 100);
    assert_eq!(books.upload(now, &upload(false)), 101);
    assert_eq!(page(&books), ["0.005800000", "0.005800000", "0.000000000", "9.994200000"]);
    assert_eq!(
        books.to_json(&["other".into()])["by_key"],
        json!({
            "k": {"charged": "0.005800000", "tasks": 2},
            "other": {"charged": "0.000000000", "tasks": 0},
        })
    );
}

#[test]
fn work_ends_at_its_time_and_not_before() {
    let (mut books, now) = (Books::new(Money::ZERO, 100), Instant::now());
    let id = books.upload(now, &upload(false));
    books.advance(now + Duration::from_millis(4_999), true);
    assert_eq!(books.working(), 1);
    assert!(matches!(books.read(now + Duration::from_millis(4_999), id, &terms(None, true)), Found::NotReady));
    books.advance(now + Duration::from_secs(5), true);
    assert_eq!(books.working(), 0);
    assert!(matches!(books.read(now + Duration::from_secs(5), id, &terms(None, true)), Found::Solved { charged: PRICE, .. }));
}

#[test]
fn a_doomed_task_is_paid_back_when_due_though_nobody_asks() {
    let (mut books, now) = (Books::new(Money::ZERO, 100), Instant::now());
    let id = books.upload(now, &upload(true));
    books.advance(now + Duration::from_secs(5), true);
    books.advance(now + Duration::from_secs(9), true);
    assert!(matches!(books.read(now + Duration::from_secs(9), id, &terms(None, true)), Found::Unsolvable));
    assert_eq!(page(&books), ["0.000000000", "0.002900000", "0.002900000", "0.000000000"]);
}

#[test]
fn without_the_refund_rule_an_unsolvable_task_stays_charged() {
    let (mut books, now) = (Books::new(Money::ZERO, 100), Instant::now());
    let id = books.upload(now, &upload(true));
    assert!(matches!(books.read(now + Duration::from_secs(5), id, &terms(None, false)), Found::Unsolvable));
    assert_eq!(page(&books)[0], "0.002900000");
}

#[test]
fn the_final_cost_is_booked_once() {
    for (cost, charged) in [(4_900_000, "0.004900000"), (900_000, "0.000900000")] {
        let (mut books, now) = (Books::new(Money::ZERO, 100), Instant::now());
        let id = books.upload(now, &upload(false));
        for _ in 0..3 {
            let found = books.read(now + Duration::from_secs(5), id, &terms(Some(Money::from_nanos(cost)), true));
            assert!(matches!(found, Found::Solved { charged, .. } if charged.nanos() == cost));
        }
        assert_eq!(page(&books)[0], charged);
        assert_eq!(page(&books)[3], format!("-{charged}"));
    }
}

#[test]
fn an_answer_is_reported_once_and_only_when_there_is_one() {
    let (mut books, now) = (Books::new(Money::ZERO, 100), Instant::now());
    let id = books.upload(now, &upload(false));
    assert!(matches!(books.report(id, true), Reported::TooEarly));
    books.read(now + Duration::from_secs(5), id, &terms(None, true));
    assert!(matches!(books.report(id, true), Reported::Recorded));
    assert!(matches!(books.report(id, false), Reported::Twice));
    assert!(matches!(books.report(id + 1, false), Reported::Unknown));
    assert_eq!(books.to_json(&[])["reports"], json!({"good": 1, "bad": 0}));
}
