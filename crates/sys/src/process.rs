//! May this process be looked into, and which boot of the machine is it?

use std::fs;
use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Forbids core dumps, and with them reading this process's memory as the same user (`PR_SET_DUMPABLE` 0, ptrace(2)).
///
/// Called first in `main`, before a secret is read: `execve` makes a process dumpable again.
pub fn forbid_core_dumps() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

/// Asks another process of this user to end (SIGTERM).
pub fn terminate(process: u32) -> io::Result<()> {
    let id = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    let id = id.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a process id"))?;
    Ok(rustix::process::kill_process(id, rustix::process::Signal::TERM)?)
}

/// The user in whose name this process acts.
#[must_use]
pub fn acting_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The id of this boot, 36 characters: a lease of another boot is one whose machine died.
pub fn boot_id() -> io::Result<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let id = text.trim_end();
    if id.is_empty() { Err(io::Error::other("the kernel gives no boot id")) } else { Ok(id.to_owned()) }
}

#[cfg(test)]
mod tests {
    use rustix::process::{dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn se_07_a_process_that_forbids_core_dumps_leaves_none() {
        forbid_core_dumps().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        let core = getrlimit(Resource::Core);
        assert_eq!((core.current, core.maximum), (Some(0), Some(0)));
    }

    #[test]
    fn a_boot_has_one_id() {
        let id = boot_id().unwrap();
        assert_eq!((id.len(), boot_id().unwrap()), (36, id));
    }
}
