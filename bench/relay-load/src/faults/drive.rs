//! Lets faults happen until there are enough messages, or no more time.

use super::{
    Shared, milliseconds,
    plan::{Fault, Round, Rounds},
};
use anyhow::Context;
use parlance_relay_testbed::Network;
use std::time::{Duration, Instant};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// A relay that was killed serves again within this time, or something is wrong.
const RESTART: Duration = Duration::from_secs(120);

/// Who lets them happen.
pub struct Drive<'a> {
    /// What the clients do.
    pub shared: &'a Shared,
    /// When there is no more time.
    pub until: Instant,
    /// How many messages are enough.
    pub wanted: u64,
}

impl Drive<'_> {
    /// Until it is over, with all relays back. How many were killed, and stopped.
    pub async fn run(&self, network: &mut Network, seed: u64) -> anyhow::Result<(u64, u64)> {
        let (mut killed, mut stopped) = (0, 0);
        for round in Rounds::new(network.relays().len(), seed) {
            self.rest(round.calm).await;
            if self.is_over() {
                break;
            }
            for (relay, fault) in &round.faults {
                // Before: whoever waits from then on waits for this.
                self.shared.times.away(*relay);
                match fault {
                    Fault::Killed => {
                        network.kill(*relay)?;
                        killed += 1;
                    }
                    Fault::Stopped => {
                        network.pause(*relay)?;
                        stopped += 1;
                    }
                }
            }
            self.rest(round.away).await;
            self.bring_back(network, &round).await?;
            network.check_all()?;
        }
        Ok((killed, stopped))
    }

    async fn bring_back(&self, network: &mut Network, round: &Round) -> anyhow::Result<()> {
        let began = Instant::now();
        for (relay, fault) in &round.faults {
            match fault {
                Fault::Killed => network.restart(*relay)?,
                Fault::Stopped => {
                    network.resume(*relay)?;
                    self.shared.times.back(*relay);
                }
            }
        }
        for (relay, fault) in &round.faults {
            if *fault == Fault::Killed {
                let serves = async {
                    while network.figure(*relay, "delivered").await.is_err() {
                        tokio::time::sleep(LOOK).await;
                    }
                };
                let serves = tokio::time::timeout(RESTART, serves).await;
                serves.with_context(|| format!("relay {relay}: {}", network.said(*relay)))?;
                self.shared.times.back(*relay);
                let took = milliseconds(began);
                self.shared.measure(|it| it.restarts.push(took));
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.until || self.shared.book.accepted() >= self.wanted
    }

    /// Waits, and no longer than until it is over.
    async fn rest(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end && !self.is_over() {
            tokio::time::sleep(LOOK).await;
        }
    }
}
