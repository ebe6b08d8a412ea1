//! Devices, and relays that do what the test says.

use super::*;

/// The part that stays, and one-time prekeys.
pub type PreKeysOf = (Vec<u8>, VecDeque<Vec<u8>>);

/// Devices, and relays that know everything at once.
pub struct Room {
    pub now: u64,
    pub engines: Vec<Option<TheEngine>>,
    pub accounts: Vec<Account>,
    pub disks: Vec<Disk>,
    pub records: BTreeMap<[u8; 32], common::Record>,
    /// By account and device.
    pub prekeys: BTreeMap<(Account, u32), PreKeysOf>,
    pub mailboxes: BTreeMap<Mailbox, Vec<(usize, Vec<u8>)>>,
    pub events: Vec<(usize, Event)>,
    pub tickets: Vec<Ticket>,
    pub period: u32,
    pub ingress: Vec<RelayId>,
    /// What was sent, answered or not: by which device, to which relay, with which ticket.
    pub asked: Vec<(usize, RelayId, Option<Ticket>)>,
    pub receipts: u32,
    /// How often relays were told to throw away what they had.
    pub anew: u32,
    pub sent: Vec<Vec<u8>>,
    /// Relays refuse everything that is sent.
    pub refuse: Option<Reason>,
    /// Relays that refuse what comes with a ticket, and ask for a pause.
    pub refuse_at: BTreeMap<RelayId, (Reason, u32)>,
    /// Nobody is there.
    pub silent: bool,
    /// These are not.
    pub silent_at: BTreeSet<RelayId>,
    /// What is sent is answered later.
    pub holds: bool,
    pub held: Vec<(usize, u64, RelayId, Request)>,
    /// Messages are lost on their way to devices.
    pub loses: bool,
    /// Those to the account of this one are.
    pub loses_to: Option<usize>,
    /// Devices that reach no node.
    pub no_chain: Vec<usize>,
    /// Presence records by relay and place, until when.
    pub presences: BTreeMap<(RelayId, PresenceKey), (u64, Vec<u8>)>,
    pub look_ups: usize,
    /// Relays have no room for records.
    pub no_presence: bool,
    /// Nobody says who is there.
    pub no_look_ups: bool,
    /// Devices that others can call, each by its endpoint's first byte.
    pub reachable: BTreeSet<usize>,
    /// Calls are taken, and their answers lost.
    pub loses_answers: bool,
    /// Who offered what to whom; answered or not.
    pub calls: Vec<(usize, u64, usize)>,
    /// What was offered.
    pub offered: Vec<Vec<u8>>,
    /// How much of it without a place to dial.
    pub blindly: usize,
    /// Devices on one local network.
    pub nearby: BTreeSet<usize>,
    /// Who asked there, and where.
    pub seeks: Vec<(usize, PresenceKey)>,
}

pub fn address(account: Account, device: u32) -> DeviceAddress {
    let account = account.0;
    DeviceAddress { account, device }
}

pub fn relay(n: u8) -> RelayId {
    RelayId([n * 40; 32])
}

impl Room {
    pub fn new(devices: &[(Account, u32)]) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut room = Self {
            now: 1_000,
            engines: Vec::new(),
            accounts: Vec::new(),
            disks: Vec::new(),
            records: BTreeMap::new(),
            prekeys: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            events: Vec::new(),
            tickets: Vec::new(),
            period: 7,
            ingress: [1, 3, 5].map(relay).to_vec(),
            asked: Vec::new(),
            receipts: 0,
            anew: 0,
            sent: Vec::new(),
            refuse: None,
            refuse_at: BTreeMap::new(),
            silent: false,
            silent_at: BTreeSet::new(),
            holds: false,
            held: Vec::new(),
            loses: false,
            loses_to: None,
            no_chain: Vec::new(),
            presences: BTreeMap::new(),
            look_ups: 0,
            no_presence: false,
            no_look_ups: false,
            reachable: BTreeSet::new(),
            loses_answers: false,
            calls: Vec::new(),
            offered: Vec::new(),
            blindly: 0,
            nearby: BTreeSet::new(),
            seeks: Vec::new(),
        };
        for (account, number) in devices {
            room.join(*account, *number, &mut rng);
        }
        for n in 0..devices.len() {
            room.start(n);
        }
        room
    }

    fn join(&mut self, account: Account, number: u32, rng: &mut ChaCha20Rng) {
        let identity = DeviceIdentity::generate(rng);
        let record = self.records.entry(account.0).or_default();
        record.push((number, identity.public()));
        let sessions = Sessions::new(address(account, number), identity, 1_000, rng);
        let disk = Disk::default();
        disk.put(Row::Sessions, sessions.device.encode());
        self.disks.push(disk);
        self.accounts.push(account);
        self.engines.push(None);
    }

    /// Another device of an account, which others see with their next look.
    pub fn add(&mut self, account: Account, number: u32) -> usize {
        let mut rng = ChaCha20Rng::seed_from_u64(1_000 + u64::from(number));
        self.join(account, number, &mut rng);
        let n = self.engines.len() - 1;
        self.start(n);
        n
    }

    /// A device is off and on again.
    pub fn restart(&mut self, n: usize) {
        self.engines[n] = None;
        self.start(n);
    }

    pub fn clock(&self) -> Clock {
        let (steady, wall) = (self.now, 1_700_000_000_000 + self.now);
        Clock { steady, wall }
    }

    pub fn start(&mut self, n: usize) {
        let bytes: Vec<u8> = parlance_messenger::Storage::get(&self.disks[n], &Row::Sessions)
            .unwrap()
            .unwrap();
        let rng = ChaCha20Rng::seed_from_u64(self.now + n as u64);
        let (disk, sessions) = (self.disks[n].clone(), Sessions::load(&bytes));
        let mut engine = Engine::start(self.clock(), 0, sessions, disk, rng).unwrap();
        let directory = self.directory();
        engine
            .handle(self.clock(), [Input::Directory(directory)])
            .unwrap();
        let (bytes, strangers) = (limits::AUTOMATIC, true);
        let automatic = FileCommand::Automatic { bytes, strangers };
        engine.file(self.clock(), automatic).unwrap();
        self.engines[n] = Some(engine);
    }

    fn directory(&self) -> Directory {
        let relays = (0..6u8).map(|n| Listed {
            info: RelayInfo {
                id: relay(n),
                quality: n.into(),
            },
            account: [n; 32],
        });
        Directory {
            genesis: [9; 32],
            period: Some(self.period),
            ingress: self.ingress.clone(),
            relays: relays.collect(),
        }
    }

    /// Another period begins.
    pub fn begin_period(&mut self, period: u32, ingress: &[u8]) {
        self.period = period;
        self.ingress = ingress.iter().copied().map(relay).collect();
        for n in 0..self.engines.len() {
            let directory = self.directory();
            self.input(n, Input::Directory(directory));
        }
    }

    pub fn engine(&mut self, n: usize) -> &mut TheEngine {
        self.engines[n].as_mut().unwrap()
    }

    pub fn command(&mut self, n: usize, command: Command) -> Result<Option<ContentId>, Error> {
        let clock = self.clock();
        self.engine(n).command(clock, command)
    }

    pub fn say(&mut self, n: usize, conversation: Account, words: &str) -> ContentId {
        let text = Text::new(words).unwrap();
        let body = Body::Text(WrittenText { text });
        self.body(n, conversation, body)
    }

    pub fn body(&mut self, n: usize, conversation: Account, body: Body) -> ContentId {
        let say = Command::Say { conversation, body };
        self.command(n, say).unwrap().unwrap()
    }

    pub fn input(&mut self, n: usize, input: Input<Proof>) {
        let clock = self.clock();
        if let Some(engine) = &mut self.engines[n] {
            engine.handle(clock, [input]).unwrap();
        }
    }

    /// Time passes, and everything that follows from it happens.
    pub fn pass(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        while self.now < end {
            self.now += 50;
            for n in 0..self.engines.len() {
                self.input(n, Input::Tick);
            }
            self.settle();
        }
    }

    pub fn settle(&mut self) {
        for _ in 0..200 {
            let mut idle = true;
            for n in 0..self.engines.len() {
                while let Some(effect) = self.engines[n].as_mut().and_then(Engine::next_effect) {
                    idle = false;
                    self.effect(n, effect);
                }
            }
            if idle {
                return;
            }
        }
        panic!("it never settles");
    }

    pub fn effect(&mut self, n: usize, effect: Effect) {
        match effect {
            Effect::Tell(event) => self.events.push((n, event)),
            Effect::Look { account } if self.no_chain.contains(&n) => {
                self.input(n, Input::LookFailed { account });
            }
            Effect::Look { account } => {
                let own = self.accounts[n];
                let records = self.records.clone();
                let sessions = self.engine(n).encryption_mut();
                for it in [own, account] {
                    sessions.take_over(it.0, &records[&it.0]);
                }
                let recipients = Proof {
                    accounts: vec![own.0, account.0],
                    expires: self.clock().wall + 60_000,
                };
                let (epoch, own_epoch) = (0, 0);
                self.input(
                    n,
                    Input::Looked {
                        account,
                        epoch,
                        own_epoch,
                        recipients,
                    },
                );
            }
            Effect::Ask {
                relay,
                ask,
                request,
            } => {
                if let Request::Send(body) = &request {
                    let view = EnvelopeView::parse(body.envelope.as_slice()).unwrap();
                    let ticket = Ticket::decode(&mut &view.ticket[..]).ok();
                    assert_eq!(ticket.is_none(), view.ticket.is_empty());
                    self.asked.push((n, relay, ticket));
                }
                if self.silent || self.silent_at.contains(&relay) {
                    return;
                }
                if self.no_look_ups && matches!(request, Request::LookUpPresence(_)) {
                    return;
                }
                if self.holds && matches!(request, Request::Send(_)) {
                    return self.held.push((n, ask, relay, request));
                }
                let answer = self.answer(n, relay, request);
                self.input(n, Input::Answered { ask, answer });
            }
            Effect::Offer {
                to,
                reach,
                ask,
                envelope,
            } => {
                let called = (0..self.engines.len()).find(|n| self.address(*n) == to);
                let called = called.unwrap();
                match reach {
                    Some(reach) => assert_eq!(usize::from(reach.endpoint[0]), called),
                    None => self.blindly += 1,
                }
                if !self.reachable.contains(&called) {
                    return self.input(n, Input::Unreached { device: to });
                }
                let call = self.calls.len() as u64;
                self.calls.push((n, ask, called));
                let (from, envelope) = (self.address(n), envelope.into_vec());
                self.offered.push(envelope.clone());
                self.input(
                    called,
                    Input::Called {
                        call,
                        from,
                        envelope,
                    },
                );
            }
            Effect::Took { call, taken } => {
                let (caller, ask, _) = self.calls[call as usize];
                if !self.loses_answers {
                    self.input(caller, Input::Offered { ask, taken });
                }
            }
            Effect::Seek { keys } if self.nearby.contains(&n) => {
                let others: Vec<usize> = self.nearby.iter().copied().collect();
                for key in keys {
                    let seek = self.seeks.len() as u64;
                    self.seeks.push((n, key));
                    for other in others.iter().filter(|other| **other != n) {
                        self.input(*other, Input::Sought { seek, key });
                    }
                }
            }
            Effect::Show { seek, record } => {
                let (seeker, key) = self.seeks[seek as usize];
                let record = record.into_vec();
                self.input(seeker, Input::Sighted { key, record });
            }
            Effect::Seek { .. } | Effect::Close { .. } | Effect::Directory => {}
        }
    }

    pub fn address(&mut self, n: usize) -> DeviceAddress {
        self.engine(n).encryption_mut().device.address()
    }

    /// A device says how it is reached, and is.
    pub fn appears(&mut self, n: usize) {
        let address = SocketAddress::V4 {
            ip: [192, 0, 2, n as u8],
            port: 4433,
        };
        let reach = Reach::new([n as u8; 32], [address], Some("http://relay.example:4433"));
        self.reachable.insert(n);
        self.input(n, Input::Reach(Some(reach)));
    }

    /// How many records are not over.
    pub fn records_there(&self) -> usize {
        let now = self.now;
        let there = self.presences.values().filter(|(until, _)| *until > now);
        there.count()
    }

    /// What was held is answered.
    pub fn release(&mut self) {
        self.holds = false;
        for (n, ask, relay, request) in std::mem::take(&mut self.held) {
            let answer = self.answer(n, relay, request);
            self.input(n, Input::Answered { ask, answer });
        }
        self.settle();
    }

    /// To which relays a device has sent since it was last asked, and with which tickets.
    pub fn ways(&mut self, n: usize) -> Vec<(RelayId, Option<Ticket>)> {
        let asked = std::mem::take(&mut self.asked);
        let own = asked.into_iter().filter(|(by, _, _)| *by == n);
        own.map(|(_, relay, ticket)| (relay, ticket)).collect()
    }

    pub fn answer(&mut self, n: usize, relay: RelayId, request: Request) -> Answer {
        let number = self.engine(n).encryption_mut().device.address().device;
        let account = self.accounts[n];
        match request {
            Request::PublishPreKeys(body) => {
                let place = self.prekeys.entry((account, number)).or_default();
                self.anew += u32::from(body.anew);
                place.0 = body.head.into_vec();
                let more = body.one_time.into_vec();
                place.1.extend(more.into_iter().map(Bounded::into_vec));
                // Five relays: each gets some.
                let one_time = place.1.len() as u32;
                Answer::PublishPreKeys(PreKeysLeft { one_time })
            }
            Request::FetchPreKeys(body) => {
                let place = self.prekeys.get_mut(&(body.account, body.device));
                let found = place.map(|(head, one_time)| Fetched {
                    head: Bounded::new(head.clone()).unwrap(),
                    one_time: one_time.pop_front().map(|it| Bounded::new(it).unwrap()),
                });
                Answer::FetchPreKeys(PreKeys { found })
            }
            Request::Send(body) => {
                let bytes = body.envelope.into_vec();
                let view = EnvelopeView::parse(&bytes).unwrap();
                if let Some(reason) = self.refuse {
                    return Answer::Refused(Refusal::new(reason));
                }
                let paid = !view.ticket.is_empty();
                if let Some((reason, after)) = self.refuse_at.get(&relay).filter(|_| paid) {
                    return Answer::Refused(Refusal::after(*reason, *after));
                }
                let ticket = Ticket::decode(&mut &view.ticket[..]);
                self.tickets.extend(ticket);
                self.sent.push(bytes.clone());
                let (mailbox, id) = (view.mailbox, view.id());
                let message = Message::Sealed(Bounded::new(view.without_ticket()).unwrap());
                let lost_to = |to: usize| Mailbox::of(&self.accounts[to], 0) == mailbox;
                if !self.loses && !self.loses_to.is_some_and(lost_to) {
                    let place = self.mailboxes.entry(mailbox).or_default();
                    place.push((0, message.encode()));
                    for to in 0..self.engines.len() {
                        if Mailbox::of(&self.accounts[to], 0) == mailbox {
                            self.deliver(to, relay, &message);
                        }
                    }
                }
                let (relays, expires) = (3, 0);
                Answer::Send(Accepted {
                    id,
                    relays,
                    expires,
                })
            }
            Request::Subscribe(_) => Answer::Subscribe(Waiting::default()),
            Request::Receipt(_) => {
                self.receipts += 1;
                Answer::Receipt(())
            }
            Request::PublishPresence(_) if self.no_presence => {
                Answer::Refused(Refusal::new(Reason::NoRoom))
            }
            Request::PublishPresence(body) => {
                let (until, record) = (self.now + body.keep, body.record.into_vec());
                self.presences.insert((relay, body.key), (until, record));
                Answer::PublishPresence(())
            }
            Request::LookUpPresence(body) => {
                self.look_ups += 1;
                let found = self.presences.get(&(relay, body.key));
                let found = found.filter(|(until, _)| *until > self.now);
                let record = found.map(|(_, record)| Bounded::new(record.clone()).unwrap());
                Answer::LookUpPresence(Presence { record })
            }
            Request::Acknowledge(_) => Answer::Acknowledge(parlance_bimp::Count { messages: 1 }),
            Request::Sync(_) => Answer::Sync(Waiting::default()),
            other => panic!("{other:?}"),
        }
    }

    pub fn deliver(&mut self, to: usize, relay: RelayId, message: &Message) {
        let mailbox = Mailbox::of(&self.accounts[to], 0);
        let message = Deliver {
            mailbox,
            id: message.id(&mailbox).unwrap(),
            position: 0,
            expires: 0,
            mention: false,
            message: Bounded::new(message.encode()).unwrap(),
        };
        self.input(to, Input::Delivered { relay, message });
    }

    /// Everything that was ever sent to a device's mailbox comes once more.
    pub fn deliver_again(&mut self, to: usize) {
        let mailbox = Mailbox::of(&self.accounts[to], 0);
        let all = self.mailboxes.get(&mailbox).cloned().unwrap_or_default();
        for (_, bytes) in all {
            let message = Message::decode(&mut bytes.as_slice()).unwrap();
            self.deliver(to, RelayId([0; 32]), &message);
        }
    }

    pub fn texts(&mut self, n: usize, with: Account) -> Vec<String> {
        let mut entries: Vec<Entry> = self.engine(n).messages(&with, u64::MAX, 1_000).unwrap();
        entries.reverse();
        entries
            .iter()
            .map(|entry| entry.text().unwrap_or_default())
            .collect()
    }

    pub fn entry(&mut self, n: usize, with: Account, id: &ContentId) -> Entry {
        self.engine(n).message(&with, id).unwrap().unwrap()
    }

    pub fn heard(&self, n: usize, is: impl Fn(&Event) -> bool) -> usize {
        let events = self.events.iter();
        events.filter(|(who, event)| *who == n && is(event)).count()
    }
}
