//! The engine: its state, how it starts, and its turn.

mod again;
mod apply;
mod brief;
mod direct;
mod disappear;
mod fan_out;
mod file;
mod give;
mod group;
mod listen;
mod look;
mod merge;
mod no_trace;
mod past;
mod prekeys;
mod presence;
mod prove;
mod receive;
mod say;
mod send;
mod take;

use crate::{
    Clock, Conversation, Directory, Effect, Encryption, Entry, Error, Event, Input, Row, Storage,
    Table,
    direct::Direct,
    history::ContentId,
    inbox::{Early, Held, Orphan, Stream},
    outbox::{Copy, Outbox, Pending},
    prekeys::{Fetch, Published},
    presence::Appearance,
    proof,
    relays::Relays,
    storage::{Ledger, decode},
    transfer::{Giving, Taking},
};
use codec::{Decode, Encode};
use listen::Subscription;
use look::Looks;
use parlance_bimp::{Account, Mailbox, MessageId, RelayId, Request};
use parlance_e2ee::DeviceAddress;
use rand_core::CryptoRng;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Numbers and settings of which there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct Counters {
    /// Of pending contents, copies, orphans and seen messages.
    next: u64,
    hides_reading: bool,
    published: Vec<Published>,
    /// Devices with which something was lost, and when they are to be asked, milliseconds since 1970 (I4).
    owed: Vec<(DeviceAddress, u64)>,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Copy(u64),
    Fetch(DeviceAddress),
    Publish {
        created: u64,
        tops_up: bool,
    },
    Subscribe,
    Group(group::Purpose),
    /// A record for a device.
    Appear(DeviceAddress),
    /// Records are taken back.
    TakeBack,
    /// A device's record, in a window.
    Presence(DeviceAddress, u64),
    /// A sign of life, or something that needs no answer.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    relay: RelayId,
    purpose: Purpose,
    at: u64,
}

/// A stream that waits for what is missing (I3).
#[derive(Clone, Copy, Debug)]
struct Gap {
    since: u64,
    asked: bool,
}

/// A message that was taken.
#[derive(Clone, Copy, Debug, Encode, Decode)]
struct Seen {
    id: MessageId,
    order: u64,
}

/// The chat engine of one device. See the [crate's documentation](crate).
///
/// `E` encrypts, `S` is the disk, `R` the randomness.
pub struct Engine<E: Encryption, S, R> {
    encryption: E,
    ledger: Ledger<S>,
    rng: R,
    clock: Clock,
    own: Account,
    epoch: u32,
    counters: Counters,
    counters_changed: bool,
    sessions_changed: bool,
    conversations: BTreeMap<Account, Conversation>,
    outbox: Outbox,
    streams: BTreeMap<DeviceAddress, Stream>,
    early: BTreeMap<DeviceAddress, BTreeSet<u64>>,
    gaps: BTreeMap<DeviceAddress, Gap>,
    held: BTreeMap<MessageId, Held>,
    seen: BTreeMap<MessageId, u64>,
    seen_order: BTreeMap<u64, MessageId>,
    orphans: BTreeMap<u64, Orphan>,
    expiries: BTreeSet<(u64, Account, u64)>,
    proofs: BTreeMap<(u32, RelayId), proof::Account>,
    receipted: BTreeMap<RelayId, u64>,
    directory: Directory,
    relays: Relays,
    looks: Looks<E::Recipients>,
    fetches: BTreeMap<DeviceAddress, Fetch>,
    renewed: BTreeMap<DeviceAddress, u64>,
    publishing: BTreeMap<RelayId, u64>,
    asks: BTreeMap<u64, Asked>,
    next_ask: u64,
    subscription: Subscription,
    attention: bool,
    confirmations: BTreeMap<Account, Vec<ContentId>>,
    heard_from: again::Heard,
    /// Copies that were confirmed before a relay's answer came.
    overtaken: BTreeMap<u64, (Account, ContentId)>,
    acknowledgements: BTreeMap<(RelayId, Mailbox), Vec<MessageId>>,
    groups: group::Groups,
    files: file::Files,
    pasts: past::Pasts,
    appearance: Appearance,
    direct: Direct,
    giving: Giving,
    /// The last piece that a device was given.
    given: BTreeMap<DeviceAddress, ContentId>,
    taking: Option<Taking>,
    private: Option<no_trace::Private>,
    effects: VecDeque<Effect>,
    stopped: bool,
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// Starts with what the disk has. `epoch` is the own account's mailbox epoch, as far as it is known. The encryption is
    /// that of the row [`Row::Sessions`], or a new one if there is no such row.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`], [`Error::Damaged`].
    pub fn start(clock: Clock, epoch: u32, encryption: E, disk: S, rng: R) -> Result<Self, Error> {
        let ledger = Ledger::new(disk);
        let own = Account(encryption.sender().address.account);
        let counters = ledger.get(&Row::Counters, "counters")?.unwrap_or_default();
        let mut engine = Self {
            encryption,
            rng,
            clock,
            own,
            epoch,
            counters,
            counters_changed: false,
            // Fresh sessions are kept with the first batch.
            sessions_changed: ledger.disk().get(&Row::Sessions)?.is_none(),
            conversations: BTreeMap::new(),
            outbox: Outbox::default(),
            streams: BTreeMap::new(),
            early: BTreeMap::new(),
            gaps: BTreeMap::new(),
            held: BTreeMap::new(),
            seen: BTreeMap::new(),
            seen_order: BTreeMap::new(),
            orphans: BTreeMap::new(),
            expiries: BTreeSet::new(),
            proofs: BTreeMap::new(),
            receipted: BTreeMap::new(),
            directory: Directory::default(),
            relays: Relays::default(),
            looks: Looks::default(),
            fetches: BTreeMap::new(),
            renewed: BTreeMap::new(),
            publishing: BTreeMap::new(),
            asks: BTreeMap::new(),
            next_ask: 1,
            subscription: Subscription::default(),
            attention: false,
            confirmations: BTreeMap::new(),
            heard_from: again::Heard::default(),
            overtaken: BTreeMap::new(),
            acknowledgements: BTreeMap::new(),
            groups: group::Groups::default(),
            files: file::Files::default(),
            pasts: past::Pasts::default(),
            appearance: Appearance::default(),
            direct: Direct::default(),
            giving: Giving::default(),
            given: BTreeMap::new(),
            taking: None,
            private: None,
            effects: VecDeque::new(),
            stopped: false,
            ledger,
        };
        engine.load()?;
        Ok(engine)
    }

    fn load(&mut self) -> Result<(), Error> {
        for conversation in self.all::<Conversation>(Table::Conversations, "conversation")? {
            self.conversations.insert(conversation.with, conversation);
        }
        for copy in self.all::<Copy>(Table::Outbox, "copy")? {
            self.outbox.put(copy);
        }
        for pending in self.all::<Pending>(Table::Pending, "pending content")? {
            self.outbox.pending.insert(pending.number, pending);
        }
        for stream in self.all::<Stream>(Table::Streams, "stream")? {
            self.streams.insert(stream.with, stream);
        }
        for early in self.all::<Early>(Table::Early, "early content")? {
            self.early_numbers(early.from).insert(early.sequence);
            self.note_gap(early.from);
        }
        for held in self.all::<Held>(Table::Held, "held message")? {
            self.held.insert(held.id, held);
        }
        for Seen { id, order } in self.all(Table::Seen, "seen message")? {
            self.seen.insert(id, order);
            self.seen_order.insert(order, id);
        }
        for orphan in self.all::<Orphan>(Table::Orphans, "orphan")? {
            self.orphans.insert(orphan.number, orphan);
        }
        self.expiries = self.all(Table::Expiries, "expiry")?.into_iter().collect();
        for account in self.all::<proof::Account>(Table::Proofs, "account of proof")? {
            self.proofs.insert((account.period, account.relay), account);
        }
        self.taking = self.ledger.get(&Row::Taking, "transfer of a history")?;
        self.giving = (self.ledger.get(&Row::Giving, "grant of a history")?).unwrap_or_default();
        self.load_files()?;
        self.load_groups()?;
        self.load_pasts()
    }

    fn all<T: Decode>(&self, table: Table, what: &'static str) -> Result<Vec<T>, Error> {
        self.ledger.all(table, what)
    }

    /// Takes what happened, all of it in one batch, which is on disk when this returns (S1).
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] or [`Error::Damaged`], and [`Error::Stopped`] from then on.
    pub fn handle(
        &mut self,
        clock: Clock,
        inputs: impl IntoIterator<Item = Input<E::Recipients>>,
    ) -> Result<(), Error> {
        self.turn(clock, |engine| {
            engine.join_accepted()?;
            engine.give_history()?;
            engine.take_page()?;
            for input in inputs {
                engine.take(input)?;
            }
            Ok(())
        })
    }

    /// One batch. An error of the user's changes nothing; any other one stops the engine.
    fn turn<T>(
        &mut self,
        clock: Clock,
        happens: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.stopped {
            return Err(Error::Stopped);
        }
        self.clock = clock;
        let told = self.effects.len();
        let result = happens(self).and_then(|value| {
            self.work()?;
            self.commit()?;
            Ok(value)
        });
        if let Err(Error::Storage(_) | Error::Damaged { .. }) = result {
            self.effects.truncate(told);
            self.stopped = true;
        }
        if result.is_err()
            && let Some(groups) = self.encryption.groups()
        {
            groups.undo();
        }
        result
    }

    fn take(&mut self, input: Input<E::Recipients>) -> Result<(), Error> {
        match input {
            Input::Directory(directory) => self.take_directory(directory),
            Input::Looked {
                account,
                epoch,
                own_epoch,
                recipients,
            } => self.looked(account, epoch, own_epoch, recipients),
            Input::LookFailed { account } => {
                self.looks.failed(account, self.clock.steady);
                Ok(())
            }
            Input::Answered { ask, answer } => self.answered(ask, answer),
            Input::Lost { relay } => {
                self.lost(relay);
                Ok(())
            }
            Input::Delivered { relay, message } => self.delivered(relay, message),
            Input::Moved { relay, mailbox } => {
                self.moved(relay, mailbox);
                Ok(())
            }
            Input::Grown(grown) => {
                self.grown(grown);
                Ok(())
            }
            Input::Reach(reach) => {
                self.reached_at(reach);
                Ok(())
            }
            Input::Offered { ask, taken } => self.offered(ask, taken),
            Input::Unreached { device } => {
                self.unreached(device);
                Ok(())
            }
            Input::Connected { device } => {
                self.connected(device);
                Ok(())
            }
            Input::Sought { seek, key } => {
                self.sought(seek, &key);
                Ok(())
            }
            Input::Sighted { key, record } => {
                self.sighted(&key, &record);
                Ok(())
            }
            Input::Called {
                call,
                from,
                envelope,
            } => self.called(call, from, &envelope),
            Input::Tick => Ok(()),
        }
    }

    /// Everything that is due.
    fn work(&mut self) -> Result<(), Error> {
        self.expire()?;
        self.bridge_gaps()?;
        self.show_waiting()?;
        self.make_good();
        self.look_for_held();
        self.tidy_files();
        self.send_pieces()?;
        self.group_work()?;
        self.ask_again_for_history();
        self.ask_for_pieces();
        self.keep_no_trace();
        self.confirm();
        self.send_unconfirmed();
        self.fan_out();
        self.seal()?;
        self.fetch();
        self.send();
        self.listen();
        self.acknowledge();
        self.publish();
        self.appear();
        self.give_receipts();
        let oldest = self.clock.steady.saturating_sub(crate::limits::ANSWER_LIFE);
        self.asks.retain(|_, asked| asked.at >= oldest);
        while self.overtaken.len() > crate::limits::MAX_SEEN {
            self.overtaken.pop_first();
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.counters_changed) {
            self.ledger.put(Row::Counters, &self.counters);
        }
        if std::mem::take(&mut self.sessions_changed) {
            let sessions = self.encryption.save(&mut self.rng);
            self.ledger.put_bytes(Row::Sessions, sessions);
        }
        match self.encryption.groups() {
            Some(groups) if groups.is_open() => Ok(groups.commit(&self.ledger.take())?),
            _ => Ok(self.ledger.commit()?),
        }
    }

    /// What is to be done next.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The encryption, such as for taking proven records over. What a look changes there is kept with the next batch.
    pub fn encryption_mut(&mut self) -> &mut E {
        self.sessions_changed = true;
        &mut self.encryption
    }

    /// The disk, to read from.
    pub fn disk(&self) -> &S {
        self.ledger.disk()
    }

    /// The own account.
    pub fn own(&self) -> Account {
        self.own
    }

    /// All conversations.
    pub fn conversations(&self) -> impl Iterator<Item = &Conversation> {
        self.conversations.values()
    }

    /// The last `limit` messages of a conversation with numbers below `before`, the newest first.
    pub fn messages(
        &self,
        conversation: &Account,
        before: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let rows = self.disk().messages(conversation, before, limit)?;
        rows.iter().map(|row| decode(row, "message")).collect()
    }

    /// The last `limit` messages whose text contains `words`, whatever their case; the newest first.
    pub fn search(
        &self,
        conversation: &Account,
        words: &str,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let words = words.to_lowercase();
        let (mut found, mut before) = (Vec::new(), u64::MAX);
        loop {
            let page = self.messages(conversation, before, 500)?;
            let Some(oldest) = page.last() else {
                return Ok(found);
            };
            before = oldest.number;
            for entry in page {
                let text = entry.text().unwrap_or_default().to_lowercase();
                if text.contains(&words) {
                    found.push(entry);
                }
                if found.len() >= limit {
                    return Ok(found);
                }
            }
        }
    }

    /// A message by its id.
    pub fn message(&self, conversation: &Account, id: &ContentId) -> Result<Option<Entry>, Error> {
        let number: Option<u64> = self
            .ledger
            .get(&Row::Name(*conversation, *id), "name of a message")?;
        // The place of one that has disappeared may be another's by now.
        let found = match number {
            Some(number) => self.entry(conversation, number)?,
            None => None,
        };
        Ok(found.filter(|entry| entry.id == *id))
    }

    /// How much waits to be sent, or to be confirmed.
    pub fn waiting(&self) -> usize {
        self.outbox.len()
    }

    /// How much waits to be accepted by relays: once nothing does, this device may go.
    pub fn unsent(&self) -> usize {
        let copies = self.outbox.waiting.len() + self.outbox.sealed.len();
        copies + self.outbox.pending.len() + self.groups_unsent()
    }

    /// Where the device listens.
    pub fn listens_at(&self) -> Option<RelayId> {
        self.subscription.at()
    }

    fn entry(&self, conversation: &Account, number: u64) -> Result<Option<Entry>, Error> {
        self.ledger
            .get(&Row::Message(*conversation, number), "message")
    }

    fn tell(&mut self, event: Event) {
        self.effects.push_back(Effect::Tell(event));
    }

    fn ask(&mut self, relay: RelayId, purpose: Purpose, request: Request) -> u64 {
        let ask = self.next_ask;
        self.next_ask = self.next_ask.saturating_add(1);
        let at = self.clock.steady;
        self.asks.insert(ask, Asked { relay, purpose, at });
        self.effects.push_back(Effect::Ask {
            relay,
            ask,
            request,
        });
        ask
    }

    fn next_number(&mut self) -> u64 {
        let number = self.counters.next;
        self.counters.next = number.saturating_add(1);
        self.counters_changed = true;
        number
    }

    fn me(&self) -> DeviceAddress {
        self.encryption.sender().address
    }

    fn mailbox(&self) -> Mailbox {
        Mailbox::of(&self.own, self.epoch)
    }

    fn early_numbers(&mut self, from: DeviceAddress) -> &mut BTreeSet<u64> {
        self.early.entry(from).or_default()
    }

    fn note_gap(&mut self, from: DeviceAddress) {
        let since = self.clock.steady;
        let asked = false;
        self.gaps.entry(from).or_insert(Gap { since, asked });
    }
}

impl<E: Encryption, S, R> std::fmt::Debug for Engine<E, S, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({})", self.encryption.sender().address)
    }
}
