//! The relay's figures among those of the node.
//!
//! The relay writes them as Prometheus reads them, and the node's registry wants them as they are before that: they are read back here, so that there
//! is one list of them.

use super::pay::till::Till;
use parking_lot::Mutex;
use parlance_relay::figures::Figures;
use prometheus_endpoint::{
    PrometheusError, Registry,
    prometheus::{
        core::{Collector, Desc},
        proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType},
    },
};
use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Arc, atomic::Ordering},
};

/// What is counted outside of the relay.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pay {
    /// Tickets and receipts that the worker took.
    pub handed: u64,
    /// Those that it did not take, or that found no room.
    pub lost: u64,
    /// Those that wait for it.
    pub waiting: u64,
    /// Accounts whose tickets are counted in the running period.
    pub senders: u64,
}

impl Pay {
    /// What a till says.
    pub fn of(till: &Till, senders: usize) -> Self {
        Self {
            handed: till.handed.load(Ordering::Relaxed),
            lost: till.lost.load(Ordering::Relaxed),
            waiting: u64::try_from(till.waiting()).unwrap_or(u64::MAX),
            senders: u64::try_from(senders).unwrap_or(u64::MAX),
        }
    }

    fn text(&self, out: &mut String) {
        let all = [
            (
                "proofs_handed",
                "counter",
                "Tickets and receipts that the worker of claims took.",
                self.handed,
            ),
            (
                "proofs_lost",
                "counter",
                "Tickets and receipts that the worker did not take, or that found no room.",
                self.lost,
            ),
            (
                "proofs_waiting",
                "gauge",
                "Tickets and receipts that wait for the worker.",
                self.waiting,
            ),
            (
                "paying_senders",
                "gauge",
                "Accounts whose tickets are counted in the running period.",
                self.senders,
            ),
        ];
        for (name, kind, text, value) in all {
            let name = format!("parlance_relay_{name}");
            // Writing into a string does not fail.
            let _ = writeln!(
                out,
                "# HELP {name} {text}\n# TYPE {name} {kind}\n{name} {value}"
            );
        }
    }
}

type Source = Box<dyn Fn() -> Pay + Send + Sync>;
type Shown = (Arc<Figures>, Source);

/// Where the node's registry finds the figures of the relay that runs, if one does.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<Option<Shown>>>);

impl Board {
    /// A board that the registry reads.
    ///
    /// # Errors
    /// When the registry has one already.
    pub fn registered(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
        let board = Self::default();
        if let Some(registry) = registry {
            let mut text = Figures::default().text();
            Pay::default().text(&mut text);
            let families = families(&text);
            let descriptions: Result<Vec<_>, _> = families.iter().map(describe).collect();
            registry.register(Box::new(Reader {
                board: board.clone(),
                descriptions: descriptions?,
            }))?;
        }
        Ok(board)
    }

    /// A relay runs.
    pub fn show(&self, figures: Arc<Figures>, pay: Source) {
        *self.0.lock() = Some((figures, pay));
    }

    /// None does.
    pub fn clear(&self) {
        *self.0.lock() = None;
    }

    fn text(&self) -> String {
        let shown = self.0.lock();
        let Some((figures, pay)) = shown.as_ref() else {
            return String::new();
        };
        let mut text = figures.text();
        pay().text(&mut text);
        text
    }
}

struct Reader {
    board: Board,
    descriptions: Vec<Desc>,
}

impl Collector for Reader {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let families = families(&self.board.text());
        families.into_iter().map(Family::into_metrics).collect()
    }
}

/// One figure in all its variants.
#[derive(Clone, Debug, Default, PartialEq)]
struct Family {
    name: String,
    text: String,
    is_counter: bool,
    /// Label and value of it, and the figure.
    values: Vec<(Option<(String, String)>, f64)>,
}

/// Reads the text format, as far as the relay writes it.
fn families(text: &str) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
            families.push(Family {
                name: name.into(),
                text: text.into(),
                ..Family::default()
            });
        } else if let Some(family) = families.last_mut() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                family.is_counter = rest.ends_with(" counter");
            } else if let Some((name, value)) = line.rsplit_once(' ')
                && let Ok(value) = value.parse()
            {
                family.values.push((label_in(name), value));
            }
        }
    }
    families
}

fn label_in(name: &str) -> Option<(String, String)> {
    let (_, labels) = name.strip_suffix('}')?.split_once('{')?;
    let (label, value) = labels.split_once('=')?;
    Some((label.into(), value.trim_matches('"').into()))
}

fn describe(family: &Family) -> Result<Desc, PrometheusError> {
    Desc::new(
        family.name.clone(),
        family.text.clone(),
        Vec::new(),
        HashMap::new(),
    )
}

impl Family {
    fn into_metrics(self) -> MetricFamily {
        let is_counter = self.is_counter;
        let metrics: Vec<Metric> = self
            .values
            .into_iter()
            .map(|(label, value)| {
                let mut metric = Metric::default();
                if is_counter {
                    let mut counter = Counter::default();
                    counter.set_value(value);
                    metric.set_counter(counter);
                } else {
                    let mut gauge = Gauge::default();
                    gauge.set_value(value);
                    metric.set_gauge(gauge);
                }
                let labels = label.into_iter().map(|(name, value)| {
                    let mut pair = LabelPair::default();
                    pair.set_name(name);
                    pair.set_value(value);
                    pair
                });
                metric.set_label(labels.collect::<Vec<_>>());
                metric
            })
            .collect();
        let mut family = MetricFamily::default();
        family.set_name(self.name);
        family.set_help(self.text);
        family.set_field_type(match is_counter {
            true => MetricType::COUNTER,
            false => MetricType::GAUGE,
        });
        family.set_metric(metrics);
        family
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_relay::figures::count;
    use prometheus_endpoint::prometheus::{Encoder, TextEncoder};

    fn shown(registry: &Registry) -> String {
        let mut out = Vec::new();
        TextEncoder::new()
            .encode(&registry.gather(), &mut out)
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_registry_shows_what_the_relay_counts() {
        let registry = Registry::new();
        let board = Board::registered(Some(&registry)).unwrap();
        assert_eq!(shown(&registry), "", "no relay runs");
        let figures = Arc::new(Figures::default());
        count(&figures.receipts);
        let pay = Pay {
            handed: 7,
            ..Pay::default()
        };
        board.show(figures, Box::new(move || pay));
        let text = shown(&registry);
        assert!(
            text.contains("# TYPE parlance_relay_receipts counter\n"),
            "{text}"
        );
        assert!(text.contains("\nparlance_relay_receipts 1\n"), "{text}");
        assert!(
            text.contains("\nparlance_relay_proofs_handed 7\n"),
            "{text}"
        );
        assert!(
            text.contains("# TYPE parlance_relay_connections gauge\n"),
            "{text}"
        );
        board.clear();
        assert_eq!(shown(&registry), "");
    }

    /// What the dashboard of the test network shows of relays is counted under these names.
    #[test]
    fn the_dashboard_asks_for_figures_that_there_are() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docker/grafana/dashboards");
        let dashboard = std::fs::read_to_string(format!("{folder}/parlance.json")).unwrap();
        let mut text = Figures::default().text();
        Pay::default().text(&mut text);
        let words = dashboard.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let asked: Vec<_> = words
            .filter(|word| word.starts_with("parlance_relay_"))
            .collect();
        assert!(asked.len() > 9, "{asked:?}");
        for name in asked {
            let kind = format!("# TYPE {name} ");
            assert!(text.contains(&kind), "{name} is not counted");
        }
    }

    #[test]
    fn labels_are_read() {
        let text = "# HELP a_b What it is.\n# TYPE a_b counter\na_b{reason=\"NoRoom\"} 3\na_b{reason=\"TooFast\"} 4\n";
        let label = |value: &str| Some(("reason".to_owned(), value.to_owned()));
        let expected = Family {
            name: "a_b".into(),
            text: "What it is.".into(),
            is_counter: true,
            values: vec![(label("NoRoom"), 3.0), (label("TooFast"), 4.0)],
        };
        assert_eq!(families(text), [expected]);
        assert_eq!(families("# TYPE x counter\nx 1\n"), []);
    }

    #[test]
    fn two_relays_of_one_node_are_refused() {
        let registry = Registry::new();
        Board::registered(Some(&registry)).unwrap();
        assert!(Board::registered(Some(&registry)).is_err());
    }
}
