//! The relay of Parlance as a program, around the pure core in [`parlance_relay_core`] and BIMP in [`parlance_bimp`].
//!
//! | module | rules | what |
//! | --- | --- | --- |
//! | [`storage`] | D1-D5 | the core's disk: RocksDB |
//! | [`engine`] | E1-E4 | the core's loop, and the thread that writes |
//! | [`connection`] | N1-N8 | one connection: authentication, rates, delivery |
//! | [`bridge`] | B1-B3 | connections that do not come by QUIC |
//! | [`gate`] | - | how many connections, how fast |
//! | [`budget`] | - | how much memory for all of them |
//! | [`price`] | - | what requests cost of a rate |
//! | [`peers`] | P1-P4 | questions to other relays |
//! | [`directory`] | - | what is on record |
//! | `fallback` | F1-F4 | passes packets on between devices; a feature of the crate |
//! | [`figures`] | - | what is counted, for Prometheus |
//! | [`config`] | - | what the operator says |
//! | [`service`] | - | all of it, from start to stop |

#![forbid(unsafe_code)]

pub mod bridge;
pub mod budget;
pub mod config;
pub mod connection;
pub mod directory;
pub mod engine;
#[cfg(feature = "fallback")]
pub mod fallback;
pub mod figures;
pub mod gate;
pub mod peers;
pub mod price;
pub mod service;
pub mod storage;
