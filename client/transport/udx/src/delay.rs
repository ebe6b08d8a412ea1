//! Round trips: what they would be without a queue, how noisy they are, and how long the queue is.
//!
//! The lowest round trip ever seen is no measure on a path with jitter: it is the luck of one packet, and every
//! other packet then seems to wait. So the base is the lowest *smoothed* round trip of the last ten seconds, each round's
//! mean counting as one value, and what the means stray by is allowed for.
//!
//! What they stray by is needed, too: where acknowledgements come in heaps, a window of `bw * base` has run dry before the next
//! heap comes, and the link stands idle.

use core::time::Duration;

use crate::{
    PerMille,
    amount::{Moment, nanoseconds},
    config::Config,
};

/// The base is kept for so many parts of its window, so that memory is bounded.
const PARTS: usize = 10;

/// Rounds whose mean is the first base: the round trip of a handshake alone is one packet's luck.
const FIRST_ROUNDS: u32 = 4;

/// Deviations between rounds of slow start after which noise is known; before that it may be as large as it likes.
const FIRST_DEVIATIONS: u32 = 2;

/// What the controller did to the queue in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// Nothing: what the round trip strays by is noise.
    Steady,
    /// The window doubles: what the round trip strays by is noise, unless a queue begins.
    Starting,
    /// It raised the queue or let it drain.
    Moved,
}

/// What is known of the path's delay.
#[derive(Debug, Clone)]
pub(crate) struct Delay {
    rounds: u32,
    smoothed: Option<Duration>,
    /// Mean round trip of the last round.
    last: Option<Duration>,
    noise: Duration,
    /// What the controller did in the last round.
    course: Course,
    /// The last deviation between rounds of slow start, until the next round shows that no queue began with it.
    unproven: Option<Duration>,
    /// Deviations that slow start has shown.
    deviations: u32,
    /// Lowest smoothed round trip of each part of the window, and the number of the newest part.
    parts: [Option<Duration>; PARTS],
    newest: u128,
    /// When the smoothed round trip was last at its base.
    at_base: Moment,
}

impl Delay {
    pub(crate) fn new(now: Moment) -> Self {
        Self {
            rounds: 0,
            smoothed: None,
            last: None,
            noise: Duration::ZERO,
            course: Course::Moved,
            unproven: None,
            deviations: 0,
            parts: [None; PARTS],
            newest: 0,
            at_base: now,
        }
    }

    /// Takes in the mean round trip of a round.
    pub(crate) fn on_round(
        &mut self,
        now: Moment,
        mean: Duration,
        course: Course,
        config: &Config,
    ) {
        self.take_in_noise(mean, course, config);
        self.rounds = self.rounds.saturating_add(1);
        // A mean of the first rounds, then one in which a round has a fixed weight.
        let weight = PerMille::new(1000 / self.rounds).max(config.smoothing);
        let smoothed = match self.smoothed {
            None => mean,
            Some(before) => toward(before, mean, weight),
        };
        self.smoothed = Some(smoothed);
        if self.rounds >= FIRST_ROUNDS {
            self.keep(now, smoothed, config);
        }
        let base = self.base().unwrap_or(smoothed);
        if smoothed <= base + base / 16 {
            self.at_base = now;
        }
    }

    /// Between two rounds in which the controller itself does not move the queue the mean strays by noise.
    fn take_in_noise(&mut self, mean: Duration, course: Course, config: &Config) {
        let most = self.base().unwrap_or(mean) / 2;
        let is_same = course == self.course;
        // A deviation beyond half the base is a change of the path.
        let deviation = self
            .last
            .filter(|_| is_same)
            .map(|last| mean.abs_diff(last).min(most));
        self.course = course;
        let unproven = self.unproven.take();
        match course {
            Course::Steady => {
                if let Some(deviation) = deviation {
                    self.noise = toward(self.noise, deviation, config.noise_smoothing);
                }
            }
            Course::Starting => {
                // That slow start goes on shows that the deviation before this one was no queue.
                if let Some(proven) = unproven.filter(|_| is_same) {
                    self.deviations = self.deviations.saturating_add(1);
                    let weight = PerMille::new(1000 / self.deviations).max(config.noise_smoothing);
                    self.noise = toward(self.noise, proven, weight);
                }
                self.unproven = deviation;
            }
            Course::Moved => {}
        }
    }

    /// The queue was let drain: what was smoothed before says nothing about the round trips to come.
    pub(crate) fn smooth_anew(&mut self) {
        self.rounds = 0;
    }

    /// The mean round trip of the last round; to be told after the round was judged.
    pub(crate) fn round_judged(&mut self, mean: Duration) {
        self.last = Some(mean);
    }

    /// What two rounds in a row have at least: a queue that stands, not one that comes and goes.
    pub(crate) fn standing(&self, mean: Duration) -> Duration {
        self.last.map_or(mean, |last| last.min(mean))
    }

    /// What two rounds in a row have in the middle.
    pub(crate) fn middle(&self, mean: Duration) -> Duration {
        self.last.map_or(mean, |last| last / 2 + mean / 2)
    }

    /// Keeps the base although its window passes: while somebody else fills the queue there is no better one.
    pub(crate) fn hold_base(&mut self, now: Moment, config: &Config) {
        if let Some(base) = self.base() {
            self.keep(now, base, config);
        }
    }

    fn keep(&mut self, now: Moment, smoothed: Duration, config: &Config) {
        let part = now.periods(config.base_window / PARTS as u32);
        let passed = part.saturating_sub(self.newest);
        for step in 1..=passed.min(PARTS as u128) {
            self.parts[slot(self.newest + step)] = None;
        }
        if passed >= PARTS as u128 {
            self.parts = [None; PARTS];
        }
        self.newest = self.newest.max(part);
        let lowest = &mut self.parts[slot(self.newest)];
        *lowest = Some(lowest.map_or(smoothed, |lowest| lowest.min(smoothed)));
    }

    /// The round trip without a queue; in the first rounds, whose luck must not stay, what is known so far.
    pub(crate) fn base(&self) -> Option<Duration> {
        self.parts.iter().flatten().min().copied().or(self.smoothed)
    }

    /// What a round's mean strays by.
    pub(crate) fn noise(&self) -> Duration {
        self.noise
    }

    /// The same in slow start, in whose first rounds nothing is known of it.
    pub(crate) fn noise_at_start(&self, config: &Config) -> Duration {
        if self.deviations >= FIRST_DEVIATIONS {
            return self.noise;
        }
        let first = config.first_noise.of_time(self.base().unwrap_or_default());
        self.noise.max(first)
    }

    pub(crate) fn smoothed(&self) -> Option<Duration> {
        self.smoothed
    }

    /// Time that a packet with this round trip waited in a queue.
    pub(crate) fn queue(&self, rtt: Duration) -> Duration {
        rtt.saturating_sub(self.base().unwrap_or(rtt))
    }

    /// Time that packets may wait: the page's `diff < 0.35 * bw * min_rtt`, divided by `bw`, and the noise.
    pub(crate) fn allowed(&self, config: &Config) -> Duration {
        self.allowed_beside(self.noise, config)
    }

    /// The same in slow start.
    pub(crate) fn allowed_at_start(&self, config: &Config) -> Duration {
        self.allowed_beside(self.noise_at_start(config), config)
    }

    fn allowed_beside(&self, noise: Duration, config: &Config) -> Duration {
        let base = self.base().unwrap_or_default();
        config.allowed_queue.of_time(base) + config.noise_allowance.of_time(noise).min(base)
    }

    /// The round trip that a window has to cover: without a queue, but with what the path strays by. Always below base and
    /// allowed queue together, so that a window for it drains a queue that is too long.
    pub(crate) fn needed(&self, config: &Config) -> Option<Duration> {
        let base = self.base()?;
        Some(base + config.noise_allowance.of_time(self.noise).min(base))
    }

    /// How long the queue has not been empty.
    pub(crate) fn since_base(&self, now: Moment) -> Duration {
        now.since(self.at_base)
    }

    /// The base has been looked for: no second search until the interval has passed.
    pub(crate) fn searched(&mut self, now: Moment) {
        self.at_base = now;
    }
}

fn slot(part: u128) -> usize {
    (part % PARTS as u128) as usize
}

/// A step from one time toward another by a share of their distance.
fn toward(from: Duration, to: Duration, share: PerMille) -> Duration {
    let step = share.of_time(from.abs_diff(to));
    if to >= from {
        nanoseconds(from.as_nanos().saturating_add(step.as_nanos()))
    } else {
        from.saturating_sub(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND: Duration = Duration::from_millis(40);

    fn at(rounds: u32) -> Moment {
        Moment::after_start(ROUND * rounds)
    }

    /// Round trips in milliseconds, one a round.
    fn after(means: impl Iterator<Item = u64>) -> (Delay, u32) {
        in_course(Course::Steady, means)
    }

    fn in_course(course: Course, means: impl Iterator<Item = u64>) -> (Delay, u32) {
        let config = Config::default();
        let mut delay = Delay::new(at(0));
        let mut rounds = 0;
        for mean in means {
            rounds += 1;
            let mean = Duration::from_millis(mean);
            delay.on_round(at(rounds), mean, course, &config);
            delay.round_judged(mean);
        }
        (delay, rounds)
    }

    fn milliseconds(time: Duration) -> u64 {
        time.as_millis() as u64
    }

    #[test]
    fn a_steady_path_has_no_noise_and_allows_its_share() {
        let (delay, _) = after([40; 20].into_iter());
        assert_eq!(delay.base(), Some(ROUND));
        assert_eq!(delay.allowed(&Config::default()), ROUND * 35 / 100);
        assert_eq!(
            delay.queue(Duration::from_millis(50)),
            Duration::from_millis(10)
        );
        assert_eq!(delay.queue(Duration::from_millis(30)), Duration::ZERO);
    }

    #[test]
    fn jitter_is_no_queue() {
        // 20 to 60 ms in turn: the lowest round trip is 20, the middle 40.
        let jitter = [20, 60, 40, 30, 50, 60, 20, 40].into_iter().cycle();
        let (delay, _) = after(jitter.take(200));
        let base = milliseconds(delay.base().expect("there were rounds"));
        assert!((30..=40).contains(&base), "base of {base} ms");
        let allowed = milliseconds(delay.allowed(&Config::default()));
        assert!((20..=50).contains(&allowed), "allowed {allowed} ms");
    }

    #[test]
    fn a_window_covers_what_the_path_strays_by() {
        let config = Config::default();
        let (quiet, _) = after([40; 20].into_iter());
        assert_eq!(quiet.needed(&config), Some(ROUND));

        let (noisy, _) = after([30, 50, 40, 30, 50, 40].into_iter().cycle().take(60));
        let base = noisy.base().expect("there were rounds");
        let needed = noisy.needed(&config).expect("there were rounds");
        assert!(needed > base + base / 4, "{needed:?} beside {base:?}");
        assert!(needed < base + noisy.allowed(&config));
    }

    #[test]
    fn slow_start_takes_a_deviation_for_noise_when_the_next_round_has_come() {
        let config = Config::default();
        let (delay, _) = in_course(Course::Starting, [40, 40, 40, 60].into_iter());
        assert_eq!(delay.noise(), Duration::ZERO);
        let (delay, _) = in_course(Course::Starting, [40, 40, 40, 60, 40].into_iter());
        assert!(delay.noise() >= Duration::from_millis(5), "{delay:?}");

        // Of the first rounds nothing is known.
        let (delay, _) = in_course(Course::Starting, [40, 40].into_iter());
        assert_eq!(
            delay.noise_at_start(&config),
            config.first_noise.of_time(ROUND)
        );
        assert!(delay.allowed_at_start(&config) > delay.allowed(&config));
        let (delay, _) = in_course(Course::Starting, [40; 4].into_iter());
        assert_eq!(delay.noise_at_start(&config), Duration::ZERO);

        // The round that ended slow start is one with a queue.
        let (mut delay, rounds) = in_course(Course::Starting, [40, 40, 40, 60].into_iter());
        delay.on_round(at(rounds + 1), ROUND, Course::Moved, &config);
        assert_eq!(delay.noise(), Duration::ZERO);
    }

    #[test]
    fn the_base_is_forgotten_after_its_window_unless_it_is_held() {
        let path = || [40; 10].into_iter().chain([80; 300]);
        let (delay, rounds) = after(path());
        assert_eq!(delay.base().map(milliseconds), Some(79));
        assert!(delay.since_base(at(rounds)) < Duration::from_secs(10));

        let config = Config::default();
        let (mut delay, _) = after(path().take(20));
        for round in 21..400 {
            delay.hold_base(at(round), &config);
            delay.on_round(at(round), ROUND * 2, Course::Steady, &config);
        }
        assert_eq!(delay.base(), Some(ROUND));
        assert!(delay.since_base(at(400)) > Duration::from_secs(10));
    }

    #[test]
    fn a_queue_stands_when_two_rounds_have_it() {
        let (delay, _) = after([40, 40].into_iter());
        assert_eq!(milliseconds(delay.standing(Duration::from_millis(90))), 40);
        assert_eq!(milliseconds(delay.middle(Duration::from_millis(90))), 65);
        let (delay, _) = after([40, 90].into_iter());
        assert_eq!(milliseconds(delay.standing(Duration::from_millis(80))), 80);
    }
}
