//! The table in words, and the figures as JSON for `scripts/bench`.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::{
    contender::Contender,
    scenario::{Figure, Outcome, Row, median},
};

/// All runs of a row.
#[derive(Debug)]
pub struct RowResult {
    /// The row.
    pub row: Row,
    /// Each contender's runs, in the order of their seeds.
    pub runs: Vec<(Contender, Vec<Outcome>)>,
}

impl RowResult {
    /// One contender's runs; none where it did not run.
    pub fn of(&self, contender: Contender) -> &[Outcome] {
        let found = self.runs.iter().find(|(other, _)| *other == contender);
        found.map_or(&[], |(_, runs)| runs.as_slice())
    }
}

/// The table, a row for each link.
pub fn table(results: &[RowResult]) -> String {
    let mut lines = String::from("| link | must hold | UDX | CUBIC | BBRv3 | NewReno |\n");
    lines.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for result in results {
        let _ = write!(lines, "| {} | {} |", result.row.title, demands(result));
        for contender in Contender::ALL {
            let _ = write!(lines, " {} |", cell(result, contender));
        }
        lines.push('\n');
    }
    lines
}

fn demands(result: &RowResult) -> String {
    let words = result.row.demands.iter().map(|demand| {
        let holds = demand.holds(result.of(Contender::Udx), |other| result.of(other));
        format!(
            "{}: {}",
            demand.words(),
            if holds { "holds" } else { "**does not hold**" }
        )
    });
    match result.row.demands {
        [] => "-".to_owned(),
        _ => words.collect::<Vec<_>>().join("<br>"),
    }
}

fn cell(result: &RowResult, contender: Contender) -> String {
    let runs = result.of(contender);
    if runs.is_empty() {
        return "-".to_owned();
    }
    let shown = result.row.shown.iter();
    let figures = shown.map(|figure| format!("{} {}", figure.name(), spread(runs, *figure)));
    figures.collect::<Vec<_>>().join("<br>")
}

/// Median, smallest and largest.
fn spread(runs: &[Outcome], figure: Figure) -> String {
    let values = || runs.iter().map(|run| run.value(figure));
    let (low, high) = (
        values().fold(f64::MAX, f64::min),
        values().fold(f64::MIN, f64::max),
    );
    let shown = [median(runs, figure), low, high].map(|value| figure.show(value));
    format!("{} ({}-{}) {}", shown[0], shown[1], shown[2], figure.unit())
        .trim_end()
        .to_owned()
}

/// What `bench/harness` reads: a metric for each figure and peer, and everything that was measured.
pub fn json(results: &[RowResult]) -> Value {
    let mut metrics = Vec::new();
    for result in results {
        for figure in result.row.shown {
            let values = |contender| -> Vec<f64> {
                let scale = if figure.unit() == "%" { 100.0 } else { 1.0 };
                let runs = result.of(contender).iter();
                runs.map(|run| run.value(*figure) * scale).collect()
            };
            for peer in Contender::ALL.iter().skip(1) {
                metrics.push(json!({
                    "name": format!("{}: {}", result.row.title, figure.name()),
                    "unit": figure.unit(),
                    "better": if figure.more_is_better() { "higher" } else { "lower" },
                    "ours": values(Contender::Udx),
                    "peer": values(*peer),
                    "peer_name": peer.to_string(),
                }));
            }
        }
    }
    let raw = results
        .iter()
        .map(|result| json!({"row": result.row.name, "runs": result.runs}));
    json!({"metrics": metrics, "raw": raw.collect::<Vec<_>>()})
}
