//! The tables of the page, asked of the chain's own rules.

use parlance_primitives::{Balance, MILLI, UNIT};
use sp_runtime::Perbill;

use super::{
    break_even::{Moved, own_relays},
    load::{Census, GROWTH, STEADY, days, growth},
    network::{Draws, IDENTITIES, Network, RELAYS, released_to_relays},
    others::{over_cap, sybils},
    ring::{Day, Ring, Spread},
    text::{decimal, grouped, mebibytes, percent, round, signed, spread_text, tokens},
};

/// Shares of the roster that are shown, in tenths of a percent.
pub const SHARES: [u32; 9] = [10, 50, 100, 150, 200, 250, 330, 500, 1_000];
/// What is bought for each identity of a ring that buys, in bytes a day.
pub const BOUGHT: u64 = 1 << 30;

/// What one seed's day gives of a ring's, over all seeds.
pub fn spread(
    ring: &Ring,
    network: &Network,
    draws: &[Draws],
    value: impl Fn(&Day) -> Balance,
) -> Spread {
    Spread::of(draws.iter().map(|draws| value(&ring.day(network, draws))))
}

/// A ring that lives on what is free.
pub fn free_ring(network: &Network, draws: &[Draws]) -> String {
    let mut out = String::from(
        "| own relays | earns (least to most) | its deposits cost | left | its bonds cost | identities for the bonds |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for share in SHARES {
        let ring = Ring::of(share);
        let earned = spread(&ring, network, draws, |day| day.earned);
        let day = ring.day(network, &draws[0]);
        let left = earned.median.saturating_sub(day.tickets());
        let people = u128::from(IDENTITIES);
        let needed = (day.bonds * people)
            .checked_div(left)
            .map_or("never".into(), |count| grouped(round(count)));
        out += &format!(
            "| {} | {} | {} | {} | {} | {needed} |\n",
            percent(share),
            spread_text(&earned),
            tokens(day.deposits),
            signed(earned.median, day.tickets()),
            tokens(day.bonds),
        );
    }
    out
}

/// A ring that buys.
pub fn bought_ring(network: &Network, draws: &[Draws]) -> String {
    let mut out = String::from(
        "| own relays | earns (least to most) | its tickets cost | left | taken from honest relays |\n\
         | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for share in SHARES {
        let ring = Ring {
            bought: BOUGHT,
            ..Ring::of(share)
        };
        let earned = spread(&ring, network, draws, |day| day.earned);
        let taken = spread(&ring, network, draws, |day| day.taken);
        let day = ring.day(network, &draws[0]);
        out += &format!(
            "| {} | {} | {} | {} | {} |\n",
            percent(share),
            spread_text(&earned),
            tokens(day.tickets()),
            signed(earned.median, day.tickets()),
            tokens(taken.median),
        );
    }
    out
}

/// Where tickets start to pay, by parameter and share.
pub fn break_even(network: &Network, draws: &[Draws]) -> String {
    let shares = [10, 50, 100, 200, 330];
    let mut out =
        String::from("| parameter | default | 1 % | 5 % | 10 % | 20 % | 33 % |\n| --- | ---: |");
    out += &"---: | ".repeat(shares.len());
    out = out.trim_end().to_owned() + "\n";
    for moved in parameters() {
        out += &format!("| {} | {} |", moved.name, moved.default);
        for share in shares {
            let found = moved.starts(&Ring::of(share), network, draws);
            let sign = if moved.falls { "<=" } else { ">=" };
            let text = found.map_or("never".into(), |value| {
                format!("{sign} {}", (moved.write)(value))
            });
            out += &format!(" {text} |");
        }
        out.push('\n');
    }
    out
}

/// The parameters that are moved.
fn parameters() -> Vec<Moved> {
    vec![
        Moved {
            name: "part of the price that is paid (`rate`), %",
            default: "50".into(),
            falls: false,
            values: (1..=100).collect(),
            set: |network, value| network.relays.rate = Perbill::from_percent(value as u32),
            write: |value| value.to_string(),
        },
        Moved {
            name: "free bytes a day that count (`most_free`), MiB",
            default: "4".into(),
            falls: false,
            values: (1..=64).map(|quarters| quarters << 18).collect(),
            set: |network, value| network.relays.most_free = value,
            write: |value| decimal(value >> 18, 4),
        },
        Moved {
            name: "periods' worth in one (`burst`)",
            default: "4".into(),
            falls: false,
            values: (1..=288).collect(),
            set: |network, value| network.relays.burst = value as u32,
            write: |value| value.to_string(),
        },
        Moved {
            name: "price of a mebibyte, millionths of a token",
            default: "10".into(),
            falls: false,
            values: (1..=1_000).collect(),
            set: |network, value| network.people.prices = [Balance::from(value) * MILLI / 1_000; 3],
            write: |value| value.to_string(),
        },
        Moved {
            name: "deposit of an identity, thousandths of a token",
            default: "100".into(),
            falls: true,
            values: (1..=1_000).rev().collect(),
            set: |network, value| network.people.deposit = Balance::from(value) * MILLI,
            write: |value| value.to_string(),
        },
        Moved {
            name: "interest elsewhere, % a year (an assumption, no rule)",
            default: "5".into(),
            falls: true,
            values: (1..=200).rev().collect(),
            set: |network, value| network.interest = value.into(),
            write: |value| decimal(value, 10),
        },
    ]
}

/// From how many relays on tickets pay, under other rules.
pub fn thresholds(network: &Network, draws: &[Draws]) -> String {
    let mut out = String::from(
        "| rules | free allowance pays from | bought allowance pays from |\n| --- | ---: | ---: |\n",
    );
    let mut row = |name: &str, change: &dyn Fn(&mut Network)| {
        let mut network = network.clone();
        change(&mut network);
        let text = |bought| {
            own_relays(&network, draws, bought)
                .map_or("never".into(), |own| percent(own as u32 * 1_000 / RELAYS))
        };
        out += &format!("| {name} | {} | {} |\n", text(0), text(BOUGHT));
    };
    row("the default", &|_| ());
    row("the default, tokens bound earn 1 % elsewhere", &|network| {
        network.interest = 10;
    });
    row("the default, tokens bound earn 20 %", &|network| {
        network.interest = 200;
    });
    for rate in [25, 100] {
        row(&format!("`rate` {rate} %"), &|network| {
            network.relays.rate = Perbill::from_percent(rate);
        });
    }
    for burst in [1, 2, 12] {
        row(&format!("`burst` {burst}"), &|network| {
            network.relays.burst = burst;
        });
    }
    row("`most_free` 16 MiB, the whole floor", &|network| {
        network.relays.most_free = 16 << 20;
    });
    row("deposit of one token", &|network| {
        network.people.deposit = UNIT;
    });
    row("`bitchat` instead of `toktok`", &|network| {
        network.released =
            released_to_relays(&pallet_issuance::core::allocation::Economy::bitchat());
    });
    row(
        "others send 2,000 TiB a day, more than the share pays for",
        &|network| network.honest = 2_000 << 40,
    );
    out
}

/// Identities by proof of work.
pub fn work_identities(network: &Network) -> String {
    let mut out = String::from(
        "| bytes a day of such an identity that count | own relays | 10,000 earn in 30 days | core-hours | pays when a token is worth more core-hours than |\n\
         | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for kibibytes in [0, 64, 256, 1_024, 4_096] {
        for share in [1, 10, 33] {
            let found = sybils(network, share, kibibytes << 10);
            let breaks = (found.core_hours * UNIT * 10)
                .checked_div(found.earned)
                .map_or("never".into(), |tenths| decimal(tenths as u64, 10));
            out += &format!(
                "| {kibibytes} KiB | {share} % | {} | {} | {breaks} |\n",
                tokens(found.earned),
                found.core_hours,
            );
        }
    }
    out
}

/// Tickets over their cap.
pub fn over_caps() -> String {
    let mut out = String::from(
        "| part of the honest bytes | twice the cap | ten times | a hundred times | ten times, best of four seeds |\n\
         | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for part in [1, 2, 5, 10, 25, 50, 100] {
        out += &format!(
            "| {part} % | {} | {} | {} | {} |\n",
            decimal(over_cap(part, 2, 1), 1_000),
            decimal(over_cap(part, 10, 1), 1_000),
            decimal(over_cap(part, 100, 1), 1_000),
            decimal(over_cap(part, 10, 4), 1_000),
        );
    }
    out
}

/// Allowances while a network grows.
pub fn growing(network: &Network) -> String {
    let mut out = String::from(
        "| day | people | relays | utilisation | free with a deposit | without | of what people want to send |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let shown = |day: &usize| day.is_multiple_of(60) || [10, 30, 399, 410, 430].contains(day);
    let points = days(network, GROWTH + 1, growth);
    for (day, point) in points.iter().enumerate().filter(|(day, _)| shown(day)) {
        let census = point.census;
        out += &format!(
            "| {day} | {} | {} | {} | {} | {} | {} |\n",
            grouped(u128::from(census.members + census.newcomers)),
            census.relays,
            percent(point.utilisation as u32),
            mebibytes(point.member),
            mebibytes(point.newcomer),
            percent(point.served as u32),
        );
    }
    out
}

/// What attackers do to allowances, after a year.
pub fn loads(network: &Network) -> String {
    let mut out = String::from(
        "| who else is there | utilisation | free with a deposit | without | of what people want to send |\n\
         | --- | ---: | ---: | ---: | ---: |\n",
    );
    let mut row = |name: &str, census: Census| {
        let points = days(network, 365, |_| census);
        let point = points[points.len() - 1];
        out += &format!(
            "| {name} | {} | {} | {} | {} |\n",
            percent(point.utilisation as u32),
            mebibytes(point.member),
            mebibytes(point.newcomer),
            percent(point.served as u32),
        );
    };
    row("nobody", STEADY);
    for count in [10_000u64, 100_000, 900_000] {
        let name = format!(
            "{} identities by proof of work, silent",
            grouped(count.into())
        );
        let newcomers = STEADY.newcomers + count;
        // Silent: their demand is not there, their number is.
        row(
            &name,
            Census {
                newcomers,
                silent: count,
                ..STEADY
            },
        );
    }
    for idle in [4, 20, 40] {
        let name = format!("{idle} relays of a ring that say they are full");
        row(
            &name,
            Census {
                idle,
                pretended: u64::MAX,
                ..STEADY
            },
        );
    }
    for idle in [40, 400] {
        row(
            &format!("{idle} relays that carry nothing"),
            Census { idle, ..STEADY },
        );
    }
    out
}
