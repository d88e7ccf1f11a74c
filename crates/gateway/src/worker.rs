//! What does one thread own? A runtime, a lane of the journal, idle connections, deadlines: nothing that others touch.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use tokio::task::LocalSet;
use tollgate_audit::Lane;
use tollgate_model::{Name, Now};

use crate::deadline::Deadlines;
use crate::egress::dial::Resolved;
use crate::egress::pool::Pool;
use crate::gate::Gate;
use crate::random::Random;

/// One worker's own things.
pub(crate) struct Worker {
    pub(crate) gate: Arc<Gate>,
    pub(crate) lane: RefCell<Lane>,
    pub(crate) lane_index: usize,
    pub(crate) random: Random,
    pub(crate) deadlines: Deadlines,
    lines: Vec<(Name, Rc<Line>)>,
    /// Connections being served.
    pub(crate) serving: Cell<usize>,
}

/// A worker's way to one upstream.
#[derive(Default)]
pub(crate) struct Line {
    pub(crate) pool: Pool,
    pub(crate) resolved: Resolved,
}
