//! Recipients who are away while messages are sent to them, and then come for them.

use crate::{
    network,
    people::{self, Person},
    throughput::{Course, Options, place, receive, send_all},
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Nothing more comes when nothing has come for so long.
const SILENCE: Duration = Duration::from_secs(5);
/// Between two looks at how much has come.
const LOOK: Duration = Duration::from_millis(20);

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Messages a second that were stored and acknowledged to their senders.
    pub stored_per_second: f64,
    /// Messages a second that recipients got when they came.
    pub fetched_per_second: f64,
    /// How many they got: all that were stored, and those that were being stored at the end.
    pub fetched: u64,
    /// Refusals by reason.
    pub refused: BTreeMap<String, u64>,
}

/// Sends to everybody, then lets everybody come.
pub async fn measure(options: &Options) -> anyhow::Result<Report> {
    let relays = network::relays(&options.folder)?;
    let endpoints = [people::endpoint().await?, people::endpoint().await?];
    let course = Arc::new(Course::default());
    let mut tasks = JoinSet::new();
    send_all(options, &endpoints, &relays, &course, &mut tasks).await?;
    let sent = course.run(options.warm_up, options.seconds).await;
    tasks.shutdown().await;
    let fetching = Arc::new(Course::counting());
    let began = Instant::now();
    for n in 0..options.recipients {
        let (endpoint, relay) = place(n as usize, &endpoints, &relays);
        let recipient = Person::of(n);
        let session = recipient.subscribe(endpoint, relay).await?;
        tasks.spawn(receive(fetching.clone(), session, recipient.mailbox()));
    }
    let (fetched, last) = until_silent(&fetching, began).await;
    tasks.shutdown().await;
    Ok(Report {
        stored_per_second: sent.accepted_per_second,
        fetched_per_second: per_second(fetched, last - began),
        fetched: fetched as u64,
        refused: sent.refused,
    })
}

/// How many were delivered until nothing more came, and when the last was.
pub async fn until_silent(course: &Course, began: Instant) -> (usize, Instant) {
    let (mut fetched, mut last) = (0, began);
    // Connecting everybody may have taken longer than any silence.
    let mut silent_since = Instant::now();
    while silent_since.elapsed() < SILENCE {
        tokio::time::sleep(LOOK).await;
        let now = course.deliveries();
        if now > fetched {
            (fetched, last) = (now, Instant::now());
            silent_since = last;
        }
    }
    (fetched, last)
}

/// None in no time.
pub fn per_second(count: usize, time: Duration) -> f64 {
    match time.is_zero() {
        true => 0.0,
        false => count as f64 / time.as_secs_f64(),
    }
}
