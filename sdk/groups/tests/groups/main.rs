//! What groups promise, tested as a client uses them. One program, because each would compile MLS again.

#![allow(missing_docs)]

mod application;
mod doubt;
mod early;
mod five_hundred;
mod hostile_bytes;
mod liar;
mod people;
mod promises;
mod relays;
mod returning;
mod schedules;
mod second_implementation;
mod split;
mod theft;
mod unfair;
mod world;
