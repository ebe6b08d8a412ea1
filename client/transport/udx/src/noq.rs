//! UDX behind the QUIC library's trait.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! let mut transport = noq_proto::TransportConfig::default();
//! transport.congestion_controller_factory(Arc::new(parlance_udx::noq::Udx::default()));
//! ```

use std::{any::Any, sync::Arc, time::Instant};

use noq_proto::{
    RttEstimator,
    congestion::{Controller as QuicController, ControllerFactory, ControllerMetrics},
};

use crate::{Acked, Config, Controller, LossEvent, LossKind, Moment};

/// CUBIC (RFC 9438) of the QUIC library, to compare with and to fall back to.
pub use noq_proto::congestion::CubicConfig as Cubic;

/// Makes a controller for each path.
#[derive(Debug, Clone, Default)]
pub struct Udx {
    config: Config,
}

impl Udx {
    /// With constants other than the default ones.
    pub fn with(config: Config) -> Self {
        Self { config }
    }
}

impl ControllerFactory for Udx {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn QuicController> {
        let start = Moment::default();
        Box::new(UdxController {
            core: Controller::new(self.config.clone(), current_mtu, start),
            start: now,
        })
    }
}

/// The controller of one path.
#[derive(Debug, Clone)]
pub struct UdxController {
    core: Controller,
    start: Instant,
}

impl UdxController {
    /// The controller itself, to be looked at.
    pub fn core(&self) -> &Controller {
        &self.core
    }

    fn moment(&self, at: Instant) -> Moment {
        Moment::after_start(at.saturating_duration_since(self.start))
    }
}

impl QuicController for UdxController {
    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        _pn: u64,
        app_limited: bool,
        _rtt: &RttEstimator,
    ) {
        let acked = Acked {
            now: self.moment(now),
            sent: self.moment(sent),
            bytes,
            app_limited,
        };
        self.core.on_acked(acked);
    }

    fn on_end_acks(
        &mut self,
        now: Instant,
        _in_flight: u64,
        _app_limited: bool,
        _largest_packet_num_acked: Option<u64>,
    ) {
        self.core.on_acks_done(self.moment(now));
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent_congestion: bool,
        is_ecn: bool,
        _lost_bytes: u64,
        _largest_lost_pn: u64,
    ) {
        let kind = match (is_persistent_congestion, is_ecn) {
            (true, _) => LossKind::Persistent,
            (false, true) => LossKind::Marked,
            (false, false) => LossKind::Lost,
        };
        let event = LossEvent {
            now: self.moment(now),
            sent: self.moment(sent),
            kind,
        };
        self.core.on_loss_event(event);
    }

    fn on_packet_lost(&mut self, _lost_bytes: u16, _pn: u64, _now: Instant) {
        self.core.on_lost();
    }

    fn on_spurious_congestion_event(&mut self) {
        self.core.on_spurious_loss();
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.core.on_packet_size(new_mtu);
    }

    fn window(&self) -> u64 {
        self.core.window()
    }

    fn metrics(&self) -> ControllerMetrics {
        let mut metrics = ControllerMetrics::default();
        metrics.congestion_window = self.core.window();
        metrics.ssthresh = self.core.slow_start_threshold();
        metrics.pacing_rate = self.core.pacing_rate().map(|rate| rate.bytes_per_second());
        metrics
    }

    fn clone_box(&self) -> Box<dyn QuicController> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        self.core.initial_window()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
