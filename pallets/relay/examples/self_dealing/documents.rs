//! What is written where: two pictures, and the tables of `docs/relay-economics.md`.

use std::path::PathBuf;

use parlance_pictures::{Axis, Document, Line, Lines, Point, replace};
use parlance_primitives::{Balance, UNIT};
use sp_runtime::Perbill;

use super::{
    load::{GROWTH, days, growth},
    network::{Draws, Network},
    ring::Ring,
    tables,
};

/// Every document.
pub fn all() -> std::io::Result<Vec<Document>> {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let (network, draws) = (Network::default(), Draws::all());
    let page = docs.join("relay-economics.md");
    let mut text = std::fs::read_to_string(&page)?;
    for (name, table) in [
        ("free-ring", tables::free_ring(&network, &draws)),
        ("bought-ring", tables::bought_ring(&network, &draws)),
        ("thresholds", tables::thresholds(&network, &draws)),
        ("break-even", tables::break_even(&network, &draws)),
        ("work-identities", tables::work_identities(&network)),
        ("over-cap", tables::over_caps()),
        ("growth", tables::growing(&network)),
        ("load", tables::loads(&network)),
    ] {
        text = replace(&text, name, &table);
    }
    Ok(vec![
        Document {
            path: docs.join("pictures/self-dealing.svg"),
            content: self_dealing(&network, &draws),
        },
        Document {
            path: docs.join("pictures/free-allowance.svg"),
            content: free_allowance(&network),
        },
        Document {
            path: page,
            content: text,
        },
    ])
}

/// Millionths of a token.
fn millionths(amount: Balance) -> u64 {
    u64::try_from(amount / (UNIT / 1_000_000)).expect("a ring's day is a few tokens")
}

fn self_dealing(network: &Network, draws: &[Draws]) -> String {
    let shares = || (0..=500).step_by(25);
    let earns = |name: &str, colour, percent| {
        let mut network = network.clone();
        network.relays.rate = Perbill::from_percent(percent);
        let points = shares().map(|share| {
            let ring = Ring::of(share);
            let spread = tables::spread(&ring, &network, draws, |day| day.earned);
            Point {
                x: share.into(),
                y: millionths(spread.median),
                least: millionths(spread.least),
                most: millionths(spread.most),
            }
        });
        Line {
            name: name.into(),
            colour,
            points: points.collect(),
            dashed: false,
        }
    };
    let costs = |name: &str, colour, interest| {
        let mut network = network.clone();
        network.interest = interest;
        let day = Ring::of(0).day(&network, &draws[0]);
        let cost = millionths(day.deposits);
        Line {
            name: name.into(),
            colour,
            points: vec![Point::exact(0, cost), Point::exact(500, cost)],
            dashed: true,
        }
    };
    Lines {
        title: "A ring of 500 identities on the free allowance".into(),
        subtitle: "a day, without its relays' bonds; bands: all seeds of the beacon".into(),
        lines: vec![
            earns("earns at rate 50 % (default)", "#d55e00", 50),
            earns("earns at rate 25 %", "#e69f00", 25),
            costs("its deposits cost at 5 % a year", "#57606a", 50),
            costs("at 1 % a year", "#009e73", 10),
            costs("at 10 % a year", "#0072b2", 100),
        ],
        x: Axis {
            name: "own relays, % of the roster".into(),
            end: 500,
            every: 50,
            divisor: 10,
        },
        y: Axis {
            name: "tokens a day".into(),
            end: 25_000,
            every: 5_000,
            divisor: 1_000_000,
        },
    }
    .svg()
}

fn free_allowance(network: &Network) -> String {
    let points = days(network, GROWTH + 1, growth);
    let line = |name: &str, colour, value: &dyn Fn(usize) -> u64| Line {
        name: name.into(),
        colour,
        points: (0..points.len())
            .map(|day| Point::exact(day as u64, value(day)))
            .collect(),
        dashed: false,
    };
    // Colours that stay apart for colour-blind readers (Okabe and Ito).
    let lines = vec![
        line("free with a deposit", "#0072b2", &|day| {
            points[day].member >> 10
        }),
        line("free without", "#cc79a7", &|day| points[day].newcomer >> 10),
        Line {
            name: "what counts for pay".into(),
            colour: "#57606a",
            points: [0, u64::from(GROWTH)]
                .map(|day| Point::exact(day, network.relays.most_free >> 10))
                .into(),
            dashed: true,
        },
    ];
    Lines {
        title: "What is free a day while a network grows".into(),
        subtitle:
            "a thousand people to a million in ten months; half of the relays leave on day 400"
                .into(),
        lines,
        x: Axis {
            name: "days".into(),
            end: GROWTH.into(),
            every: 60,
            divisor: 1,
        },
        y: Axis {
            name: "MiB a day".into(),
            end: 352 << 10,
            every: 32 << 10,
            divisor: 1 << 10,
        },
    }
    .svg()
}
