//! May this memory be swapped out? Not the pages that hold a real key.

use std::io;

/// Keeps the pages that hold these bytes out of swap.
///
/// Page by page and without an end: the neighbours on the same pages are locked too, and stay so when the bytes are freed.
/// An error is `RLIMIT_MEMLOCK`, or a kernel that does not let this process lock; the key is then as safe as the swap is.
pub fn lock_memory(bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    // SAFETY: the range is borrowed, so it is mapped for the whole call; locking changes neither contents nor protection
    unsafe { rustix::mm::mlock(bytes.as_ptr().cast_mut().cast(), bytes.len()) }.map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked_kib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    #[test]
    fn locked_bytes_are_counted_as_locked_by_the_kernel() {
        let bytes = vec![7_u8; 16 * 1024];
        lock_memory(&bytes).unwrap();
        assert!(locked_kib() >= 16);
        assert!(lock_memory(&[]).is_ok());
    }
}
