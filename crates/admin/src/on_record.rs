//! Which record is changed, by whom, and is it still the one that was read?

use std::sync::Arc;

use axum::Extension;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::sync::OwnedMutexGuard;
use tollgate_model::Name;
use tollgate_registry::{KeyRecord, TeamRecord};

use crate::access::Door;
use crate::body::Named;
use crate::etag::{IfMatch, Turns};
use crate::problem::{Kind, Problem};

/// A change of the record that the path names.
pub(crate) struct OnRecord {
    pub(crate) name: Name,
    pub(crate) by: Door,
    turns: Turns,
    unchanged: IfMatch,
}

/// The record as it is, and stays until this is dropped.
pub(crate) struct Turn<R> {
    pub(crate) before: Arc<R>,
    _turn: OwnedMutexGuard<()>,
}

/// What has a version.
pub(crate) trait Versioned {
    fn version(&self) -> u64;
}

impl Versioned for KeyRecord {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Versioned for TeamRecord {
    fn version(&self) -> u64 {
        self.version
    }
}

impl OnRecord {
    /// Waits for its turn, and reads the record; taken once the body is read, so that a slow sender holds nobody up.
    pub(crate) async fn turn<R: Versioned>(&self, read: impl FnOnce(&Name) -> Result<Arc<R>, Problem>) -> Result<Turn<R>, Problem> {
        let turn = self.turns.clone().take().await;
        let before = read(&self.name)?;
        self.unchanged.holds(before.version())?;
        Ok(Turn { before, _turn: turn })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OnRecord {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Named(name) = Named::from_request_parts(parts, state).await?;
        let unheard = |_| Problem::new(Kind::Internal, "a request without its door");
        let Extension(by) = Extension::<Door>::from_request_parts(parts, state).await.map_err(unheard)?;
        let Extension(turns) = Extension::<Turns>::from_request_parts(parts, state).await.map_err(unheard)?;
        let unchanged = IfMatch::from_request_parts(parts, state).await?;
        Ok(Self { name, by, turns, unchanged })
    }
}
