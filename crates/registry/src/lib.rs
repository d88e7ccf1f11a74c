//! Who: keys and teams, their policies, one immutable snapshot of them, and every change to it.

pub mod change;
pub mod laws;
pub mod memory;
pub mod port;
pub mod record;
pub mod registry;
pub mod snapshot;
pub mod terms;
pub mod whole;

pub use change::{Act, Change, Subject};
pub use memory::MemoryStore;
pub use port::{Applied, Changes, Edit, KeyRow, Loaded, RegistryStore};
pub use record::{KeyRecord, Pause, StoredSecret, TeamRecord};
pub use registry::{Attach, Created, Open, Peppering, Registry, RegistryError};
pub use snapshot::{Found, Key, Nobody, Snapshot, Standing};
pub use terms::{Allow, Cap, KeyTerms, LimitTerms, RaiseTerms, RaisedTo, TaskCap, TeamTerms, TermsError};
pub use whole::Whole;
