//! Configuration of each pallet, one file per concern.

pub mod accounts;
pub mod consensus;
pub mod fees;
pub mod governance;
pub mod identities;
pub mod measured;
pub mod monetary;
pub mod relays;
pub mod system;
