//! The relay of Parlance as a program, around the pure core in [`parlance_relay_core`] and BIMP in [`parlance_bimp`].
//!
//! | module | rules | what |
//! | --- | --- | --- |
//! | [`storage`] | D1-D5 | the core's disk: RocksDB |

#![forbid(unsafe_code)]

pub mod storage;
