//! Draws and prices over many periods, without a chain.

use parlance_primitives::{
    AccountId, DAYS, MILLI, MINUTES, UNIT,
    relay::{DRAWS, DayAllowance, cap, credited, ingress_places},
};
use rand::{Rng, rngs::StdRng};

use crate::{Parameters, core::pay, tests::world::rng};

/// Periods in a day of the public chains.
const DAY: u32 = DAYS / (5 * MINUTES);
/// What tokens that are bound would have earned elsewhere in a year.
const INTEREST: f64 = 0.05;
/// Deposit of an identity and price of a mebibyte on the public chains, in tokens
/// (`pallet_accounts::Parameters`).
const DEPOSIT: f64 = 0.1;
const PRICE: f64 = 0.000_01;
const MIB: f64 = 1_048_576.0;

/// How many of a tree's draws fall on a part of `lie` of its bytes.
fn hits(rng: &mut StdRng, lie: f64) -> u32 {
    (0..DRAWS).filter(|_| rng.gen_bool(lie)).count() as u32
}

/// What somebody earns in a period who adds false bytes until they are a part of `lie` of both trees,
/// and is silent when one is drawn; as a multiple of what it would have earned without.
fn silent_cheater(rng: &mut StdRng, lie: f64, tries: u32) -> f64 {
    let passes = (0..tries).any(|_| hits(rng, lie) == 0 && hits(rng, lie) == 0);
    if passes { 1.0 / (1.0 - lie) } else { 0.0 }
}

fn mean(times: u32, mut one: impl FnMut() -> f64) -> f64 {
    (0..times).map(|_| one()).sum::<f64>() / f64::from(times)
}

#[test]
fn every_false_byte_costs_more_than_it_brings() {
    println!("false part   silent   with the best of four seeds");
    let rng = &mut rng(1);
    for percent in [1, 2, 5, 10, 20, 50, 90] {
        let lie = f64::from(percent) / 100.0;
        let once = mean(100_000, || silent_cheater(rng, lie, 1));
        let best_of_four = mean(100_000, || silent_cheater(rng, lie, 4));
        println!("{percent:9} %   {once:6.3}   {best_of_four:6.3}");
        let exact = (1.0 - lie).powi(2 * DRAWS as i32 - 1);
        assert!((once - exact).abs() < 0.01, "{once} against {exact}");
        assert!(once < 0.90 || percent < 5);
        assert!(once < 1.0);
        // Who may choose among four seeds gains less than two hundredths, and pays for it with blocks.
        assert!(best_of_four < 1.02, "{best_of_four}");
    }
}

#[test]
fn leaves_in_doubt_cost_more_than_they_bring() {
    println!("part in doubt   earns");
    let rng = &mut rng(2);
    for percent in [1, 5, 10, 25, 50, 75, 99] {
        let part = f64::from(percent) / 100.0;
        let total = 1_000_000_000_u64;
        let earns = mean(50_000, || {
            let left = credited(total, hits(rng, part)) as f64;
            left / (total as f64 * (1.0 - part))
        });
        println!("{percent:12} %   {earns:.3}");
        assert!(earns < 1.0, "{percent} % in doubt earn {earns}");
    }
}

/// A ring: one operator with relays, and senders of its own who send junk to each other.
struct Ring {
    /// Relays in the roster, and how many of them are its own.
    relays: u32,
    own: u32,
    identities: u32,
    /// Bytes a day that it buys for each identity.
    bought: u64,
    rules: Parameters,
}

/// A day of a ring, in tokens.
struct Day {
    earned: f64,
    /// Interest on the deposits of the senders.
    deposits: f64,
    /// Interest on the bonds of the relays.
    bonds: f64,
    /// Paid for allowance.
    bought: f64,
}

impl Day {
    /// What is left without the bonds, which a ring may say it has anyway.
    fn net(&self) -> f64 {
        self.earned - self.deposits - self.bought
    }
}

impl Ring {
    fn of(part_in_percent: u32) -> Self {
        Self {
            relays: 200,
            own: 2 * part_in_percent,
            identities: 40,
            bought: 0,
            rules: Parameters::default(),
        }
    }

    /// Plays a day: each sender fills its cap at each own relay that is drawn for it, at full speed,
    /// by the chain's own functions. The schedule has more to give than the ring takes.
    fn day(&self, seed: u8) -> Day {
        let rules = self.rules.rules(DAY);
        let allowance = DayAllowance {
            free: u64::MAX,
            bought: self.bought,
            backed: true,
            firm: true,
        };
        let each = cap(&allowance, &rules);
        let mut bytes = 0u64;
        for identity in 0..self.identities {
            let sender = AccountId::new(sp_crypto_hashing::blake2_256(&identity.to_le_bytes()));
            for period in 0..DAY {
                let places = ingress_places(&[seed; 32], period, &sender, self.relays);
                let own = places.iter().filter(|place| **place < self.own).count();
                bytes += each * own as u64;
            }
        }
        let price = (PRICE * UNIT as f64) as u128;
        let work = pay::work(bytes, pay::FASTEST);
        let earned = pay::worth(work, price, self.rules.rate) as f64 / UNIT as f64;
        let people = f64::from(self.identities);
        let bond = self.rules.bond_for(1 << 30) as f64 / UNIT as f64;
        Day {
            earned,
            deposits: people * DEPOSIT * INTEREST / 365.0,
            bonds: f64::from(self.own) * bond * INTEREST / 365.0,
            bought: people * self.bought as f64 / MIB * PRICE,
        }
    }
}

#[test]
fn the_prices_are_those_of_the_public_chains() {
    assert_eq!(DAY, 288);
    assert_eq!((PRICE * UNIT as f64) as u128, MILLI / 100);
}

#[test]
fn self_dealing_with_free_allowance_starts_to_pay_at_a_sixth_of_the_relays() {
    println!("own relays   earned   deposits   net (tokens a day and 10,000 identities)   bonds");
    for percent in [1, 5, 10, 15, 20, 25, 50, 100] {
        let ring = Ring::of(percent);
        let day = ring.day(1);
        let scale = 10_000.0 / f64::from(ring.identities);
        println!(
            "{percent:8} %   {:6.3}   {:8.3}   {:6.3}   {:6.3}",
            day.earned * scale,
            day.deposits * scale,
            day.net() * scale,
            day.bonds,
        );
        assert_eq!(day.net() > 0.0, percent > 17, "{percent} %");
        // Whatever it owns, it never earns more than half of what its bytes cost others.
        let most = 4.0 * 4.0 * PRICE * 0.5 * f64::from(ring.identities);
        assert!(day.earned <= most * 1.001, "{} of {most}", day.earned);
    }
}

#[test]
fn self_dealing_with_bought_allowance_starts_to_pay_at_half_of_the_relays() {
    println!("own relays   earned   paid   (tokens a day, a GiB bought for each of 40)");
    for percent in [1, 10, 25, 40, 60, 100] {
        let ring = Ring {
            bought: 1 << 30,
            ..Ring::of(percent)
        };
        let day = ring.day(2);
        println!("{percent:8} %   {:6.3}   {:6.3}", day.earned, day.bought);
        assert_eq!(day.earned > day.bought, percent > 50, "{percent} %");
    }
}

/// The lowest rate in percent at which a ring gains, if it does at any.
fn rate_that_pays(make: impl Fn() -> Ring) -> Option<u32> {
    (1..=100).find(|percent| {
        let mut ring = make();
        ring.rules.rate = sp_runtime::Perbill::from_percent(*percent);
        ring.day(3).net() > 0.0
    })
}

#[test]
fn the_parameters_at_which_self_dealing_starts_to_pay() {
    println!(
        "own relays   burst   free MiB a day   pays from this rate on, in percent of the price"
    );
    let text = |rate: Option<u32>| rate.map_or("never".into(), |rate| rate.to_string());
    for percent in [5, 10, 33] {
        for (burst, mebibytes) in [(1, 4), (4, 4), (4, 16), (12, 4), (12, 16)] {
            let make = || {
                let mut ring = Ring::of(percent);
                ring.rules.burst = burst;
                ring.rules.most_free = mebibytes << 20;
                ring.identities = 10;
                ring
            };
            let rate = rate_that_pays(make);
            println!(
                "{percent:8} %   {burst:5}   {mebibytes:14}   {}",
                text(rate)
            );
            // The closed form: interest on a deposit over what its bytes are worth at the price.
            let worth = f64::from(burst) * mebibytes as f64 * PRICE * f64::from(percent) / 100.0;
            let exact = DEPOSIT * INTEREST / 365.0 / worth * 100.0;
            match rate {
                Some(rate) => {
                    assert!(f64::from(rate) > exact * 0.8 && f64::from(rate) < exact * 1.2 + 1.0)
                }
                None => assert!(exact > 80.0),
            }
        }
    }
}

#[test]
fn a_newcomers_allowance_would_pay_from_the_first_byte() {
    // Nothing scarce stands behind it, which is why it is not paid for.
    let rules = Parameters::default().rules(DAY);
    let newcomer = DayAllowance {
        free: u64::MAX,
        bought: 0,
        backed: false,
        firm: true,
    };
    assert_eq!(cap(&newcomer, &rules), 0);
}
