//! What is written where: two pictures, and the tables in `docs/economy.md`.

use std::path::PathBuf;

use pallet_issuance::core::allocation::{Economy, Release, Role};
use pallet_issuance::core::calendar::Date;
use parlance_pictures::{Areas, Document, Grid, Layer, replace};
use parlance_primitives::{Balance, UNIT, issuance::Share};

use super::curve::{Point, start, supply};

/// Every document.
pub fn all() -> std::io::Result<Vec<Document>> {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let (toktok, bitchat) = (Economy::toktok(), Economy::bitchat());
    let page = docs.join("economy.md");
    let mut text = std::fs::read_to_string(&page)?;
    for (name, economy) in [("toktok", &toktok), ("bitchat", &bitchat)] {
        text = replace(&text, &format!("supply-{name}"), &supply_table(economy));
        text = replace(&text, &format!("vesting-{name}"), &vesting_table(economy));
    }
    Ok(vec![
        Document {
            path: docs.join("pictures/supply-toktok.svg"),
            content: toktok_chart(&toktok),
        },
        Document {
            path: docs.join("pictures/supply-bitchat.svg"),
            content: bitchat_chart(&bitchat),
        },
        Document {
            path: page,
            content: text,
        },
    ])
}

const YEARS: u32 = 40;

fn toktok_chart(economy: &Economy) -> String {
    Areas {
        title: "toktok: what circulates".into(),
        subtitle: "listed at the start; every share of what is mined is paid out in full".into(),
        layers: layers(&supply(economy, YEARS * 12)),
        cap: (tokens(economy.max_supply), "cap: 21,000,000".into()),
        grid: Grid {
            every: 3_000_000,
            divisor: 1_000_000,
        },
        unit: "million tokens".into(),
        label_months: 48,
    }
    .svg()
}

fn bitchat_chart(economy: &Economy) -> String {
    Areas {
        title: "bitchat: what circulates".into(),
        subtitle: "assumed: 10,000 users, 1,000 more each day up to 3,000,000; nothing paid back"
            .into(),
        layers: layers(&supply(economy, 20 * 12)),
        cap: (tokens(economy.max_supply), "cap: 20,000,000,000".into()),
        grid: Grid {
            every: 4_000_000_000,
            divisor: 1_000_000_000,
        },
        unit: "billion tokens".into(),
        label_months: 24,
    }
    .svg()
}

fn layers(points: &[Point]) -> Vec<Layer> {
    let layer = |name: &str, colour, value: &dyn Fn(&Point) -> Balance| Layer {
        name: name.into(),
        colour,
        values: points.iter().map(|point| tokens(value(point))).collect(),
    };
    // Colours that stay apart for colour-blind readers (Okabe and Ito).
    let all = [
        layer("genesis, free at once", "#7f8c8d", &|point| point.free),
        layer("genesis, vested", "#56b4e9", &|point| point.vested),
        layer("mined: production", "#e69f00", &|point| {
            point.mined.of(Share::Production)
        }),
        layer("mined: relays", "#009e73", &|point| {
            point.mined.of(Share::Relay)
        }),
        layer("mined: storage", "#0072b2", &|point| {
            point.mined.of(Share::Storage)
        }),
        layer("mined: contribution", "#cc79a7", &|point| {
            point.mined.of(Share::Contribution)
        }),
    ];
    all.into_iter()
        .filter(|layer| layer.values.iter().any(|value| *value > 0))
        .collect()
}

/// Circulating supply by year: each of the first ten, then every fourth.
fn supply_table(economy: &Economy) -> String {
    let mut out = String::from(
        "| after years | vested and free | still held | mined | circulating | of the cap |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for point in supply(economy, YEARS * 12) {
        let shown = point.year <= 10 || point.year.is_multiple_of(4);
        if point.month.is_multiple_of(12) && shown {
            let circulating = point.circulating();
            let share = circulating * 10_000 / economy.max_supply;
            out += &format!(
                "| {} | {} | {} | {} | {} | {}.{:02} % |\n",
                point.year,
                grouped(point.free + point.vested),
                grouped(point.held),
                grouped(point.mined.total()),
                grouped(circulating),
                share / 100,
                share % 100,
            );
        }
    }
    out
}

/// Each role with its share, and its dates if the listing is on 1 January 2027.
fn vesting_table(economy: &Economy) -> String {
    let mut out = String::from(
        "| for | tokens | of the supply | at listing | then | first | last |\n\
         | --- | ---: | ---: | ---: | --- | --- | --- |\n",
    );
    for one in &economy.allocations {
        let head = format!(
            "| {} | {} | {} % ",
            name(one.role),
            grouped(one.amount),
            one.amount * 100 / economy.max_supply
        );
        out += &match one.release {
            Release::Free => {
                format!("{head}| {} at genesis | | | |\n", grouped(one.amount))
            }
            Release::Vested(steps) => {
                let dates: Vec<_> = steps
                    .dates(start())
                    .filter(|(date, _)| *date > start())
                    .collect();
                let (first, last) = (dates[0].0, dates[dates.len() - 1].0);
                format!(
                    "{head}| {} | {} x {} every {} | {} | {} |\n",
                    grouped(steps.at_start),
                    steps.steps,
                    grouped(steps.per_step),
                    match steps.step_months {
                        1 => "month",
                        3 => "quarter",
                        _ => "year",
                    },
                    iso(Date::of(first)),
                    iso(Date::of(last)),
                )
            }
        };
    }
    out
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Team => "team",
        Role::Investors => "private investors",
        Role::Foundation => "foundation",
        Role::EarlyIncentives => "early ecosystem incentives",
        Role::Ecosystem => "ecosystem",
        Role::Institutions => "institutions",
        Role::Community => "community",
        Role::Research => "research and development",
        Role::Other => "others",
    }
}

fn iso(date: Date) -> String {
    format!("{}-{:02}-{:02}", date.year, date.month, date.day)
}

fn tokens(units: Balance) -> u64 {
    u64::try_from(units / UNIT).expect("twenty billion tokens fit")
}

/// Whole tokens with a comma every three digits.
fn grouped(units: Balance) -> String {
    let digits = tokens(units).to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
