//! The verbs, one file each.

pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod dev;
pub(crate) mod init;
pub(crate) mod sandbox;
pub(crate) mod serve;
