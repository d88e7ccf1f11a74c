//! May this database be used, and is it ours? Everything that is judged before the first command, in the order in which it is told.

mod error;
mod judge;
mod migrate;
mod place;
mod tls;

pub use error::OpenError;
pub(crate) use place::Place;

use crate::session::Session;

/// The number of the schema that this binary makes and knows.
pub(crate) const fn schema() -> i32 {
    migrate::KNOWN
}

/// Judges server and schema, and brings the schema up to this binary's; a refusal leaves everything as it was.
pub(crate) async fn open(place: &Place) -> Result<Session, OpenError> {
    let mut session = place.connect().await?;
    migrate::forward(&mut session, place).await?;
    judge::rights(&session, place).await?;
    Ok(session)
}

/// Whether there is a schema of ours that this binary knows; nothing is changed, and what may not be used is refused.
pub(crate) async fn has_tables(session: &Session, place: &Place) -> Result<bool, OpenError> {
    Ok(migrate::is_ours(session, place).await? > 0)
}

#[cfg(test)]
mod tests;
