//! How does the schema in the database become this binary's? Forward only, all steps that lack in one transaction.

use super::judge::{self, Found};
use super::{OpenError, Place};
use crate::epoch;
use crate::failure::Failure;
use crate::session::Session;

/// Every step from an empty schema on; a number is never used twice.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_book_and_registry.sql"),
    include_str!("../../migrations/0002_corrections.sql"),
    include_str!("../../migrations/0003_busy.sql"),
    include_str!("../../migrations/0004_adopted.sql"),
];

/// The schema that this binary makes: the number of steps.
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a handful")]
pub(super) const KNOWN: i32 = MIGRATIONS.len() as i32;

/// Gates that start at once take the steps one after the other.
const ALONE: &str = "SET LOCAL lock_timeout = '20s'; SELECT pg_advisory_xact_lock(6070471238841455170)";

/// Looks at the schema, refuses what is not ours, and takes every step that lacks.
pub(super) async fn forward(session: &mut Session, place: &Place) -> Result<(), OpenError> {
    if is_ours(session, place).await? == KNOWN {
        return Ok(());
    }
    let stepped = session.transaction(async |session| {
        session.client().batch_execute(ALONE).await?;
        // another gate may have been quicker
        let from = is_ours(session, place).await?;
        step(session, place, from).await
    });
    stepped.await.map_err(|failure| OpenError::failed(place.name(), failure))
}

/// The number of steps taken; 0 where there is nothing yet and may be something.
pub(super) async fn is_ours(session: &Session, place: &Place) -> Result<i32, OpenError> {
    let name = || place.name().to_owned();
    let found = judge::schema(session, place).await?;
    judge::may_migrate(session, place, found).await?;
    match found {
        Found::Nothing | Found::Empty => Ok(0),
        Found::Ours(found) if found > KNOWN => Err(OpenError::Newer { place: name(), found, known: KNOWN }),
        Found::Ours(found) => Ok(found),
        Found::Foreign => Err(OpenError::OtherProgram { place: name() }),
    }
}

async fn step(session: &Session, place: &Place, from: i32) -> Result<(), Failure> {
    if judge::schema(session, place).await? == Found::Nothing {
        session.client().batch_execute("CREATE SCHEMA tollgate").await?;
    }
    for (number, step) in (1_i32..).zip(MIGRATIONS).skip(usize::try_from(from).unwrap_or(0)) {
        session.client().batch_execute(step).await?;
        if number == 1 {
            let first = concat!(
                "INSERT INTO tollgate.meta (one, program, schema, origin, epoch, fence, generation) SELECT 1, 'TGBK', 1, ",
                epoch::origin!(),
                ", 0, 0, 0"
            );
            session.client().batch_execute(first).await?;
        }
        session.execute("UPDATE tollgate.meta SET schema = $1", &[&number]).await?;
    }
    Ok(())
}
