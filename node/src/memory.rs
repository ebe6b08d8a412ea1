//! Gives memory that is no longer in use back to the system.
//!
//! A start compiles the runtime and reads the genesis, which takes twice the memory that the node needs from then on. The C
//! library's allocator keeps what was released for the next request, on each thread's heap, for good. What that was and is:
//! docs/decisions/0014-memory.md.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub use glibc::watch;

/// Other allocators have rules of their own.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn watch(_: &sc_service::TaskManager) {}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "calls of the C library")]
mod glibc {
    use std::time::Duration;

    /// Time between two looks.
    const PERIOD: Duration = Duration::from_secs(10);
    /// Unused memory that stays, in bytes: a loaded node soon needs it again. Covers what is no heap but memory
    /// all the same, compiled runtimes above all, which [`unused`] counts.
    const KEPT: usize = 32 << 20;

    /// Looks after the memory until the node ends.
    pub fn watch(tasks: &sc_service::TaskManager) {
        tasks.spawn_handle().spawn("memory", None, async {
            let mut before = 0;
            loop {
                tokio::time::sleep(PERIOD).await;
                let unused = unused();
                // What nobody took up again in a whole period will hardly be taken up in the next.
                if unused.min(before) > KEPT {
                    give_back();
                    log::debug!(target: "memory", "{} MiB of unused memory given back", unused >> 20);
                }
                before = unused;
            }
        });
    }

    /// Bytes that the system has given and nobody uses; 0 where the system does not tell.
    fn unused() -> usize {
        // SAFETY: no arguments; the function takes the locks that it needs.
        let heap = unsafe { libc::mallinfo2() };
        resident().saturating_sub(heap.uordblks + heap.hblkhd)
    }

    /// Resident memory of this process that no file backs, in bytes.
    fn resident() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
        kib.unwrap_or(0) * 1024
    }

    fn give_back() {
        // SAFETY: only memory that nobody uses goes back; the function takes the locks that it needs.
        unsafe { libc::malloc_trim(0) };
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_is_released_goes_back_to_the_system() {
            // Small pieces of which some stay, so that the heap cannot just shrink.
            let mut pieces: Vec<_> = (0..200_000).map(|_| vec![1u8; 1_000]).collect();
            let mut number = 0;
            pieces.retain(|_| {
                number += 1;
                number % 100 == 0
            });
            let (before, held) = (unused(), resident());
            assert!(before > 4 * KEPT, "{before} bytes unused");
            give_back();
            let (after, holds) = (unused(), resident());
            assert!(after < before / 2, "{before} bytes unused, then {after}");
            assert!(holds < held - 2 * KEPT, "{held} bytes, then {holds}");
            assert_eq!(pieces.len(), 2_000);
        }
    }
}
