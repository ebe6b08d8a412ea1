//! The relay: [`run`] carries messages, and the worker here keeps its books by [`parlance_relay_claims`] and claims, opens and is
//! paid without a hand on the keyboard.
//!
//! Tickets and receipts come from a [`Source`]. At each best block the agenda is asked of the runtime, and
//! what is due goes into the pool, signed by the relay's key. Final blocks let old periods go.

mod address;
pub mod bridge;
mod directory;
pub mod figures;
mod follow;
pub mod key;
mod names;
mod pay;
mod records;
pub mod run;
mod submit;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::PathBuf,
    sync::Arc,
};

use futures::{
    Stream, StreamExt,
    channel::{mpsc, oneshot},
};
use parlance_primitives::{
    AccountId, BlockNumber, Hash, Nonce,
    accounts::DeviceId,
    relay::{Agenda, Correspondent, Period, RelayApi, Setting},
};
use parlance_relay_claims::{
    Books, Files, FilesError, GivenUp, Occasion, Owner, Receipt, Refusal, State, Ticket,
};
use parlance_runtime::opaque::Block;
use sc_client_api::BlockchainEvents;
use sc_transaction_pool_api::TransactionPool;
use sp_api::{ApiError, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_core::{ByteArray, crypto::KeyTypeId, sr25519};
use sp_keystore::KeystorePtr;
use substrate_frame_rpc_system::AccountNonceApi;

const LOG_TARGET: &str = "relay";

/// Type of a relay's key in the keystore; sr25519.
pub const KEY_TYPE: KeyTypeId = KeyTypeId(*b"rlay");

/// Most that is taken between two writes of the journal.
const BATCH: usize = 256;
/// Most that waits to be taken.
const WAITING: usize = 1_024;

/// What a device signed.
#[derive(Clone, Debug)]
pub enum Signed {
    /// A sender's.
    Ticket(Ticket),
    /// A recipient's.
    Receipt(Receipt),
}

/// Something that was handed in, with who waits for the answer.
pub struct Handed {
    period: Period,
    signed: Signed,
    answer: oneshot::Sender<Result<u64, Refused>>,
}

/// Where tickets and receipts come from.
pub trait Source: Stream<Item = Handed> + Send + Unpin + 'static {}

impl<Any: Stream<Item = Handed> + Send + Unpin + 'static> Source for Any {}

/// Where the node's own parts hand them in.
#[derive(Clone)]
pub struct Desk(mpsc::Sender<Handed>);

impl Desk {
    /// A desk and the source that it feeds.
    pub fn new() -> (Self, impl Source) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Hands something in that was signed for `period`; returns the bytes that count once it is
    /// written.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn hand(&self, period: Period, signed: Signed) -> Result<u64, Refused> {
        let (answer, answered) = oneshot::channel();
        let handed = Handed {
            period,
            signed,
            answer,
        };
        let mut sender = self.0.clone();
        sender.try_send(handed).map_err(|_| Refused::Busy)?;
        answered.await.unwrap_or(Err(Refused::Busy))
    }
}

/// Why something that was handed in is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It does not hold, or is no news.
    #[error("{0}")]
    ByRule(#[from] Refusal),
    /// The roster of the period does not have this relay.
    #[error("this relay is not in the roster of period {0}: wait for the next roster")]
    NoMember(Period),
    /// The runtime did not answer.
    #[error("the runtime did not answer: {0}")]
    Runtime(#[from] ApiError),
    /// It is taken and may be lost.
    #[error("the journal cannot be written: {0}")]
    Journal(Arc<FilesError>),
    /// Too much comes at once, or the worker has ended.
    #[error("the relay takes nothing now: try again")]
    Busy,
}

/// Why the worker does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no key.
    #[error(
        "the keystore has no key of {0} of type rlay: insert it with `parlance key insert --key-type rlay --scheme sr25519`"
    )]
    NoKey(AccountId),
    /// The journal cannot be read.
    #[error("{0}")]
    Journal(String),
}

/// What the worker is told.
pub struct Settings {
    /// The relay's account.
    pub account: AccountId,
    /// Folder of the journal.
    pub folder: PathBuf,
}

/// The worker, ready to run.
pub struct Worker<Client, Pool> {
    client: Arc<Client>,
    pool: Arc<Pool>,
    keystore: KeystorePtr,
    account: AccountId,
    key: sr25519::Public,
    genesis: Hash,
    books: Books<Files>,
    now: Option<Now>,
}

/// The best block and what is known of it.
struct Now {
    number: BlockNumber,
    hash: Hash,
    agenda: Agenda,
    settings: BTreeMap<Period, Setting>,
}

/// The state after one block.
struct After<'a, Client> {
    client: &'a Client,
    hash: Hash,
}

impl<Client> State for After<'_, Client>
where
    Client: ProvideRuntimeApi<Block>,
    Client::Api: RelayApi<Block, AccountId>,
{
    type Error = ApiError;

    fn setting(&self, period: Period) -> Result<Option<Setting>, ApiError> {
        self.client.runtime_api().setting(self.hash, period)
    }

    fn correspondent(
        &self,
        who: &AccountId,
        device: DeviceId,
        period: Period,
    ) -> Result<Correspondent, ApiError> {
        let api = self.client.runtime_api();
        api.correspondent(self.hash, who.clone(), device, period)
    }
}

impl<Client, Pool> Worker<Client, Pool>
where
    Client: BlockchainEvents<Block>
        + HeaderBackend<Block>
        + ProvideRuntimeApi<Block>
        + Send
        + Sync
        + 'static,
    Client::Api: RelayApi<Block, AccountId> + AccountNonceApi<Block, AccountId, Nonce>,
    Pool: TransactionPool<Block = Block, Hash = Hash> + 'static,
{
    /// Opens the journal.
    ///
    /// # Errors
    /// When the key is not there or the journal cannot be read.
    pub fn open(
        client: Arc<Client>,
        pool: Arc<Pool>,
        keystore: KeystorePtr,
        settings: Settings,
    ) -> Result<Self, StartError> {
        let Settings { account, folder } = settings;
        let raw: &[u8; 32] = account.as_ref();
        let key = sr25519::Public::from_raw(*raw);
        if !keystore.has_keys(&[(key.to_raw_vec(), KEY_TYPE)]) {
            return Err(StartError::NoKey(account));
        }
        let owner = Owner {
            genesis: client.info().genesis_hash,
            account: account.clone(),
        };
        let files = Files::open(folder).map_err(|error| StartError::Journal(error.to_string()))?;
        let books =
            Books::open(owner, files).map_err(|error| StartError::Journal(error.to_string()))?;
        Ok(Self {
            genesis: client.info().genesis_hash,
            client,
            pool,
            keystore,
            account,
            key,
            books,
            now: None,
        })
    }

    /// Works until the client closes its stream of blocks.
    pub async fn run(mut self, source: impl Source) {
        let mut best = self.client.import_notification_stream().fuse();
        let mut finals = self.client.finality_notification_stream().fuse();
        let mut handed = source.ready_chunks(BATCH).fuse();
        loop {
            futures::select! {
                block = best.next() => match block {
                    Some(block) if block.is_new_best => self.act(block.hash, block.header.number).await,
                    Some(_) => {}
                    None => return,
                },
                block = finals.select_next_some() => self.let_go(block.hash),
                batch = handed.select_next_some() => self.take(batch),
            }
        }
    }

    /// Does what is due after a new best block.
    async fn act(&mut self, hash: Hash, number: BlockNumber) {
        let agenda = match self.client.runtime_api().agenda(hash, self.account.clone()) {
            Ok(Some(agenda)) => agenda,
            Ok(None) => {
                log::debug!(target: LOG_TARGET, "{} is no relay at {number}", self.account);
                self.now = None;
                return;
            }
            Err(error) => {
                log::warn!(target: LOG_TARGET, "no agenda at {number}: {error}");
                return;
            }
        };
        let state = After {
            client: &*self.client,
            hash,
        };
        let plan = self.books.plan(number.saturating_add(1), &agenda, &state);
        self.now = Some(Now {
            number,
            hash,
            agenda,
            settings: BTreeMap::new(),
        });
        match plan {
            Ok(plan) => {
                self.say(plan.given_up);
                for deed in plan.deeds {
                    self.submit(number, hash, deed).await;
                }
            }
            Err(error) => log::error!(target: LOG_TARGET, "nothing is done at {number}: {error}"),
        }
    }

    fn let_go(&mut self, hash: Hash) {
        let agenda = match self.client.runtime_api().agenda(hash, self.account.clone()) {
            Ok(Some(agenda)) => agenda,
            Ok(None) => return,
            Err(error) => {
                log::debug!(target: LOG_TARGET, "no agenda of the final {hash}: {error}");
                return;
            }
        };
        match self.books.forget(&agenda) {
            Ok(lost) => self.say(lost),
            Err(error) => log::warn!(target: LOG_TARGET, "old journals stay: {error}"),
        }
    }

    fn say(&self, lost: Vec<(Period, GivenUp)>) {
        for (period, why) in lost {
            log::error!(target: LOG_TARGET, "period {period} is not paid: {why}");
        }
    }

    /// Takes what was handed in, writes it, and answers.
    fn take(&mut self, batch: Vec<Handed>) {
        let taken: Vec<_> = batch
            .into_iter()
            .map(|handed| {
                let outcome = self.judge(handed.period, handed.signed);
                (handed.answer, outcome)
            })
            .collect();
        let written = self.books.flush().map_err(Arc::new);
        if let Err(error) = &written {
            log::error!(target: LOG_TARGET, "tickets and receipts may be lost: {error}");
        }
        for (answer, outcome) in taken {
            let outcome = match (&written, outcome) {
                (Err(error), Ok(_)) => Err(Refused::Journal(error.clone())),
                (_, outcome) => outcome,
            };
            // Whoever asked may have gone.
            let _ = answer.send(outcome);
        }
    }

    fn judge(&mut self, period: Period, signed: Signed) -> Result<u64, Refused> {
        let now = self.now.as_mut().ok_or(Refused::NoMember(period))?;
        let clock = &now.agenda.clock;
        // The running period and the one before: nothing else can be claimed for any more.
        let is_claimable = period == clock.period || period.checked_add(1) == Some(clock.period);
        if !is_claimable {
            return Err(Refusal::Closed(period).into());
        }
        let id = now.agenda.id.ok_or(Refused::NoMember(period))?;
        let state = After {
            client: &*self.client,
            hash: now.hash,
        };
        let setting = match now.settings.entry(period) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                new.insert(state.setting(period)?.ok_or(Refused::NoMember(period))?)
            }
        };
        if setting.roster.binary_search(&id).is_err() {
            return Err(Refused::NoMember(period));
        }
        let occasion = Occasion {
            period,
            id,
            setting,
        };
        let counted = match signed {
            Signed::Ticket(ticket) => {
                let known = state.correspondent(&ticket.sender, ticket.device, period)?;
                self.books.take_ticket(&occasion, ticket, &known)?
            }
            Signed::Receipt(receipt) => {
                let known = state.correspondent(&receipt.recipient, receipt.device, period)?;
                self.books.take_receipt(&occasion, receipt, &known)?
            }
        };
        log::trace!(target: LOG_TARGET, "period {period}, block {}: {counted} bytes", now.number);
        Ok(counted)
    }
}
