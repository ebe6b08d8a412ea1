//! The links of the design's table, what must hold on them, and some more links that show the limits.

use std::time::Duration;

use serde::Serialize;

use crate::{
    SimulationError,
    contender::Contender,
    link::{Jitter, Link, Loss},
    measure::{Figures, Span, drained_after},
    peer::Thresholds,
    simulation::{Flow, Setup, run},
    trace::Trace,
};

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A row of the table: a link, flows and what is asked of them.
#[derive(Debug, Clone)]
pub struct Row {
    /// Short name.
    pub name: &'static str,
    /// The link in words.
    pub title: &'static str,
    /// The link.
    pub link: Link,
    /// Who shares it.
    pub flows: Flows,
    /// How soon the library takes a packet for lost.
    pub thresholds: Thresholds,
    /// What is measured.
    pub span: Span,
    /// What is shown.
    pub shown: &'static [Figure],
    /// What must hold for UDX; empty for a link that the page does not name.
    pub demands: &'static [Demand],
}

/// Who shares a link.
#[derive(Debug, Clone, Copy)]
pub enum Flows {
    /// One flow of the contender.
    One,
    /// Two of the contender, the second of which begins later.
    Two,
    /// One of the contender and, beginning with it, one of CUBIC.
    BesideCubic,
}

/// A figure of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Figure {
    /// All flows' share of the link.
    Share,
    /// The smallest flow's share of the link.
    WorstShare,
    /// 95th percentile of the queue in bandwidth-delay products.
    QueueP95,
    /// Jain's index.
    Jain,
    /// Seconds from the drop of the rate until the queue, grown beyond half a bandwidth-delay product of the new rate, was down to a
    /// tenth of one.
    Drained,
}

/// What must hold.
#[derive(Debug, Clone, Copy)]
pub enum Demand {
    /// In every run at least so much.
    AtLeast(Figure, f64),
    /// In every run at most so much.
    AtMost(Figure, f64),
    /// In the median at least so many times what another shows.
    Times(Figure, f64, Contender),
}

/// One run's figures.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The run's seed.
    pub seed: u64,
    /// What was measured.
    pub figures: Figures,
    /// Seconds until the queue was drained, where the rate dropped.
    pub drained: Option<f64>,
}

impl Outcome {
    /// One figure's value.
    pub fn value(&self, figure: Figure) -> f64 {
        match figure {
            Figure::Share => self.figures.share(),
            Figure::WorstShare => self.figures.shares.iter().copied().fold(f64::MAX, f64::min),
            Figure::QueueP95 => self.figures.queue_p95,
            Figure::Jain => self.figures.jain(),
            Figure::Drained => self.drained.unwrap_or(0.0),
        }
    }
}

/// When the second of two flows begins.
const SECOND_STARTS: Duration = seconds(2);
/// When the rate drops.
const DROP_AT: Duration = seconds(10);
/// How long the queue is watched afterwards; one that never drains counts so much.
const DROP_WATCHED: Duration = seconds(10);

/// All rows: the page's, in its order, then the others.
pub fn rows() -> Vec<Row> {
    use Demand::{AtLeast, AtMost, Times};
    use Figure::{Drained, Jain, QueueP95, Share, WorstShare};
    let usual = Link::plain(50_000_000, milliseconds(40));
    let jitter = |jitter| Link {
        jitter: Some(jitter),
        ..usual.clone()
    };
    let spread = milliseconds(20);
    vec![
        Row {
            name: "clean",
            title: "50 Mbit/s, 40 ms, no loss",
            shown: &[Share, QueueP95],
            demands: &[AtLeast(Share, 0.95), AtMost(QueueP95, 0.5)],
            ..Row::on(usual.clone())
        },
        Row {
            name: "loss-1",
            title: "50 Mbit/s, 100 ms, 1 % random loss",
            shown: &[Share, QueueP95],
            demands: &[
                AtLeast(Share, 0.85),
                Times(Share, 3.0, Contender::Cubic),
                Times(Share, 1.0, Contender::Bbr),
            ],
            ..Row::on(lossy(50_000_000, 100, 10_000))
        },
        Row {
            name: "loss-5",
            title: "20 Mbit/s, 200 ms, 5 % random loss",
            shown: &[Share, QueueP95],
            demands: &[AtLeast(Share, 0.70)],
            ..Row::on(lossy(20_000_000, 200, 50_000))
        },
        Row {
            name: "drop",
            title: "40 ms, rate drops 50 -> 10 Mbit/s at t = 10 s",
            shown: &[Drained, QueueP95, Share],
            demands: &[AtMost(Drained, 2.0)],
            span: Span {
                from: seconds(12),
                to: seconds(20),
            },
            ..Row::on(stepped(&[50_000_000, 10_000_000]))
        },
        Row {
            name: "two",
            title: "50 Mbit/s, 40 ms, 2 flows of one kind, the second from t = 2 s",
            flows: Flows::Two,
            shown: &[Jain, Share],
            demands: &[AtLeast(Jain, 0.95)],
            span: Span {
                from: seconds(12),
                to: seconds(30),
            },
            ..Row::on(usual.clone())
        },
        Row {
            name: "cubic",
            title: "50 Mbit/s, 40 ms, 1 flow beside 1 CUBIC flow",
            flows: Flows::BesideCubic,
            shown: &[WorstShare, Share],
            demands: &[AtLeast(WorstShare, 0.25)],
            span: Span {
                from: Duration::ZERO,
                to: seconds(40),
            },
            ..Row::on(usual.clone())
        },
        Row {
            name: "jitter",
            title: "50 Mbit/s, 40 ms, jitter +-20 ms anew every 20 ms, order kept",
            shown: &[Share, QueueP95],
            demands: &[AtLeast(Share, 0.80)],
            ..Row::on(jitter(Jitter::InOrder {
                spread,
                every: milliseconds(20),
            }))
        },
        Row {
            name: "reorder",
            title: "20 Mbit/s, 40 ms, jitter +-20 ms of each packet, order lost, loss after 200 packets or 3 round trips",
            shown: &[Share, QueueP95],
            demands: &[AtLeast(Share, 0.80)],
            thresholds: Thresholds::REORDERING,
            ..Row::on(Link {
                jitter: Some(Jitter::EachPacket { spread }),
                ..Link::plain(20_000_000, milliseconds(40))
            })
        },
        Row {
            name: "reorder-50",
            title: "the same at 50 Mbit/s",
            shown: &[Share, QueueP95],
            thresholds: Thresholds::REORDERING,
            ..Row::on(jitter(Jitter::EachPacket { spread }))
        },
        Row {
            name: "reorder-3",
            title: "the same at 50 Mbit/s, loss after 3 packets or 9/8 round trips as in all other rows",
            shown: &[Share, QueueP95],
            ..Row::on(jitter(Jitter::EachPacket { spread }))
        },
        Row {
            name: "jitter-slow",
            title: "50 Mbit/s, 40 ms, jitter +-20 ms anew every 100 ms, order kept",
            shown: &[Share, QueueP95],
            ..Row::on(jitter(Jitter::InOrder {
                spread,
                every: milliseconds(100),
            }))
        },
        Row {
            name: "bursts",
            title: "50 Mbit/s, 100 ms, 1 % loss in bursts of 20 packets",
            shown: &[Share, QueueP95],
            ..Row::on(Link {
                loss: Loss::Bursts {
                    per_million: 500,
                    mean_packets: 20,
                },
                ..Link::plain(50_000_000, milliseconds(100))
            })
        },
        Row {
            name: "short",
            title: "50 Mbit/s, 40 ms, queue of 0.1 BDP",
            shown: &[Share, QueueP95],
            ..Row::on(Link {
                queue: usual.queue / 10,
                ..usual.clone()
            })
        },
        Row {
            name: "rise",
            title: "40 ms, rate rises 10 -> 50 Mbit/s at t = 10 s",
            shown: &[Share, QueueP95],
            span: Span {
                from: DROP_AT,
                to: seconds(20),
            },
            ..Row::on(Link {
                queue: usual.queue,
                ..stepped(&[10_000_000, 50_000_000])
            })
        },
    ]
}

fn lossy(bits_per_second: u64, round_trip: u64, per_million: u32) -> Link {
    Link {
        loss: Loss::Random { per_million },
        ..Link::plain(bits_per_second, milliseconds(round_trip))
    }
}

fn stepped(rates: &[u64]) -> Link {
    let mut link = Link::plain(rates[0], milliseconds(40));
    link.rates = rates
        .iter()
        .zip(0..)
        .map(|(rate, step)| (DROP_AT * step, *rate))
        .collect();
    link
}

impl Row {
    /// One flow for half a minute, measured from the first packet of its handshake on.
    fn on(link: Link) -> Self {
        Self {
            name: "",
            title: "",
            link,
            flows: Flows::One,
            thresholds: Thresholds::STANDARD,
            span: Span {
                from: Duration::ZERO,
                to: seconds(30),
            },
            shown: &[],
            demands: &[],
        }
    }

    /// The row of a name.
    pub fn named(name: &str) -> Option<Self> {
        rows().into_iter().find(|row| row.name == name)
    }

    /// The setup for one of the contenders.
    pub fn setup(&self, contender: Contender, seed: u64) -> Setup {
        let flow = |contender, starts| Flow { contender, starts };
        let mut flows = vec![flow(contender, Duration::ZERO)];
        match self.flows {
            Flows::One => {}
            Flows::Two => flows.push(flow(contender, SECOND_STARTS)),
            Flows::BesideCubic => flows.push(flow(Contender::Cubic, Duration::ZERO)),
        }
        Setup {
            link: self.link.clone(),
            flows,
            lasts: self.span.to,
            thresholds: self.thresholds,
            seed,
        }
    }

    /// Runs it once.
    pub fn run(
        &self,
        contender: Contender,
        seed: u64,
    ) -> Result<(Outcome, Trace), SimulationError> {
        let trace = run(&self.setup(contender, seed))?;
        let drops = self.shown.contains(&Figure::Drained);
        let drained = drops.then(|| {
            let product = self.link.bandwidth_delay(DROP_AT);
            let after = drained_after(&trace, DROP_AT, DROP_WATCHED, product / 2, product / 10);
            after.unwrap_or(DROP_WATCHED).as_secs_f64()
        });
        let outcome = Outcome {
            seed,
            figures: Figures::of(&trace, &self.link, self.span),
            drained,
        };
        Ok((outcome, trace))
    }
}

impl Figure {
    /// What it is called in a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Share => "of the link",
            Self::WorstShare => "the smaller flow's share of the link",
            Self::QueueP95 => "queue p95",
            Self::Jain => "Jain index",
            Self::Drained => "queue drained after",
        }
    }

    /// Its unit.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Share | Self::WorstShare => "%",
            Self::QueueP95 => "BDP",
            Self::Jain => "",
            Self::Drained => "s",
        }
    }

    /// Whether more is better.
    pub fn more_is_better(self) -> bool {
        !matches!(self, Self::QueueP95 | Self::Drained)
    }

    /// The value in the figure's unit, with the digits that it carries.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Share | Self::WorstShare => format!("{:.1}", value * 100.0),
            Self::QueueP95 | Self::Drained => format!("{value:.2}"),
            Self::Jain => format!("{value:.3}"),
        }
    }
}

impl Demand {
    /// The figure that it is about.
    pub fn figure(&self) -> Figure {
        match self {
            Self::AtLeast(figure, _) | Self::AtMost(figure, _) | Self::Times(figure, ..) => *figure,
        }
    }

    /// Whom it compares with.
    pub fn other(&self) -> Option<Contender> {
        match self {
            Self::Times(_, _, other) => Some(*other),
            Self::AtLeast(..) | Self::AtMost(..) => None,
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        let figure = self.figure();
        let bound = |bound| format!("{} {}", figure.show(bound), figure.unit());
        match self {
            Self::AtLeast(_, least) => format!("{} >= {}", figure.name(), bound(*least).trim()),
            Self::AtMost(_, most) => format!("{} <= {}", figure.name(), bound(*most).trim()),
            Self::Times(_, times, other) => format!("{} >= {times} x {other}", figure.name()),
        }
    }

    /// Whether it holds for these runs, given another contender's on the same row.
    pub fn holds<'a>(&self, ours: &[Outcome], others: impl Fn(Contender) -> &'a [Outcome]) -> bool {
        match self {
            Self::AtLeast(figure, least) => ours.iter().all(|run| run.value(*figure) >= *least),
            Self::AtMost(figure, most) => ours.iter().all(|run| run.value(*figure) <= *most),
            Self::Times(figure, times, other) => {
                median(ours, *figure) >= times * median(others(*other), *figure)
            }
        }
    }
}

/// The runs' median of a figure.
pub fn median(runs: &[Outcome], figure: Figure) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(|run| run.value(figure)).collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        count if count.is_multiple_of(2) => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}
