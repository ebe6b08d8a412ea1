//! What a group of 500 costs, ours and openmls alone in the same run, interleaved.
//!
//! `cargo run --release -- [--quick] [--runs N]` prints one JSON object: milliseconds per operation, five runs (two of a
//! group of 100 with `--quick`), the sides in turn, `ratio_median` above 1 if ours is better. Both sides use the same cryptography (libcrux, X-Wing). Ours
//! stores every step encrypted on the disk and waits for it; openmls alone keeps its states in memory. So the
//! ratio is the price of everything around MLS, most of all of the disk.

mod alone;
mod ours;

const RUNS: usize = 5;
const TEXT: usize = 256;

/// What each side measures, milliseconds, in the order of [`NAMES`].
type Figures = [f64; NAMES.len()];

const NAMES: [&str; 8] = [
    "made, all members added",
    "joined by the invitation",
    "one text written",
    "one text read",
    "one member added",
    "the commit that adds one, read",
    "one member removed",
    "the commit that removes one, read",
];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let members = if quick { 100 } else { 500 };
    let runs = runs().unwrap_or(if quick { 2 } else { RUNS });
    let (mut ours, mut alone) = (Vec::new(), Vec::new());
    for run in 0..runs {
        if run % 2 == 0 {
            ours.push(ours::measure(members));
            alone.push(alone::measure(members));
        } else {
            alone.push(alone::measure(members));
            ours.push(ours::measure(members));
        }
    }
    print(members, &ours, &alone);
}

/// The number after `--runs`.
fn runs() -> Option<usize> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--runs");
    arguments.nth(1)?.parse().ok()
}

fn column(figures: &[Figures], which: usize) -> Vec<f64> {
    figures.iter().map(|figures| figures[which]).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    f64::midpoint(sorted[middle], sorted[(sorted.len() - 1) / 2])
}

fn print(members: usize, ours: &[Figures], alone: &[Figures]) {
    let list = |values: &[f64]| {
        let values: Vec<_> = values.iter().map(|value| format!("{value:.3}")).collect();
        values.join(", ")
    };
    println!("{{\"id\": \"P6-groups\", \"metrics\": [");
    for (which, name) in NAMES.iter().enumerate() {
        let (ours, alone) = (column(ours, which), column(alone, which));
        let comma = if which + 1 < NAMES.len() { "," } else { "" };
        println!(
            "  {{\"name\": \"group of {members}: {name}\", \"unit\": \"ms\", \"better\": \"lower\", \
             \"ours\": [{}], \"peer\": [{}], \"peer_name\": \"openmls 0.9 alone, in memory\", \
             \"ratio_median\": {:.2}}}{comma}",
            list(&ours),
            list(&alone),
            median(&alone) / median(&ours),
        );
    }
    println!("]}}");
}
