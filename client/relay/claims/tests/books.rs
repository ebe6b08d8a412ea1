//! What is taken, when it is handed out, what is given up: one relay, one sender, one recipient, no chain.

use std::{cell::Cell, collections::BTreeMap};

use parlance_primitives::{
    AccountId, Hash,
    accounts::DeviceId,
    relay::{
        Agenda, Clock, Correspondent, DayAllowance, Delivered, DeviceStanding, Fault, LatencyClass,
        NodeHash, OpenClaim, Period, RelayId, Root, Rules, Setting, receipt_statement,
        ticket_statement,
    },
};
use parlance_relay_claims::{
    Books, Deed, Error, Files, GivenUp, Occasion, Owner, Pushed, Receipt, Record, Refusal, State,
    Store, Ticket,
};
use sp_core::{Pair, ed25519};

const PERIOD: Period = 40;
const CAP: u64 = 1_000;

/// A journal in memory that can be made to fail.
#[derive(Debug, Default)]
struct Memory {
    journals: BTreeMap<Period, Vec<Record>>,
}

impl Store for Memory {
    type Error = std::convert::Infallible;

    fn periods(&self) -> Result<Vec<Period>, Self::Error> {
        Ok(self.journals.keys().copied().collect())
    }

    fn read(&self, period: Period) -> Result<Vec<Record>, Self::Error> {
        Ok(self.journals.get(&period).cloned().unwrap_or_default())
    }

    fn append(&mut self, period: Period, records: &[Record]) -> Result<(), Self::Error> {
        self.journals
            .entry(period)
            .or_default()
            .extend_from_slice(records);
        Ok(())
    }

    fn rewrite(&mut self, period: Period, records: &[Record]) -> Result<(), Self::Error> {
        self.journals.insert(period, records.to_vec());
        Ok(())
    }

    fn sync(&mut self, _: Period) -> Result<(), Self::Error> {
        Ok(())
    }

    fn remove(&mut self, period: Period) -> Result<(), Self::Error> {
        self.journals.remove(&period);
        Ok(())
    }
}

/// A state in which everybody has one device, and that can be silent or have lost them.
struct Known {
    device: ed25519::Public,
    silent: Cell<bool>,
    left: Cell<bool>,
}

#[derive(Debug, thiserror::Error)]
#[error("the state is silent")]
struct Silent;

impl State for Known {
    type Error = Silent;

    fn setting(&self, _: Period) -> Result<Option<Setting>, Silent> {
        if self.silent.get() {
            Err(Silent)
        } else {
            Ok(Some(setting()))
        }
    }

    fn correspondent(
        &self,
        _: &AccountId,
        _: DeviceId,
        _: Period,
    ) -> Result<Correspondent, Silent> {
        Ok(self.correspondent())
    }
}

impl Known {
    fn new() -> Self {
        Self {
            device: pair().public(),
            silent: Cell::new(false),
            left: Cell::new(false),
        }
    }

    fn correspondent(&self) -> Correspondent {
        let device = if self.left.get() {
            DeviceStanding::Left
        } else {
            DeviceStanding::OnRecord(self.device)
        };
        Correspondent {
            device,
            allowance: DayAllowance {
                free: u64::MAX,
                bought: 0,
                backed: true,
                firm: true,
            },
            mailbox_epoch: Some(0),
        }
    }
}

fn pair() -> ed25519::Pair {
    ed25519::Pair::from_seed(&[5; 32])
}

fn account(index: u8) -> AccountId {
    AccountId::from([index; 32])
}

fn owner() -> Owner {
    Owner {
        genesis: Hash::repeat_byte(1),
        account: account(1),
    }
}

fn id() -> RelayId {
    RelayId([7; 16])
}

/// One relay; a cap of [`CAP`] bytes.
fn setting() -> Setting {
    Setting {
        seed: [3; 32],
        rules: Rules {
            burst: 3,
            periods_per_day: 1,
            most_free: CAP,
            ..Rules::default()
        },
        roster: vec![id()],
    }
}

fn ticket(bytes: u64) -> Ticket {
    let Owner {
        genesis,
        account: relay,
    } = owner();
    let (sender, latency) = (account(2), LatencyClass(1));
    let statement = ticket_statement(&genesis, PERIOD, &relay, &sender, bytes, latency);
    Ticket {
        sender,
        device: DeviceId::of(&pair().public()),
        bytes,
        latency,
        signature: pair().sign(&statement),
    }
}

fn receipt(bytes: u64) -> Receipt {
    let Owner {
        genesis,
        account: relay,
    } = owner();
    let recipient = account(3);
    let delivered = Delivered {
        mailbox_epoch: 0,
        direct: bytes,
        fanned: 0,
        latency: LatencyClass(1),
    };
    let statement = receipt_statement(&genesis, PERIOD, &relay, &recipient, &delivered);
    Receipt {
        recipient,
        device: DeviceId::of(&pair().public()),
        delivered,
        signature: pair().sign(&statement),
        pushed: Pushed::all_of(&delivered),
    }
}

/// One over so many bytes, of which the relay knows to have delivered some in this run of it.
fn pushed(said: u64, run: u64, direct: u64) -> Receipt {
    Receipt {
        pushed: Pushed {
            run,
            direct,
            fanned: 1_000_000,
        },
        ..receipt(said)
    }
}

fn agenda(period: Period, claimable: bool) -> Agenda {
    Agenda {
        clock: Clock {
            period,
            begins: 100,
            ends: 120,
            claims_until: 110,
        },
        id: Some(id()),
        claimable: claimable.then(|| period - 1),
        open: Vec::new(),
        waiting: 0,
    }
}

fn take<S: Store>(books: &mut Books<S>, known: &Known, ticket: Ticket) -> Result<u64, Refusal> {
    let setting = setting();
    let occasion = Occasion {
        period: PERIOD,
        id: id(),
        setting: &setting,
    };
    books.take_ticket(&occasion, ticket, &known.correspondent())
}

fn take_receipt(
    books: &mut Books<Memory>,
    known: &Known,
    receipt: Receipt,
) -> Result<u64, Refusal> {
    let setting = setting();
    let occasion = Occasion {
        period: PERIOD,
        id: id(),
        setting: &setting,
    };
    books.take_receipt(&occasion, receipt, &known.correspondent())
}

fn open() -> Books<Memory> {
    Books::open(owner(), Memory::default()).unwrap()
}

/// All that is handed out in the window of the period after [`PERIOD`].
fn claims(books: &mut Books<Memory>, known: &Known) -> Vec<Deed> {
    let agenda = agenda(PERIOD + 1, true);
    let plans = (101..110).map(|next| books.plan(next, &agenda, known).unwrap());
    plans.flat_map(|plan| plan.deeds).collect()
}

#[test]
fn the_last_ticket_counts_up_to_the_cap() {
    let (mut books, known) = (open(), Known::new());
    assert_eq!(take(&mut books, &known, ticket(400)), Ok(400));
    assert_eq!(
        take(&mut books, &known, ticket(300)),
        Err(Refusal::NotMore { bytes: 400 })
    );
    assert_eq!(take(&mut books, &known, ticket(CAP + 500)), Ok(CAP));
    assert_eq!(books.ticketed(PERIOD, &account(2)), CAP + 500);
    let mut forged = ticket(CAP + 600);
    forged.bytes += 1;
    assert_eq!(
        take(&mut books, &known, forged),
        Err(Refusal::False(Fault::Signature))
    );
    known.left.set(true);
    let refused = take(&mut books, &known, ticket(CAP + 700));
    assert!(matches!(refused, Err(Refusal::Doubtful(_))));
    assert_eq!(books.counted(PERIOD), (CAP, 0));
}

/// C7: a sender may sign anew for each byte.
#[test]
fn a_journal_does_not_grow_with_signatures_of_one_account() {
    let folder = tempfile::tempdir().unwrap();
    let files = || Files::open(folder.path()).unwrap();
    let (mut books, known) = (Books::open(owner(), files()).unwrap(), Known::new());
    for bytes in 1..=3_000 {
        take(&mut books, &known, ticket(bytes)).unwrap();
        books.flush().unwrap();
    }
    let records = files().read(PERIOD).unwrap().len();
    assert!(records <= 1_100, "{records} records of one account");
    drop(books);
    let books = Books::open(owner(), files()).unwrap();
    assert_eq!(books.ticketed(PERIOD, &account(2)), 3_000);
}

#[test]
fn a_claim_closes_its_period_and_comes_again_unchanged() {
    let (mut books, known) = (open(), Known::new());
    take(&mut books, &known, ticket(400)).unwrap();
    take_receipt(&mut books, &known, receipt(300)).unwrap();
    let deeds = claims(&mut books, &known);
    assert!(deeds.len() >= 2, "{deeds:?}");
    assert!(deeds.iter().all(|deed| *deed == deeds[0]));
    let Deed::Claim {
        period,
        tickets,
        receipts,
    } = &deeds[0]
    else {
        panic!("{deeds:?}");
    };
    assert_eq!((*period, tickets.bytes, receipts.bytes), (PERIOD, 400, 300));
    assert_eq!(
        take(&mut books, &known, ticket(500)),
        Err(Refusal::Closed(PERIOD))
    );
}

#[test]
fn who_left_before_the_claim_is_not_in_it() {
    let (mut books, known) = (open(), Known::new());
    take(&mut books, &known, ticket(400)).unwrap();
    take_receipt(&mut books, &known, receipt(300)).unwrap();
    known.left.set(true);
    let nothing = Deed::Claim {
        period: PERIOD,
        tickets: Root::default(),
        receipts: Root::default(),
    };
    assert_eq!(claims(&mut books, &known)[0], nothing);
}

#[test]
fn a_silent_state_costs_blocks_and_no_claim() {
    let (mut books, known) = (open(), Known::new());
    take(&mut books, &known, ticket(400)).unwrap();
    known.silent.set(true);
    let agenda = agenda(PERIOD + 1, true);
    for next in 101..106 {
        let failed = books.plan(next, &agenda, &known);
        assert!(matches!(failed, Ok(_) | Err(Error::Chain(Silent))));
    }
    assert!(books.plan(106, &agenda, &known).is_err());
    known.silent.set(false);
    let plan = books.plan(107, &agenda, &known).unwrap();
    assert_eq!(plan.deeds.len(), 1);
}

#[test]
fn nothing_is_handed_out_when_nothing_is_due() {
    let (mut books, known) = (open(), Known::new());
    take(&mut books, &known, ticket(400)).unwrap();
    let agenda = agenda(PERIOD + 1, false);
    for next in 101..120 {
        assert!(books.plan(next, &agenda, &known).unwrap().deeds.is_empty());
    }
    assert_eq!(take(&mut books, &known, ticket(500)), Ok(500), "still open");
}

#[test]
fn a_claim_whose_trees_are_lost_is_given_up_once() {
    let (mut books, known) = (open(), Known::new());
    let mut agenda = agenda(PERIOD + 2, false);
    agenda.open.push(OpenClaim {
        period: PERIOD,
        tickets: Root {
            hash: NodeHash([1; 24]),
            bytes: 9,
        },
        receipts: Root {
            hash: NodeHash([2; 24]),
            bytes: 9,
        },
        challenge: None,
        until: 200,
    });
    let plan = books.plan(101, &agenda, &known).unwrap();
    assert_eq!(plan.given_up, [(PERIOD, GivenUp::Lost)]);
    let plan = books.plan(102, &agenda, &known).unwrap();
    assert!(plan.given_up.is_empty());
}

#[test]
fn what_was_not_claimed_is_forgotten_and_said() {
    let (mut books, known) = (open(), Known::new());
    take(&mut books, &known, ticket(400)).unwrap();
    let lost = books.forget(&agenda(PERIOD + 1, true)).unwrap();
    assert!(lost.is_empty());
    let lost = books.forget(&agenda(PERIOD + 2, true)).unwrap();
    assert_eq!(lost, [(PERIOD, GivenUp::NotClaimed)]);
    assert_eq!(
        take(&mut books, &known, ticket(500)),
        Err(Refusal::Closed(PERIOD))
    );
}

/// C9: at whatever a recipient signs, no more is counted than what the relay has delivered.
#[test]
fn a_receipt_counts_what_was_delivered() {
    let (mut books, known) = (open(), Known::new());
    let mut take = |receipt| take_receipt(&mut books, &known, receipt);
    assert_eq!(take(pushed(1 << 60, 1, 0)), Ok(0), "nothing is kept of it");
    assert_eq!(take(pushed(1 << 60, 1, 300)), Ok(300));
    // The same word again, and a larger one, change nothing until more is delivered.
    let no_news = Err(Refusal::NotMore { bytes: 300 });
    assert_eq!(take(pushed(1 << 60, 1, 300)), no_news);
    assert_eq!(take(pushed(u64::MAX, 1, 300)), no_news);
    assert_eq!(take(pushed(1 << 60, 1, 400)), Ok(400));
    // Nor is more counted than what was signed.
    assert_eq!(take(pushed(450, 1, 500)), Ok(450));
    assert_eq!(books.counted(PERIOD), (0, 450));
}

/// C9: a relay that begins again goes on from what it had counted, and a recipient gains nothing by it.
#[test]
fn another_run_goes_on_from_what_was_counted() {
    let (mut books, known) = (open(), Known::new());
    assert_eq!(
        take_receipt(&mut books, &known, pushed(500, 1, 400)),
        Ok(400)
    );
    // What is delivered is counted from nothing again, twice.
    for (run, kept) in [(2, 430), (3, 460)] {
        let take = |books: &mut Books<Memory>, said, direct| {
            take_receipt(books, &known, pushed(said, run, direct))
        };
        let before = Refusal::NotMore { bytes: kept - 30 };
        assert_eq!(take(&mut books, 1 << 40, 0), Err(before));
        assert_eq!(take(&mut books, 1 << 40, 10), Ok(kept - 20));
        assert_eq!(take(&mut books, 1 << 40, 30), Ok(kept));
    }
    assert_eq!(books.counted(PERIOD), (0, 460));
}

/// C9: what one device of an account was given is no base for another one.
#[test]
fn another_device_counts_for_itself() {
    let (mut books, known) = (open(), Known::new());
    assert_eq!(
        take_receipt(&mut books, &known, pushed(500, 1, 400)),
        Ok(400)
    );
    let other = |said, direct| Receipt {
        device: DeviceId([9; 16]),
        ..pushed(said, 1, direct)
    };
    let no_news = Err(Refusal::NotMore { bytes: 400 });
    assert_eq!(
        take_receipt(&mut books, &known, other(1 << 40, 100)),
        no_news
    );
    assert_eq!(
        take_receipt(&mut books, &known, other(1 << 40, 410)),
        Ok(410)
    );
    assert_eq!(
        take_receipt(&mut books, &known, pushed(1 << 40, 1, 420)),
        Ok(420)
    );
}
