//! What does the kernel do with our memory? The pages that hold a real key stay out of swap, and what is freed is given back.

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

/// Blocks of this size have pages of their own, and leave with them: a table that has grown out of its old place is one.
#[cfg(target_env = "gnu")]
const OWN_PAGES: libc::c_int = 1024 * 1024;
/// So much may lie free at the end of a heap.
#[cfg(target_env = "gnu")]
const FREE_END: libc::c_int = 256 * 1024;

/// Lets the allocator keep little of what is freed, and no more heaps than threads that work at once.
///
/// Left alone, glibc takes the largest block that was ever freed as the size below which blocks come from the heap, where they
/// leave holes, and has eight heaps a processor: a third of a gate's memory under load (mallopt(3), `M_MMAP_THRESHOLD`). Called
/// once, before there is a second thread. Another C library than glibc is left as it is.
pub fn give_freed_memory_back(heaps: usize) {
    #[cfg(target_env = "gnu")]
    {
        let heaps = libc::c_int::try_from(heaps.max(2)).unwrap_or(libc::c_int::MAX);
        for (knob, value) in [(libc::M_MMAP_THRESHOLD, OWN_PAGES), (libc::M_TRIM_THRESHOLD, FREE_END), (libc::M_ARENA_MAX, heaps)] {
            // SAFETY: takes two numbers by value and changes no memory that is in use; a knob that it refuses stays as it was
            unsafe { libc::mallopt(knob, value) };
        }
    }
    #[cfg(not(target_env = "gnu"))]
    let _ = heaps;
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

    #[cfg(target_env = "gnu")]
    #[test]
    fn a_large_block_has_pages_of_its_own_whatever_was_freed_before() {
        // SAFETY: only reads the allocator's own counts
        let own = || unsafe { libc::mallinfo2() }.hblks;
        give_freed_memory_back(2);
        // glibc's own rule takes its size as the least one of a block with pages of its own from now on
        drop(std::hint::black_box(vec![1_u8; 16 * 1024 * 1024]));
        let before = own();
        let large = std::hint::black_box(vec![1_u8; 4 * 1024 * 1024]);
        assert_eq!(own(), before + 1);
        drop(large);
    }
}
