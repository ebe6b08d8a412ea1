//! Draws the supply of both economies from the pallet's own code.
//!
//! Writes `docs/pictures/supply-toktok.svg`, `docs/pictures/supply-bitchat.svg` and the tables in
//! `docs/economy.md`: `cargo run -p pallet-issuance --example supply_curve`. The test `pictures` fails
//! when one of them is not what this would write.

mod chart;
mod curve;
mod documents;

fn main() -> std::io::Result<()> {
    for document in documents::all()? {
        std::fs::write(&document.path, &document.content)?;
        println!("wrote {}", document.path.display());
    }
    Ok(())
}
