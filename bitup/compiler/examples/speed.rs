//! How long the compiler takes, and how large what it writes is: `cargo run --release --locked --example speed`.

use bitup_compiler::{Source, build, check};
use std::{fmt::Write, hint::black_box, path::Path, time::Instant};

const RUNS: usize = 11;

/// A contract of about so many lines: ledgers like that of a token, one behind the other.
fn contract(lines: usize) -> String {
    let mut text = String::from("contract Ledgers {\n");
    let mut number = 0;
    while text.lines().count() + 1 < lines {
        number += 1;
        write!(
            text,
            "    storage total{number}: Balance;
    storage balances{number}: Map<Address, Balance>;
    storage allowances{number}: Map<Address, Map<Address, Balance>>;

    event Moved{number}(indexed from: Address, indexed to: Address, amount: Balance);

    error TooLow{number}(has: Balance, needs: Balance);

    @anyone payable save{number}() {{
        this.balances{number}[msg.sender] += msg.value;
        this.total{number} += msg.value;
    }}

    @anyone move{number}(to: Address, amount: Balance): bool {{
        const has = this.balances{number}[msg.sender];
        require(has >= amount, TooLow{number}(has, amount));
        this.balances{number}[msg.sender] = has - amount;
        this.balances{number}[to] += mulDiv(amount, 99, 100, Rounding.Down);
        emit Moved{number}(msg.sender, to, amount);
        return true;
    }}

    @anyone approve{number}(spender: Address, amount: Balance) {{
        this.allowances{number}[msg.sender][spender] = amount;
    }}

    view allowance{number}(owner: Address, spender: Address): Balance {{
        return this.allowances{number}[owner][spender];
    }}

    view rank{number}(who: Address): u32 {{
        let rank: u32 = 0;
        for (const turn of (0 as u32)..8) {{
            if (this.balances{number}[who] > (1 as Balance) * (turn as Balance)) {{
                rank += 1;
            }}
        }}
        return rank;
    }}

"
        )
        .expect("a text takes everything");
    }
    text.push_str("}\n");
    text
}

fn source(text: String) -> Source {
    Source {
        path: "main.bit".to_owned(),
        text: text.into_bytes(),
    }
}

/// Milliseconds of the middle run.
fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

fn main() {
    for lines in [500, 1_000, 2_000] {
        let sources = [source(contract(lines))];
        let count = String::from_utf8_lossy(&sources[0].text).lines().count();
        let checked = median(|| {
            black_box(check(&sources));
        });
        let built = median(|| {
            black_box(build(&sources).is_ok());
        });
        let size: usize = match build(&sources) {
            Ok(contracts) => contracts.iter().map(|one| one.wasm.len()).sum(),
            Err(findings) => panic!("{findings:?}"),
        };
        println!("{count} lines: check {checked:.2} ms, build {built:.2} ms, {size} bytes of Wasm");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in [
        "examples/flipper.bit",
        "examples/token.bit",
        "examples/group_deposit.bit",
        "modules/group-deposit/group_deposit.bit",
        "modules/escrow/escrow.bit",
        "modules/red-envelope/red_envelope.bit",
    ] {
        let text = std::fs::read_to_string(root.join(file)).expect("the file is in the tree");
        match build(&[source(text)]) {
            Ok(contracts) => {
                for contract in contracts {
                    println!("{file}: {} bytes of Wasm", contract.wasm.len());
                }
            }
            Err(findings) => panic!("{findings:?}"),
        }
    }
}
