//! Every group of scenarios. Each file holds one group.

mod bad_input;
mod bimp;
mod bridge;
mod carrying;
mod chat;
mod clients;
mod election;
mod equivocation;
mod group;
mod identity;
mod light;
mod liveness;
mod pool;
mod relay;
mod storage_faults;

use parlance_e2e::harness::Group;

/// All groups; the long ones first, so that running side by side ends early.
pub fn all() -> Vec<Group> {
    vec![
        election::group(),
        relay::group(),
        carrying::group(),
        chat::group(),
        group::group(),
        bridge::group(),
        light::group(),
        bimp::group(),
        liveness::group(),
        clients::group(),
        equivocation::group(),
        identity::group(),
        storage_faults::group(),
        pool::group(),
        bad_input::group(),
    ]
}
