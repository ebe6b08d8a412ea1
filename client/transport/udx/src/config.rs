//! Every constant of the controller, with its source.

use core::time::Duration;

use crate::amount::PerMille;

/// The constants of UDX. "The page" is the design of the transport (`docs/udx.md` repeats it); "simulated" means
/// that the value is this project's own, chosen on the links of `parlance-link-sim`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Window at the start, in packets: 10, RFC 9002 §7.2.
    pub initial_packets: u32,
    /// The window never falls below so many packets: 2, RFC 9002 §7.2.
    pub minimum_packets: u32,
    /// The window never grows above so many bytes: 256 MiB, 10 Gbit/s over 200 ms. Bounds what a peer that acknowledges what it never
    /// received can make us send.
    pub maximum_window: u64,
    /// Early exit from slow start: K = 0.35, the page. The arrival rate of acknowledgements should double in a
    /// round; falling short of that by more than this share means that the path is about to saturate.
    pub early_exit_shortfall: PerMille,
    /// A queue below this share of the base round trip proves nothing: 1/8, as in HyStart++ (RFC 9406 §4.2).
    pub visible_queue: PerMille,
    /// The queue that the controller allows, as a share of `bw * base_rtt`: 0.35, the page.
    pub allowed_queue: PerMille,
    /// What the allowed queue and the round trip that a window covers grow by on a noisy path, in multiples of the mean deviation of
    /// a round's mean round trip: 2, simulated.
    pub noise_allowance: PerMille,
    /// What that deviation may be in the first rounds of slow start, as a share of the base round trip: 1/4, simulated. RFC 6298 §2.2
    /// begins with 1/2 for single round trips.
    pub first_noise: PerMille,
    /// A rate that grew by no more than this share over a round is the path's maximum: 5 %, the page.
    pub saturated_growth: PerMille,
    /// Rounds without growth after which slow start ends: 2, simulated; one round alone may be noise.
    pub saturated_rounds: u32,
    /// Window and pacing rate while probing, as a multiple of the saturated ones: 1.25, the page.
    pub probe_gain: PerMille,
    /// Rounds between a probe that found nothing and the next: 16, simulated.
    pub probe_pause_rounds: u32,
    /// The same where the probe neither lengthened the queue nor lost a packet, so that only noise can have hidden its effect: 4,
    /// simulated.
    pub short_probe_pause_rounds: u32,
    /// Pacing rate over `wnd / rtt` outside of slow start: 1.25, RFC 9002 §7.7.
    pub pacing_gain: PerMille,
    /// Pacing rate over `wnd / rtt` in slow start: 2, so that a window may double in a round.
    pub start_pacing_gain: PerMille,
    /// Flow check: a rate below `wnd / rtt` by more than this share corrects the window: 20 %, simulated.
    pub flow_shortfall: PerMille,
    /// Rounds in a row in which it must be: 4, simulated; after a change of the window the rate lags by one, and jitter moves
    /// arrivals from one round to the next.
    pub flow_rounds: u32,
    /// Share of the measured flow (`bw * base_rtt`, and what a noisy path needs) that the window falls to when congestion is ahead:
    /// 0.95, simulated. Below one, so that the queue empties and the base round trip can be seen.
    pub drained_share: PerMille,
    /// Cuts without any effect on the queue after which it is taken for somebody else's: 3, simulated.
    pub futile_cuts: u32,
    /// Queue, as a share of the allowed one, below which nobody else is filling it any more: 1/4, simulated.
    pub quiet_queue: PerMille,
    /// How long the base is kept while somebody else fills the queue: 60 s, simulated. After that a longer base may be the path's own.
    pub base_hold: Duration,
    /// How long a base round trip is believed: 10 s, as in BBRv1's and Copa's filters.
    pub base_window: Duration,
    /// The base round trip is looked for when the queue has not been empty for so long: 5 s, as in BBRv3's ProbeRTT.
    pub base_search_interval: Duration,
    /// Share of the window during the search: 0.75, simulated; BBRv3 takes 0.5.
    pub base_search_share: PerMille,
    /// Rounds that the search lasts: 5, simulated; after so many the smoothed round trip has followed by three quarters.
    pub base_search_rounds: u32,
    /// Weight of a round in the smoothed round trip: 1/4, simulated.
    pub smoothing: PerMille,
    /// Weight of a round in the noise: 1/8, RFC 6298 §2.3's order of size.
    pub noise_smoothing: PerMille,
    /// The loss rate is computed every so many acknowledged packets: 100, the page.
    pub loss_block_packets: u32,
    /// Loss above the path's own by no more than this share says nothing: 2 %, BBRv3's loss threshold.
    pub loss_tolerance: PerMille,
    /// What a loss with a queue leaves of the window, the smallest value of the page's `a`: 0.5, RFC 5681 §3.1 (Reno).
    pub loss_share: PerMille,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            initial_packets: 10,
            minimum_packets: 2,
            maximum_window: 256 * 1024 * 1024,
            early_exit_shortfall: PerMille::new(350),
            visible_queue: PerMille::new(125),
            allowed_queue: PerMille::new(350),
            noise_allowance: PerMille::new(2000),
            first_noise: PerMille::new(250),
            saturated_growth: PerMille::new(50),
            saturated_rounds: 2,
            probe_gain: PerMille::new(1250),
            probe_pause_rounds: 16,
            short_probe_pause_rounds: 4,
            pacing_gain: PerMille::new(1250),
            start_pacing_gain: PerMille::new(2000),
            flow_shortfall: PerMille::new(200),
            flow_rounds: 4,
            drained_share: PerMille::new(950),
            futile_cuts: 3,
            quiet_queue: PerMille::new(250),
            base_hold: Duration::from_secs(60),
            base_window: Duration::from_secs(10),
            base_search_interval: Duration::from_secs(5),
            base_search_share: PerMille::new(750),
            base_search_rounds: 5,
            smoothing: PerMille::new(250),
            noise_smoothing: PerMille::new(125),
            loss_block_packets: 100,
            loss_tolerance: PerMille::new(20),
            loss_share: PerMille::new(500),
        }
    }
}
