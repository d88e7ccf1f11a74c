//! Under which names are an account's rates kept?

use tollgate_model::{Name, Scope};

use tollgate_books::Paced;

/// The names of one account's keys. What stands in braces is all that a cluster hashes: the rates of one call, of key, team and
/// account, lie in one slot, and accounts are spread over the nodes.
pub(crate) struct Names {
    prefix: String,
    /// The hash of the account's gates and of when its rates began.
    pub(crate) gates: String,
}

impl Names {
    /// Of an account in the book with this id: gates with another book count for themselves.
    pub(crate) fn new(book: &str, upstream: &Name) -> Self {
        let prefix = format!("tollgate:{{{book}:{upstream}}}:");
        Self { gates: format!("{prefix}gates"), prefix }
    }

    /// The rate's key.
    pub(crate) fn rate(&self, paced: &Paced) -> String {
        let Self { prefix, .. } = self;
        match &paced.scope {
            Scope::Key(key) => format!("{prefix}key:{key}"),
            Scope::Team(team) => format!("{prefix}team:{team}"),
            Scope::Upstream(_) => format!("{prefix}account"),
        }
    }
}
