//! What the metadata of a contract says: how it is called and how its answers are read. Pure: no file system, no network.
//!
//! | module | does |
//! | --- | --- |
//! | [`types`] | types by number, as metadata lists them |
//! | [`contract`] | the metadata of a contract, ink! version 5 |
//! | [`value`], [`text`] | values, and how people write them |
//! | [`codec`] | values to and from SCALE |
//! | [`account`] | accounts in their form for people |
//! | [`bindings`] | code in other languages that calls the contract |

pub mod account;
pub mod bindings;
pub mod codec;
pub mod contract;
pub mod text;
pub mod types;
pub mod value;

pub use codec::{CodecError, Encoder, decode, decode_all};
pub use contract::{Abi, AbiError, Call, Event};
pub use text::{TextError, parse_call, parse_value};
pub use types::{Field, Primitive, Shape, Type, TypeNumber, Types, Variant};
pub use value::Value;
