//! The verbs, one file each.

pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod books;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod sandbox;
pub(crate) mod serve;
pub(crate) mod store;
pub(crate) mod team;
pub(crate) mod trace;
pub(crate) mod usage;
pub(crate) mod why;
