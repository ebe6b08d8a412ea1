//! Every group of scenarios. Each file holds one group.

mod bad_input;
mod clients;
mod election;
mod equivocation;
mod liveness;
mod pool;
mod storage_faults;

use parlance_e2e::harness::Group;

/// All groups; the long ones first, so that running side by side ends early.
pub fn all() -> Vec<Group> {
    vec![
        election::group(),
        liveness::group(),
        clients::group(),
        equivocation::group(),
        storage_faults::group(),
        pool::group(),
        bad_input::group(),
    ]
}
