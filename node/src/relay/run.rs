//! The relay of this node, from the node's start to its end.
//!
//! - **R1** It runs on threads of its own, so that a crowd at its door is none at the chain's. What waits for the chain's database is on
//!   threads that serve nobody else.
//! - **R2** It starts when the node is at the chain's end and the running roster has its account, or when it has a name and messages to hand
//!   over; until then it says what is missing.
//! - **R3** A fault ends it and not the node. It begins again from what is on the disk, after a pause that doubles up to [`LONGEST_PAUSE`].

use super::{
    Desk, LOG_TARGET,
    bridge::Door,
    directory::{Blocks, ChainDirectory, Confirmations, Relays},
    figures::{Board, Pay},
    follow::{End, Follower},
    pay::{
        Judge, Payee,
        inbox::Inbox,
        till::{self, Till},
    },
};
use parlance_bimp::Receipt;
use parlance_endpoint::SecretKey;
use parlance_primitives::{
    AccountId, Hash,
    accounts::AccountsApi,
    relay::{RelayApi, RelayInfo},
};
use parlance_relay::{
    directory::DeviceName,
    gate::ConnectionLimits,
    service::{Parts, Service, ServiceError, Transport},
    storage::Store,
};
use parlance_relay_core::{Config, Limits};
use parlance_runtime::opaque::Block;
use sc_client_api::BlockchainEvents;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// R3.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// R3.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A relay that ran for so long has recovered.
const RECOVERED: Duration = Duration::from_secs(300);
/// Between two looks at the chain while it waits.
const LOOK: Duration = Duration::from_secs(1);
/// How long what it began may take to end.
const GOODBYE: Duration = Duration::from_secs(3);
/// Receipts that wait to be checked.
const RECEIPTS: usize = 4_096;

/// What the relay is told.
#[derive(Clone)]
pub struct Settings {
    /// Its account.
    pub account: AccountId,
    /// The key of its endpoint.
    pub key: SecretKey,
    /// Where that key lies.
    pub key_file: PathBuf,
    /// Where it listens for UDP.
    pub listen: Vec<SocketAddr>,
    /// What it may store, bytes.
    pub limit: u64,
    /// How it sends.
    pub transport: Transport,
    /// Folder of what it stores.
    pub store: PathBuf,
}

/// The relay's port.
const PORT: u16 = 30_400;

/// All addresses of this machine; those of IPv6 if it has any.
pub fn default_listen() -> Vec<SocketAddr> {
    let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT));
    let v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT));
    match UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)) {
        Ok(_) => vec![v4, v6],
        Err(_) => vec![v4],
    }
}

/// What the relay needs of the node.
pub struct Host<Client> {
    /// The chain.
    pub client: Arc<Client>,
    /// Where what it is paid by goes.
    pub desk: Desk,
    /// Where its figures are read.
    pub board: Board,
    /// Where those come in who cannot speak QUIC.
    pub door: Door,
    /// Whether the node is far behind the chain.
    pub is_behind: Box<dyn Fn() -> bool + Send + Sync>,
}

/// The relay's thread. Dropping this stops it and waits for its end.
pub struct Running {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!(target: LOG_TARGET, "the relay's thread broke: report it with the lines before");
        }
    }
}

/// Starts the relay's thread.
///
/// # Errors
/// When the system gives no thread.
pub fn start<Client>(settings: Settings, host: Host<Client>) -> std::io::Result<Running>
where
    Client: BlockchainEvents<Block>
        + HeaderBackend<Block>
        + ProvideRuntimeApi<Block>
        + Send
        + Sync
        + 'static,
    Client::Api: AccountsApi<Block, AccountId> + RelayApi<Block, AccountId>,
{
    let (stop, stopped) = watch::channel(false);
    let relay = Relay {
        settings,
        host,
        stop: stopped,
        runs: AtomicU64::new(1),
    };
    let thread = std::thread::Builder::new().name("relay".into());
    let thread = thread.spawn(move || relay.run())?;
    Ok(Running {
        stop,
        thread: Some(thread),
    })
}

/// Why the relay is not running any more.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("no runtime could be started: {0}")]
    Runtime(std::io::Error),
    #[error("no thread could be started ({0}): raise the limit of processes")]
    Thread(std::io::Error),
    #[error(transparent)]
    Store(#[from] parlance_relay::storage::OpenError),
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error("the core cannot go on: the lines before say why")]
    Core,
    #[error("the chain's state cannot be read: {0}")]
    Chain(String),
}

/// What comes next.
enum Next {
    Stop,
    Again,
}

struct Relay<Client> {
    settings: Settings,
    host: Host<Client>,
    stop: watch::Receiver<bool>,
    /// The number of the next run, by which the worker tells what each has counted. Nothing has the number 0.
    runs: AtomicU64,
}

/// Where the account stands with the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    Behind,
    Unregistered,
    OtherKey([u8; 32]),
    Outside,
    Ready,
}

fn standing(own: Option<&RelayInfo<AccountId>>, key: &[u8; 32], has_mail: bool) -> Standing {
    let Some(own) = own else {
        return Standing::Unregistered;
    };
    match own.id {
        _ if own.key.0 != *key => Standing::OtherKey(own.key.0),
        Some(_) if own.is_member || has_mail => Standing::Ready,
        _ => Standing::Outside,
    }
}

impl<Client> Relay<Client>
where
    Client: BlockchainEvents<Block>
        + HeaderBackend<Block>
        + ProvideRuntimeApi<Block>
        + Send
        + Sync
        + 'static,
    Client::Api: AccountsApi<Block, AccountId> + RelayApi<Block, AccountId>,
{
    fn run(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let began = Instant::now();
            match self.once() {
                Ok(Next::Stop) => return,
                Ok(Next::Again) => pause = FIRST_PAUSE,
                Err(fault) => {
                    if began.elapsed() >= RECOVERED {
                        pause = FIRST_PAUSE;
                    }
                    log::error!(target: LOG_TARGET, "the relay has ended: {fault}. It starts again in {} s", pause.as_secs());
                    if self.sleep(pause) {
                        return;
                    }
                    pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Sleeps, and says whether the node stops.
    fn sleep(&self, pause: Duration) -> bool {
        let end = Instant::now() + pause;
        while Instant::now() < end && !*self.stop.borrow() {
            std::thread::sleep(Duration::from_millis(100));
        }
        *self.stop.borrow()
    }

    /// A runtime for each time: whatever the last one left behind is gone with it, and the store is closed.
    fn once(&self) -> Result<Next, Fault> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads.clamp(2, 4))
            .thread_name("relay")
            .enable_all()
            .build()
            .map_err(Fault::Runtime)?;
        let next = runtime.block_on(self.wait_and_serve());
        self.host.board.clear();
        self.host.door.clear();
        runtime.shutdown_timeout(GOODBYE);
        next
    }

    async fn wait_and_serve(&self) -> Result<Next, Fault> {
        let mut stop = self.stop.clone();
        let ready = tokio::select! {
            ready = self.ready() => ready?,
            _ = stop.wait_for(|stop| *stop) => return Ok(Next::Stop),
        };
        self.serve(ready).await
    }

    /// R2.
    async fn ready(&self) -> Result<(Blocks, Vec<RelayInfo<AccountId>>), Fault> {
        let mut said = None;
        let mut looked = None;
        loop {
            let info = self.host.client.info();
            let blocks = Blocks {
                last: info.finalized_hash,
                best: info.best_hash,
            };
            let standing = if (self.host.is_behind)() {
                Standing::Behind
            } else if looked == Some(blocks.last) {
                tokio::time::sleep(LOOK).await;
                continue;
            } else {
                looked = Some(blocks.last);
                let list = self.list(blocks.last)?;
                let own = list.iter().find(|it| it.account == self.settings.account);
                let key = self.settings.key.public();
                let has_mail = self.settings.store.is_dir();
                match standing(own, key.as_bytes(), has_mail) {
                    Standing::Ready => return Ok((blocks, list)),
                    other => other,
                }
            };
            if said.as_ref() != Some(&standing) {
                self.say(&standing);
                said = Some(standing);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn list(&self, at: Hash) -> Result<Vec<RelayInfo<AccountId>>, Fault> {
        let list = self.host.client.runtime_api().relays(at);
        list.map_err(|error| Fault::Chain(error.to_string()))
    }

    fn say(&self, standing: &Standing) {
        let Settings {
            account, key_file, ..
        } = &self.settings;
        let key = hex::encode(self.settings.key.public().as_bytes());
        match standing {
            Standing::Behind => {
                log::info!(target: LOG_TARGET, "the relay waits until the node has caught up with the chain");
            }
            Standing::Unregistered => {
                log::warn!(target: LOG_TARGET, "the relay waits: {account} is no relay on the chain. Register it with `relay.register`, the key 0x{key} and its address");
            }
            Standing::OtherKey(other) => {
                let other = hex::encode(other);
                log::error!(
                    target: LOG_TARGET,
                    "the relay waits: the record of {account} has the key 0x{other}, and that in {} is 0x{key}. Put this one on record with `relay.update`, or name the file of the other one with --relay-key",
                    key_file.display()
                );
            }
            Standing::Outside => {
                log::info!(target: LOG_TARGET, "the relay waits: {account} is registered, and the running roster does not have it. The next one will, unless it was silent and has to call `relay.resume`");
            }
            Standing::Ready => {}
        }
    }

    async fn serve(
        &self,
        (blocks, list): (Blocks, Vec<RelayInfo<AccountId>>),
    ) -> Result<Next, Fault> {
        let Settings {
            account,
            key,
            listen,
            limit,
            transport,
            store,
            ..
        } = &self.settings;
        let own = list.iter().find(|it| it.account == *account);
        let Some(id) = own.and_then(|own| own.id) else {
            return Ok(Next::Again);
        };
        let client = self.host.client.clone();
        let payee = Payee {
            genesis: client.info().genesis_hash,
            account: account.clone(),
            id,
        };
        let store = Store::open(store, *limit)?;
        let receipts = Arc::new(Confirmations::new(RECEIPTS));
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let pay = (Judge::new(payee, run), Till::new(self.host.desk.clone()));
        let relays = Relays::of(list);
        let confirmed = receipts.clone();
        let directory = ChainDirectory::new(client.clone(), blocks, relays, pay, receipts);
        let directory = Arc::new(directory);
        // It must not keep the directory, whose end is its own.
        let weak = Arc::downgrade(&directory);
        let checks = worker("relay-receipts", confirmed, move |(device, _), receipt| {
            confirm(&weak, &device, &receipt)
        });
        checks.map_err(Fault::Thread)?;
        let follower = Follower::new(client, directory.clone(), key.public());
        let service = Service::start(Parts {
            key: key.clone(),
            listen: listen.clone(),
            transport: transport.clone(),
            store,
            directory: directory.clone(),
            config: Config {
                limits: Limits {
                    bytes: *limit,
                    ..Limits::default()
                },
                ..Config::default()
            },
            limits: ConnectionLimits::default(),
        })
        .await?;
        let shown = directory.clone();
        let pay = move || Pay::of(&shown.till, shown.judge.senders());
        self.host
            .board
            .show(service.figures().clone(), Box::new(pay));
        self.host.door.show(service.bridge().clone());
        tokio::spawn(hand_in(directory.clone()));
        log::info!(target: LOG_TARGET, "the relay of {account} is there, at {:?}", service.addresses());
        let mut stop = self.stop.clone();
        let next = tokio::select! {
            end = follower.run() => match end {
                End::Closed => Ok(Next::Stop),
                End::Stale | End::Record => Ok(Next::Again),
            },
            () = service.failed() => Err(Fault::Core),
            _ = stop.wait_for(|stop| *stop) => Ok(Next::Stop),
        };
        log::info!(target: LOG_TARGET, "the relay stops");
        self.host.door.clear();
        let stopped = service.stop().await;
        // While the worker is there, what waits for it is not lost.
        let rest = directory.till.hand(directory.judge.now().period);
        let _ = tokio::time::timeout(GOODBYE, rest).await;
        stopped?;
        next
    }
}

/// Starts a thread that takes what comes, one after the other, and may wait with each: others need not. It ends when nothing can come
/// any more, or `take` says so.
fn worker<Key, Item>(
    name: &str,
    inbox: Arc<Inbox<Key, Item>>,
    mut take: impl FnMut(Key, Item) -> ControlFlow<()> + Send + 'static,
) -> std::io::Result<JoinHandle<()>>
where
    Key: Ord + Clone + Send + 'static,
    Item: Send + 'static,
{
    let thread = std::thread::Builder::new().name(name.into());
    thread.spawn(move || {
        while let Some((key, item)) = inbox.take() {
            if take(key, item).is_break() {
                return;
            }
        }
    })
}

/// Checks a receipt, which may take a look at the chain's database.
fn confirm<Client>(
    directory: &Weak<ChainDirectory<Client>>,
    recipient: &DeviceName,
    receipt: &Receipt,
) -> ControlFlow<()>
where
    Client: ProvideRuntimeApi<Block> + Send + Sync + 'static,
    Client::Api: AccountsApi<Block, AccountId> + RelayApi<Block, AccountId>,
{
    let Some(directory) = directory.upgrade() else {
        return ControlFlow::Break(());
    };
    let judge = &directory.judge;
    match judge.judge_receipt(&*directory, recipient, receipt) {
        Ok(Some(worth)) => directory.till.put(worth),
        // It counts when something of it is delivered.
        Ok(None) => {}
        Err(error) => log::debug!(target: LOG_TARGET, "a receipt is dropped: {error}"),
    }
    ControlFlow::Continue(())
}

/// Hands in what waits for the worker, for ever.
async fn hand_in<Client>(directory: Arc<ChainDirectory<Client>>) {
    loop {
        tokio::time::sleep(till::PAUSE).await;
        directory.till.hand(directory.judge.now().period).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_primitives::relay::RelayId;
    use sp_core::ed25519;

    fn info(id: Option<u8>, is_member: bool) -> RelayInfo<AccountId> {
        RelayInfo {
            account: AccountId::new([1; 32]),
            id: id.map(|n| RelayId([n; 16])),
            key: ed25519::Public::from_raw([7; 32]),
            address: b"127.0.0.1:30400".to_vec(),
            capacity: 0,
            bond: 0,
            health: 0,
            is_member,
            is_going: false,
        }
    }

    #[test]
    fn it_waits_for_a_record_its_key_and_a_roster() {
        let key = [7; 32];
        assert_eq!(standing(None, &key, true), Standing::Unregistered);
        let own = info(Some(1), true);
        assert_eq!(
            standing(Some(&own), &[8; 32], false),
            Standing::OtherKey(key)
        );
        assert_eq!(standing(Some(&own), &key, false), Standing::Ready);
        let fresh = info(None, false);
        assert_eq!(standing(Some(&fresh), &key, true), Standing::Outside);
    }

    /// With one thread for everybody, a check that waits would keep the test from telling it to go on.
    #[tokio::test]
    async fn who_checks_may_wait_and_nobody_else_does() {
        let inbox = Arc::new(Inbox::new(4));
        let (go_on, goes_on) = std::sync::mpsc::channel();
        let (report, mut reports) = tokio::sync::mpsc::channel(4);
        let thread = worker("checks", inbox.clone(), move |key: u32, ()| {
            goes_on.recv().unwrap();
            report.blocking_send(key).unwrap();
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!(inbox.put(1, ()) && inbox.put(2, ()));
        for key in [1, 2] {
            go_on.send(()).unwrap();
            assert_eq!(reports.recv().await, Some(key));
        }
        // Nothing comes any more: the thread is gone.
        inbox.close();
        assert_eq!(reports.recv().await, None);
        tokio::task::spawn_blocking(|| thread.join().unwrap())
            .await
            .unwrap();
    }

    #[test]
    fn one_that_fell_out_hands_over_what_it_has() {
        let own = info(Some(1), false);
        assert_eq!(standing(Some(&own), &[7; 32], false), Standing::Outside);
        assert_eq!(standing(Some(&own), &[7; 32], true), Standing::Ready);
    }
}
