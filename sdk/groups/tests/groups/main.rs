//! What groups promise, tested as a client uses them. One program, because each would compile MLS again.

#![allow(missing_docs)]

mod five_hundred;
mod hostile_bytes;
mod people;
mod promises;
mod relays;
mod returning;
mod schedules;
mod second_implementation;
