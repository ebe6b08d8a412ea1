//! What 10,000 made-up identities cost, under the public rules, while people come in as well.
//!
//! Time runs in blocks of two seconds against the chain's own [`Gate`]. A solution that meets
//! difficulty `d` takes `d` tries on average, exponentially distributed. `cargo test --release
//! price -- --nocapture` prints the tables of `docs/decisions/0006-registration.md`.

use parlance_primitives::accounts::Lane;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{Parameters, core::gate::Gate};

/// Seconds in a block, and blocks in a period of the public chains.
const BLOCK: f64 = 2.0;
const PERIOD: u32 = 300;
/// Solutions per second of a server's core with the tree's solver, rounded up in the attacker's
/// favour.
const CORE: f64 = 5.0;
/// The same for a phone's core.
const PHONE: f64 = CORE / 2.0;
/// How long somebody waits for a phone before asking for an invitation instead, in seconds.
const PATIENCE: f64 = 15.0 * 60.0;

/// Who wants made-up identities, and what it can spend.
#[derive(Clone, Copy)]
struct Attacker {
    /// Tries per second.
    rate: f64,
    /// Cores that this takes.
    cores: f64,
    wanted: u32,
    /// At most so many in a period: a patient one keeps the puzzle easy.
    pace: u32,
}

const MACHINE: Attacker = Attacker {
    rate: 16.0 * CORE,
    cores: 16.0,
    wanted: 10_000,
    pace: u32::MAX,
};

/// Somebody with a phone.
#[derive(Clone, Copy)]
struct Newcomer {
    since: f64,
    solved_at: f64,
}

#[derive(Debug, Default)]
struct Outcome {
    blocks: u32,
    fakes: u32,
    tries: f64,
    served: u32,
    invited: u32,
    waits: Vec<f64>,
    hardest: u32,
}

impl Outcome {
    fn hours(&self) -> f64 {
        f64::from(self.blocks) * BLOCK / 3_600.0
    }

    fn core_hours(&self, attacker: &Attacker) -> f64 {
        self.tries / attacker.rate * attacker.cores / 3_600.0
    }

    fn median_wait(&mut self) -> f64 {
        self.waits.sort_by(f64::total_cmp);
        self.waits.get(self.waits.len() / 2).copied().unwrap_or(0.0)
    }
}

fn exponential(rng: &mut StdRng, mean: f64) -> f64 {
    -mean * (1.0 - rng.gen_range(0.0..1.0f64)).ln()
}

/// A chain, its queue of people, and an attacker's pocket of proofs.
struct World {
    rules: Parameters,
    rng: StdRng,
    gate: Gate,
    queue: Vec<Newcomer>,
    next_person: f64,
    /// Proofs that the attacker holds, and when the next will be found.
    ready: u32,
    /// Those that it had registered before this period.
    earlier: u32,
    next_fake: Option<f64>,
    out: Outcome,
}

impl World {
    fn difficulty(&self) -> f64 {
        f64::from(self.rules.difficulty.within(self.gate.difficulty))
    }

    fn has_room(&self, now: u32) -> bool {
        self.gate.check(Lane::Work, now, &self.rules.work).is_ok()
    }

    fn people_come(&mut self, end: f64, per_hour: f64) {
        while self.next_person < end {
            let mean = self.difficulty() / PHONE;
            let takes = exponential(&mut self.rng, mean);
            self.queue.push(Newcomer {
                since: self.next_person,
                solved_at: self.next_person + takes,
            });
            self.next_person += exponential(&mut self.rng, 3_600.0 / per_hour);
        }
    }

    /// Proofs that are not taken in soon are worth nothing: it searches only while there is room.
    fn attacker_searches(&mut self, attacker: &Attacker, end: f64) {
        let pace = attacker.pace.saturating_sub(self.out.fakes - self.earlier);
        let room = self
            .gate
            .left(Lane::Work, &self.rules.work)
            .min(8)
            .min(pace);
        if self.ready >= room {
            self.next_fake = self.next_fake.map(|at| at.max(end));
            return;
        }
        self.out.tries += attacker.rate * BLOCK;
        let mean = self.difficulty() / attacker.rate;
        let mut at = match self.next_fake {
            Some(at) => at,
            None => end - BLOCK + exponential(&mut self.rng, mean),
        };
        while at < end && self.ready < room {
            self.ready += 1;
            at += exponential(&mut self.rng, mean);
        }
        self.next_fake = Some(at);
    }

    /// People and proofs come in random order: the worst for people, whom more work would put first.
    fn block_fills(&mut self, now: u32, end: f64) {
        for person in std::mem::take(&mut self.queue) {
            let waited = end - person.since;
            let solved = person.solved_at <= end;
            let in_time = self.ready == 0 || self.rng.gen_bool(0.5);
            if !solved && waited > PATIENCE {
                self.out.invited += 1;
            } else if solved && in_time && self.has_room(now) {
                self.gate.admit(Lane::Work, now);
                self.out.served += 1;
                self.out.waits.push(waited);
            } else {
                self.queue.push(person);
            }
        }
        while self.ready > 0 && self.has_room(now) {
            self.gate.admit(Lane::Work, now);
            self.ready -= 1;
            self.out.fakes += 1;
        }
    }
}

/// Lets `per_hour` people come until the attacker has what it wants, or for `blocks`.
fn simulate(seed: u64, attacker: Option<Attacker>, per_hour: f64, blocks: u32) -> Outcome {
    let mut world = World {
        rules: Parameters::default(),
        rng: StdRng::seed_from_u64(seed),
        gate: Gate::default(),
        queue: Vec::new(),
        next_person: 0.0,
        ready: 0,
        earlier: 0,
        next_fake: None,
        out: Outcome::default(),
    };
    for now in PERIOD..PERIOD + blocks {
        world.gate.roll(now / PERIOD, &world.rules.difficulty);
        if now % PERIOD == 0 {
            world.earlier = world.out.fakes;
        }
        world.out.hardest = world.out.hardest.max(world.gate.difficulty);
        let end = f64::from(now - PERIOD + 1) * BLOCK;
        world.people_come(end, per_hour);
        if let Some(attacker) = &attacker {
            world.attacker_searches(attacker, end);
        }
        world.block_fills(now, end);
        world.out.blocks += 1;
        if attacker.is_some_and(|attacker| world.out.fakes >= attacker.wanted) {
            break;
        }
    }
    world.out
}

#[test]
fn without_an_attack_people_come_in_within_seconds() {
    for seed in 0..5 {
        let mut calm = simulate(seed, None, 120.0, 20_000);
        assert_eq!(calm.invited, 0);
        assert_eq!(calm.hardest, Parameters::default().difficulty.floor);
        let median = calm.median_wait();
        assert!(median < 20.0, "{median} s");
    }
}

#[test]
fn the_price_of_ten_thousand_identities() {
    println!("cores  tries/s   hours  core-hours  times floor  hardest  people  invited  median");
    for (cores, rate) in [
        (1.0, CORE),
        (16.0, 16.0 * CORE),
        (64.0, 64.0 * CORE),
        (192.0, 1_000.0),
    ] {
        let attacker = Attacker {
            rate,
            cores,
            wanted: 10_000,
            pace: u32::MAX,
        };
        for seed in 0..2 {
            let mut out = simulate(seed, Some(attacker), 120.0, 10_000_000);
            let floor_hours = 10_000.0 * 32.0 / rate * cores / 3_600.0;
            let times = out.core_hours(&attacker) / floor_hours;
            let median = out.median_wait();
            println!(
                "{cores:5} {rate:8.0} {:7.1} {:11.1} {times:12.1} {:8} {:7} {:8} {median:5.0} s",
                out.hours(),
                out.core_hours(&attacker),
                out.hardest,
                out.served + out.invited,
                out.invited,
            );
            assert!(out.fakes >= attacker.wanted);
            // However much hardware: most of it has to come at the target rate.
            assert!(out.hours() >= 24.0, "{} hours", out.hours());
            // Who hurries pays for it, on one core already.
            assert!(times >= 2.0, "{times} times the floor");
            // Nobody is shut out: who is not served is invited.
            assert!(out.served + out.invited > 0);
        }
    }
}

#[test]
fn the_patient_pay_the_floor_and_a_day() {
    let rules = Parameters::default();
    let attacker = Attacker {
        rate: CORE,
        cores: 1.0,
        wanted: 10_000,
        pace: rules.difficulty.target,
    };
    let out = simulate(0, Some(attacker), 0.001, 10_000_000);
    println!(
        "patient: {:.1} h, {:.1} core-hours, hardest {}",
        out.hours(),
        out.core_hours(&attacker),
        out.hardest,
    );
    assert!(out.fakes >= attacker.wanted);
    assert_eq!(out.hardest, rules.difficulty.floor);
    assert!(out.hours() >= 24.0, "{} hours", out.hours());
    assert!(out.core_hours(&attacker) >= 15.0);
}

#[test]
fn one_machine_pays_many_times_the_price_of_an_honest_registration() {
    for seed in 0..3 {
        let out = simulate(seed, Some(MACHINE), 60.0, 10_000_000);
        let each = out.tries / f64::from(out.fakes);
        let floor = f64::from(Parameters::default().difficulty.floor);
        assert!(each >= 10.0 * floor, "{each} tries each");
        assert!(
            out.core_hours(&MACHINE) >= 150.0,
            "{} core-hours",
            out.core_hours(&MACHINE)
        );
        assert!(out.hours() >= 12.0);
    }
}

#[test]
fn two_months_of_attack_leave_a_bounded_state() {
    // A thousand cores that want everything, for 60 days; the standing bound is that of 30 days.
    let rules = Parameters::default();
    let attacker = Attacker {
        rate: 1_000.0 * CORE,
        cores: 1_000.0,
        wanted: u32::MAX,
        pace: u32::MAX,
    };
    let days = |n: u32| n * 43_200;
    let first = simulate(1, Some(attacker), 60.0, days(30));
    let both = simulate(1, Some(attacker), 60.0, days(60));
    let second = both.fakes + both.served - first.fakes - first.served;
    let target = rules.difficulty.target * days(30) / PERIOD;
    for taken in [first.fakes + first.served, second] {
        assert!(
            f64::from(taken) <= 1.1 * f64::from(target) + 5_000.0,
            "{taken} of {target}"
        );
        assert!(taken <= rules.work.standing);
    }
}
