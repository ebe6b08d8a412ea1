//! Draws the supply of both economies from the pallet's own code.
//!
//! Writes `docs/pictures/supply-toktok.svg`, `docs/pictures/supply-bitchat.svg` and the tables in
//! `docs/economy.md`: `cargo run -p pallet-issuance --example supply_curve`. The test `pictures` fails
//! when one of them is not what this would write.

mod curve;
mod documents;

fn main() -> std::io::Result<()> {
    parlance_pictures::Document::write_all(&documents::all()?)
}
