//! What self-dealing with relays earns and costs, by the chain's own rules.
//!
//! Writes `docs/pictures/self-dealing.svg`, `docs/pictures/free-allowance.svg` and the tables of
//! `docs/relay-economics.md`: `cargo run --release -p pallet-relay --example self_dealing`. The test
//! `economics` fails when one of them is not what this would write.

mod break_even;
mod documents;
mod load;
mod network;
mod others;
mod ring;
mod tables;
mod text;

fn main() -> std::io::Result<()> {
    parlance_pictures::Document::write_all(&documents::all()?)
}
