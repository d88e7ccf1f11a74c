//! The verbs, one file each.

pub(crate) mod check;
pub(crate) mod init;
pub(crate) mod sandbox;
