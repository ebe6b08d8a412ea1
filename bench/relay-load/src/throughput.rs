//! Many senders, many recipients, all relays of a network.

use crate::{
    network,
    people::{self, Person},
    statistics::{Spread, spread},
};
use futures::FutureExt;
use parlance_bimp::{
    Answer, List, Mailbox, MessageId, OfMailbox, Push, Reason, Request, limits::MAX_IDS,
};
use parlance_endpoint::{Client, Endpoint, RelayAddress, Session};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval_at},
};

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    /// The folder of a prepared network whose relays run.
    #[arg(long)]
    pub folder: PathBuf,
    /// Accounts that send. A relay takes 3,000 messages of one in five minutes.
    #[arg(long, default_value_t = 128)]
    senders: u32,
    /// Accounts that receive.
    #[arg(long, default_value_t = 64)]
    pub recipients: u32,
    /// Messages of each sender on their way at a time.
    #[arg(long, default_value_t = 8)]
    in_flight: u32,
    /// Messages a second that all senders together send, each at its time however long the ones before take; as many as can be if there is no such
    /// number. What is late counts from when it should have been sent.
    #[arg(long)]
    rate: Option<u32>,
    /// Seconds before anything counts.
    #[arg(long, default_value_t = 2)]
    pub warm_up: u64,
    /// Seconds that count.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Messages a second that were stored and acknowledged to their senders.
    pub accepted_per_second: f64,
    /// Messages a second that were delivered for the first time.
    pub delivered_per_second: f64,
    /// From sending to delivery.
    pub latency_ms: Option<Spread>,
    /// From sending to the sender's answer.
    pub accepted_ms: Option<Spread>,
    /// Refusals by reason, and requests without an answer.
    pub refused: BTreeMap<String, u64>,
}

/// What all tasks share.
pub struct Course {
    /// Stamps are microseconds from here on.
    pub began: Instant,
    counts: AtomicBool,
    stop: AtomicBool,
    accepted: Mutex<Vec<f64>>,
    delivered: Mutex<Vec<f64>>,
    refused: Mutex<BTreeMap<String, u64>>,
    numbers: AtomicU64,
}

impl Default for Course {
    fn default() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |it| it.as_nanos() as u64);
        Self {
            began: Instant::now(),
            counts: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            accepted: Mutex::default(),
            delivered: Mutex::default(),
            refused: Mutex::default(),
            // Another run begins elsewhere, so that no message is one that is known.
            numbers: AtomicU64::new(now),
        }
    }
}

impl Course {
    /// One in which everything counts from the beginning on.
    pub fn counting() -> Self {
        Self {
            counts: AtomicBool::new(true),
            ..Self::default()
        }
    }

    /// How many were delivered so far.
    pub fn deliveries(&self) -> usize {
        locked(&self.delivered).len()
    }

    /// Now.
    pub fn stamp(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// That time as a stamp.
    fn stamp_of(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.began);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    /// A number that nobody else has.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether senders stop.
    pub fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn count(&self, to: &Mutex<Vec<f64>>, stamp: u64) {
        if self.counts.load(Ordering::Relaxed) {
            let took = self.stamp().saturating_sub(stamp);
            locked(to).push(took as f64 / 1_000.0);
        }
    }

    /// A message of that stamp was stored.
    pub fn accepted(&self, stamp: u64) {
        self.count(&self.accepted, stamp);
    }

    /// It was delivered.
    pub fn delivered(&self, stamp: u64) {
        self.count(&self.delivered, stamp);
    }

    fn refused(&self, why: String) {
        *locked(&self.refused).entry(why).or_default() += 1;
    }

    /// Warms up, lets count, stops, and reports.
    pub async fn run(&self, warm_up: u64, seconds: u64) -> Report {
        tokio::time::sleep(Duration::from_secs(warm_up)).await;
        self.counts.store(true, Ordering::Relaxed);
        let began = Instant::now();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        self.counts.store(false, Ordering::Relaxed);
        let took = began.elapsed().as_secs_f64();
        self.stop.store(true, Ordering::Relaxed);
        let accepted = std::mem::take(&mut *locked(&self.accepted));
        let delivered = std::mem::take(&mut *locked(&self.delivered));
        Report {
            accepted_per_second: accepted.len() as f64 / took,
            delivered_per_second: delivered.len() as f64 / took,
            latency_ms: spread(delivered),
            accepted_ms: spread(accepted),
            refused: std::mem::take(&mut *locked(&self.refused)),
        }
    }
}

fn locked<T>(counts: &Mutex<T>) -> MutexGuard<'_, T> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connects everybody, then sends.
pub async fn measure(options: &Options) -> anyhow::Result<Report> {
    let relays = network::relays(&options.folder)?;
    let course = Arc::new(Course::default());
    let mut tasks = JoinSet::new();
    let recipients: Vec<Person> = (0..options.recipients).map(Person::of).collect();
    let endpoints = [people::endpoint().await?, people::endpoint().await?];
    for (n, recipient) in recipients.iter().enumerate() {
        let (endpoint, relay) = place(n, &endpoints, &relays);
        let session = recipient.subscribe(endpoint, relay).await?;
        tasks.spawn(receive(course.clone(), session, recipient.mailbox()));
    }
    send_all(options, &endpoints, &relays, &course, &mut tasks).await?;
    let report = course.run(options.warm_up, options.seconds).await;
    tasks.shutdown().await;
    Ok(report)
}

/// Where the one with this number connects, and through what.
pub fn place<'a>(
    n: usize,
    endpoints: &'a [Endpoint],
    relays: &'a [RelayAddress],
) -> (&'a Endpoint, &'a RelayAddress) {
    (&endpoints[n % endpoints.len()], &relays[n % relays.len()])
}

/// Connects the senders, who begin at once.
pub async fn send_all(
    options: &Options,
    endpoints: &[Endpoint],
    relays: &[RelayAddress],
    course: &Arc<Course>,
    tasks: &mut JoinSet<()>,
) -> anyhow::Result<()> {
    let recipients = (0..options.recipients).map(|n| Person::of(n).mailbox());
    let mailboxes: Arc<Vec<Mailbox>> = Arc::new(recipients.collect());
    let mut clients = Vec::new();
    for n in 0..options.senders {
        let (endpoint, relay) = place(n as usize, endpoints, relays);
        let sender = Person::of(options.recipients + n);
        clients.push(sender.connect(endpoint, relay).await?.client);
    }
    let lanes = options.senders.saturating_mul(options.in_flight);
    let pace = options.rate.map(|rate| {
        let seconds = f64::from(lanes) / f64::from(rate.max(1));
        Duration::from_secs_f64(seconds)
    });
    let begin = tokio::time::Instant::now();
    for n in 0..lanes {
        // Spread over the time between two messages of one.
        let clock = pace.map(|pace| {
            let mut clock = interval_at(begin + pace * n / lanes.max(1), pace);
            clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
            clock
        });
        let (sender, lane) = (n % options.senders, n / options.senders);
        let sender = Sender {
            course: course.clone(),
            client: clients[sender as usize].clone(),
            to: mailboxes.clone(),
            clock,
        };
        tasks.spawn(sender.send((n + lane * 7) as usize));
    }
    Ok(())
}

/// What sends one message after the other, to each mailbox in turn.
struct Sender {
    course: Arc<Course>,
    client: Client,
    to: Arc<Vec<Mailbox>>,
    clock: Option<Interval>,
}

impl Sender {
    async fn send(self, first: usize) {
        let Self {
            course,
            client,
            to,
            mut clock,
        } = self;
        let mut at = first;
        while !course.is_over() {
            let stamp = match &mut clock {
                Some(clock) => course.stamp_of(clock.tick().await.into_std()),
                None => course.stamp(),
            };
            let mailbox = to[at % to.len()];
            at += 1;
            let Ok(request) = people::message(mailbox, stamp, course.number()) else {
                return;
            };
            match client.request(request).await {
                Ok(Answer::Send(_)) => course.accepted(stamp),
                Ok(Answer::Refused(refusal)) => {
                    course.refused(format!("{:?}", refusal.reason));
                    let wait = match refusal.reason {
                        Reason::AllowanceUsedUp | Reason::NoRoom => 1_000,
                        _ => 20,
                    };
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
                Ok(other) => course.refused(format!("{other:?}")),
                Err(error) => {
                    course.refused(error.to_string());
                    return;
                }
            }
        }
    }
}

/// Takes what comes and acknowledges it, what came meanwhile at once.
pub async fn receive(course: Arc<Course>, session: Session, mailbox: Mailbox) {
    let (client, mut pushes) = (session.client, session.pushes);
    let (taken, mut to_acknowledge) = mpsc::unbounded_channel::<MessageId>();
    let acknowledging = tokio::spawn(async move {
        let mut ids = Vec::new();
        while to_acknowledge.recv_many(&mut ids, MAX_IDS).await > 0 {
            let Ok(ids) = List::new(std::mem::take(&mut ids)) else {
                return;
            };
            let request = Request::Acknowledge(OfMailbox { mailbox, ids });
            // Refused or lost, it comes again.
            if client.request(request).await.is_err() {
                return;
            }
        }
    });
    while let Ok(push) = pushes.next().await {
        let mut next = Some(push);
        while let Some(push) = next {
            if let Push::Deliver(message) = push {
                if let Some(stamp) = people::stamp(message.message.as_slice()) {
                    course.delivered(stamp);
                }
                if taken.send(message.id).is_err() {
                    return;
                }
            }
            next = pushes.next().now_or_never().and_then(Result::ok);
        }
    }
    acknowledging.abort();
}
