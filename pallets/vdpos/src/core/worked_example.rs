//! The worked example of `docs/consensus-vdpos.md`, computed and compared.

use super::{election, quality, schedule};
use sp_arithmetic::Perbill;
use std::{format, string::String, vec, vec::Vec};

const PAGE: &str = include_str!("../../../../docs/consensus-vdpos.md");

/// Candidates by number, with what they made of their blocks, in percent.
const NODES: [(&str, u32); 5] = [("Ada", 100), ("Bo", 81), ("Cy", 100), ("Di", 45), ("Ed", 0)];

fn part(score: Perbill) -> f64 {
    f64::from(score.deconstruct()) / 1e9
}

#[test]
fn the_page_says_what_the_code_does() {
    let bonds: Vec<(u32, u128)> = (0..5).map(|who| (who, 1_000)).collect();
    let voters = [
        (10, 60_000, vec![0, 1, 2]),
        (11, 30_000, vec![2, 3]),
        (12, 6_000, vec![3, 4]),
    ];
    let elected = election::elect(&bonds, &voters, 4).unwrap();
    assert_eq!(
        elected.iter().map(|(_, backing)| backing).sum::<u128>(),
        100_000
    );

    let judged: Vec<_> = elected
        .iter()
        .map(|(who, backing)| {
            let (name, made) = NODES[*who as usize];
            let score = quality::score(made * 3, 300).unwrap();
            let average = quality::moving_average(Perbill::one(), score);
            let quality = quality::quality(average);
            (
                name,
                backing,
                made,
                score,
                average,
                quality,
                quality::weight(*backing, quality),
            )
        })
        .collect();
    let weights: Vec<u128> = judged.iter().map(|node| node.6).collect();
    let total: u128 = weights.iter().sum();
    let seats: Vec<Vec<u32>> = (0..4)
        .map(|epoch| schedule::seats(&weights, 300, schedule::Phase::of_epoch(epoch)).unwrap())
        .collect();
    for (place, (name, backing, made, score, average, quality, weight)) in
        judged.into_iter().enumerate()
    {
        let quota = weight as f64 * 300.0 / total as f64;
        let slots: Vec<String> = seats
            .iter()
            .map(|seats| format!("{}", seats[place]))
            .collect();
        let row = format!(
            "| {name} | {backing} | {made} % | {:.3} | {:.3} | {:.5} | {weight} | {quota:.2} | {} |",
            part(score),
            part(average),
            part(quality),
            slots.join(", "),
        );
        assert!(PAGE.contains(&row), "the page lacks: {row}");
    }
    // Di without its bad era.
    let di = 27_826.0 * 300.0 / (27_826 + total - weights[0]) as f64;
    assert!(
        PAGE.contains(&format!("Di would have had {di:.1} slots")),
        "{di}"
    );
}
