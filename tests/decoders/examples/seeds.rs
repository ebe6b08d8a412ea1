//! Writes the seeds of every target into a folder of its name, as libFuzzer takes them.
//!
//! `cargo run --example seeds -- FOLDER`

use parlance_decoders::TARGETS;
use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let Some(folder) = std::env::args_os().nth(1) else {
        return Err(io::Error::other(
            "no folder is named: cargo run --example seeds -- FOLDER",
        ));
    };
    for target in TARGETS {
        let folder = Path::new(&folder).join(target.name);
        fs::create_dir_all(&folder)?;
        let seeds = (target.seeds)();
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
        println!("{}: {} seeds", target.name, seeds.len());
    }
    Ok(())
}
