//! Where shall it break? A panic on purpose in one room, for the tests; in the product there is nothing of it.

pub(crate) use tollgate_model::fault::{Point, at as point};

/// A place of the corridor at which a test may let it break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Listen,
    Understand,
    Identify,
    Locate,
    Again,
    Own,
    Pace,
    Time,
    Allow,
    Arm,
    Intend,
    /// Before the first byte to the provider.
    Send,
    /// Behind its answer.
    Answered,
    Settle,
    Record,
}

#[cfg(not(test))]
#[inline]
pub(crate) const fn at(_place: Place) {}

#[cfg(test)]
pub(crate) fn at(place: Place) {
    assert!(tests::WANTED.get() != Some(place), "a fault on purpose: {place:?}");
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use serde_json::Value;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::LocalSet;

    use super::Place;
    use crate::fixture::{Fixture, Says, submission};
    use crate::room::listen::Entrance;
    use crate::serve::serve;

    thread_local! {
        pub(super) static WANTED: Cell<Option<Place>> = const { Cell::new(None) };
    }

    /// Asks over a connection of its own, with a fault at that place; nothing is what a caller hears of one.
    async fn ask(fixture: &Rc<Fixture>, target: &str, fault: Option<Place>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let entrance = Rc::new(Entrance { root: Some(fixture.upstream.clone()) });
        let worker = fixture.worker.clone();
        let served = tokio::task::spawn_local(serve(worker, entrance, stream, peer.ip()));
        client.write_all(format!("GET {target} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
        WANTED.set(fault);
        let broke = served.await.is_err();
        WANTED.set(None);
        assert_eq!(broke, fault.is_some(), "{fault:?}");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    }

    fn words<'a>(line: &'a Value, places: &[&str]) -> Vec<&'a str> {
        places.iter().map(|place| line.pointer(place).and_then(Value::as_str).unwrap_or("-")).collect()
    }

    #[tokio::test]
    async fn i_23_a_panic_in_any_room_costs_its_request_alone_and_its_hold_and_record_are_right() {
        const DIME: i64 = 100_000_000;
        // what is left of a dollar, and how the last line says that it ended
        let cases = [
            (Place::Listen, 10 * DIME, Some("-")),
            (Place::Understand, 10 * DIME, Some("-")),
            (Place::Identify, 10 * DIME, Some("-")),
            (Place::Locate, 10 * DIME, Some("-")),
            (Place::Time, 10 * DIME, Some("-")),
            (Place::Allow, 10 * DIME, Some("-")),
            (Place::Arm, 10 * DIME, Some("-")),
            (Place::Intend, 10 * DIME, Some("-")),
            // it may be on its way: spent until reconciled
            (Place::Send, 9 * DIME, Some("unknown")),
            (Place::Answered, 9 * DIME, Some("unknown")),
            (Place::Settle, 9 * DIME, Some("unknown")),
            (Place::Record, 9 * DIME, Some("opened")),
        ];
        for (place, left, hold) in cases {
            let local = LocalSet::new();
            local
                .run_until(async {
                    let fixture = Rc::new(Fixture::new().await);
                    let key = fixture.key("a", |_| {}).await;
                    assert_eq!(ask(&fixture, &submission(&key), Some(place)).await, "", "{place:?}");
                    assert_eq!(fixture.left("a").await, left, "{place:?}");
                    let lines = fixture.lines();
                    let last = lines.last().map(|line| words(line, &["/tollgate/hold"])[0]);
                    assert_eq!(last, hold, "{place:?}: {lines:?}");
                    // the next one is served as if nothing had been
                    fixture.provider_says(Says::Body("OK|7000002"));
                    assert!(ask(&fixture, &submission(&key), None).await.ends_with("OK|7000002"), "{place:?}");
                    assert_eq!(fixture.left("a").await, left - DIME, "{place:?}");
                })
                .await;
        }
    }

    #[tokio::test]
    async fn i_23_a_panic_on_a_poll_leaves_the_task_to_its_owner() {
        let local = LocalSet::new();
        local
            .run_until(async {
                let fixture = Rc::new(Fixture::new().await);
                let key = fixture.key("a", |_| {}).await;
                ask(&fixture, &submission(&key), None).await;
                fixture.provider_says(Says::Body("OK|the answer|0.04"));
                let poll = format!("/res.php?key={key}&action=get&id=7000001");
                for place in [Place::Own, Place::Pace, Place::Arm, Place::Send, Place::Answered, Place::Settle] {
                    assert_eq!(ask(&fixture, &poll, Some(place)).await, "", "{place:?}");
                    assert_eq!(fixture.left("a").await, 900_000_000, "{place:?}");
                }
                assert!(ask(&fixture, &poll, None).await.ends_with("OK|the answer"));
                assert_eq!(fixture.left("a").await, 960_000_000);
            })
            .await;
    }
}
