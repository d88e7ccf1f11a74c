//! Room 1: which operation of which provider is this, exactly? The client's bytes end here.

use tollgate_dialect::{Call, Incoming, Method, parse};
use tollgate_model::Denial;

use super::listen::Arrival;
use super::record::Line;
use crate::fault::{self, Place};
use crate::refusal::Refusal;

/// A typed call.
pub struct Understood<'a> {
    pub(super) arrival: &'a Arrival<'a>,
    pub(super) call: Call<'a>,
    /// Private: only this room makes one.
    _proof: (),
}

/// Reads the call. A request that can be read in two ways is refused as such, and nothing of it is used.
pub(crate) fn read<'a>(arrival: &'a Arrival<'a>, line: &mut Line<'_>) -> Result<Understood<'a>, Refusal> {
    fault::at(Place::Understand);
    let method = match arrival.method {
        tollgate_wire::Method::Post => Method::Post,
        _ => Method::Get,
    };
    let incoming = Incoming {
        method,
        path: arrival.path,
        query: arrival.query,
        content_type: arrival.content_type,
        authorization: arrival.authorization,
        body: arrival.body,
    };
    match parse(&arrival.upstream.profile, &incoming) {
        Ok(call) => {
            line.form = call.form;
            line.understood(&call.operation);
            Ok(Understood { arrival, call, _proof: () })
        }
        Err(misread) => {
            line.form = misread.form;
            Err(Denial::new(misread.code, misread.reason).into())
        }
    }
}

#[cfg(test)]
mod tests;
