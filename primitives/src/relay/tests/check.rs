//! Every way in which a leaf is proven, false or in doubt.

use super::*;
use sp_runtime::Perbill;

const PERIOD: Period = 40;
const SEED: Seed = [5; 32];

/// A stage with twelve relays, of which one is judged.
struct Stage {
    relay: AccountId,
    id: RelayId,
    roster: Vec<RelayId>,
    rules: Rules,
}

impl Stage {
    fn new() -> Self {
        let ids = |n: u32| RelayId::given(&[1; 32], &account(n));
        let mut roster: Vec<_> = (0..12).map(ids).collect();
        roster.sort_unstable();
        Self {
            relay: account(3),
            id: ids(3),
            roster,
            rules: Rules {
                burst: 4,
                periods_per_day: 288,
                most_free: 4 << 20,
                most_free_newcomer: 0,
                fan_out: Perbill::from_percent(10),
            },
        }
    }

    fn scene(&self) -> Scene<'_, AccountId> {
        Scene {
            genesis: &GENESIS,
            period: PERIOD,
            relay: &self.relay,
            id: self.id,
            roster: &self.roster,
            seed: &SEED,
            rules: &self.rules,
        }
    }

    fn is_ingress(&self, person: u32) -> bool {
        let own = self.roster.binary_search(&self.id).unwrap() as u32;
        ingress_places(&SEED, PERIOD, &account(person), 12).contains(&own)
    }

    fn is_mailbox(&self, person: u32) -> bool {
        is_near(
            &self.roster,
            self.id,
            mailbox_of(&account(person), 3),
            MAILBOX,
        )
    }

    fn sender(&self) -> u32 {
        (0..).find(|person| self.is_ingress(*person)).unwrap()
    }

    fn recipient(&self) -> u32 {
        (0..).find(|person| self.is_mailbox(*person)).unwrap()
    }

    fn judge_ticket(
        &self,
        leaf: TicketLeaf<AccountId>,
        standing: DeviceStanding,
    ) -> Result<(), Flaw> {
        self.judge_opened(opened(leaf), standing, &ALLOWANCE)
    }

    fn judge_opened(
        &self,
        opened: Opened<TicketLeaf<AccountId>>,
        standing: DeviceStanding,
        allowance: &DayAllowance,
    ) -> Result<(), Flaw> {
        check_ticket(&self.scene(), &opened, standing, allowance, verifies)
    }

    fn judge_receipt(
        &self,
        leaf: ReceiptLeaf<AccountId>,
        standing: DeviceStanding,
        epoch: u32,
    ) -> Result<(), Flaw> {
        check_receipt(
            &self.scene(),
            &opened_receipt(leaf),
            standing,
            epoch,
            verifies,
        )
    }
}

const ALLOWANCE: DayAllowance = DayAllowance {
    free: 1 << 30,
    bought: 0,
    backed: true,
    firm: true,
};

fn verifies(signature: &ed25519::Signature, message: &[u8], key: &ed25519::Public) -> bool {
    ed25519::Pair::verify(signature, message, key)
}

fn opened(leaf: TicketLeaf<AccountId>) -> Opened<TicketLeaf<AccountId>> {
    Opened {
        draws: 1,
        bytes: leaf.counted,
        in_place: true,
        leaf,
    }
}

fn opened_receipt(leaf: ReceiptLeaf<AccountId>) -> Opened<ReceiptLeaf<AccountId>> {
    Opened {
        draws: 1,
        bytes: leaf.counted,
        in_place: true,
        leaf,
    }
}

fn on_record(person: u32) -> DeviceStanding {
    DeviceStanding::OnRecord(device(person).public())
}

fn signed_ticket(
    relay: &AccountId,
    person: u32,
    period: Period,
    bytes: u64,
) -> TicketLeaf<AccountId> {
    let latency = LatencyClass(2);
    let statement = ticket_statement(&GENESIS, period, relay, &account(person), bytes, latency);
    TicketLeaf {
        signature: device(person).sign(&statement),
        ..ticket(person, bytes)
    }
}

fn signed_receipt(relay: &AccountId, person: u32, delivered: Delivered) -> ReceiptLeaf<AccountId> {
    let statement = receipt_statement(&GENESIS, PERIOD, relay, &account(person), &delivered);
    ReceiptLeaf {
        signature: device(person).sign(&statement),
        delivered,
        ..receipt(person, delivered.direct)
    }
}

const DELIVERED: Delivered = Delivered {
    mailbox_epoch: 3,
    direct: 1_000,
    fanned: 500,
    latency: LatencyClass(1),
};

#[test]
fn an_honest_ticket_is_proven() {
    let stage = Stage::new();
    let sender = stage.sender();
    let leaf = signed_ticket(&stage.relay, sender, PERIOD, 9_000);
    assert_eq!(stage.judge_ticket(leaf.clone(), on_record(sender)), Ok(()));
    // A relay may count less than what was signed.
    let less = TicketLeaf { counted: 1, ..leaf };
    assert_eq!(stage.judge_ticket(less, on_record(sender)), Ok(()));
}

#[test]
fn every_false_ticket_has_its_fault() {
    let stage = Stage::new();
    let sender = stage.sender();
    let leaf = signed_ticket(&stage.relay, sender, PERIOD, 9_000);
    let judge = |leaf| stage.judge_ticket(leaf, on_record(sender));
    let is = |fault: Fault| Err(Flaw::False(fault));

    let more = TicketLeaf {
        counted: 9_001,
        ..leaf.clone()
    };
    assert_eq!(judge(more), is(Fault::MoreThanSigned));
    let invented = TicketLeaf {
        counted: 9_001,
        bytes: 9_001,
        ..leaf.clone()
    };
    assert_eq!(judge(invented), is(Fault::Signature));
    let faster = TicketLeaf {
        latency: LatencyClass(0),
        ..leaf.clone()
    };
    assert_eq!(judge(faster), is(Fault::Signature));
    let earlier = signed_ticket(&stage.relay, sender, PERIOD - 1, 9_000);
    assert_eq!(judge(earlier), is(Fault::Signature));
    let elsewhere = signed_ticket(&account(4), sender, PERIOD, 9_000);
    assert_eq!(judge(elsewhere), is(Fault::Signature));

    let outsider = (0..).find(|person| !stage.is_ingress(*person)).unwrap();
    let foreign = signed_ticket(&stage.relay, outsider, PERIOD, 9_000);
    assert_eq!(
        stage.judge_ticket(foreign, on_record(outsider)),
        is(Fault::NotIngress)
    );
    assert_eq!(
        stage.judge_ticket(leaf.clone(), on_record(sender + 1)),
        is(Fault::Signature)
    );
    assert_eq!(
        stage.judge_ticket(leaf.clone(), DeviceStanding::Stranger),
        is(Fault::Stranger)
    );

    let moved = Opened {
        in_place: false,
        ..opened(leaf.clone())
    };
    assert_eq!(
        stage.judge_opened(moved, on_record(sender), &ALLOWANCE),
        is(Fault::Misplaced)
    );
    let other = Opened {
        bytes: 9_001,
        ..opened(leaf.clone())
    };
    assert_eq!(
        stage.judge_opened(other, on_record(sender), &ALLOWANCE),
        is(Fault::WrongSum)
    );
    let none = DayAllowance {
        backed: false,
        ..ALLOWANCE
    };
    assert_eq!(
        stage.judge_opened(opened(leaf), on_record(sender), &none),
        is(Fault::OverCap)
    );
}

#[test]
fn a_relay_outside_of_the_roster_is_nobodys_ingress() {
    let mut stage = Stage::new();
    let leaf = signed_ticket(&stage.relay, stage.sender(), PERIOD, 9_000);
    let sender = stage.sender();
    stage.roster.retain(|id| *id != stage.id);
    let verdict = stage.judge_ticket(leaf, on_record(sender));
    assert_eq!(verdict, Err(Fault::NotIngress.into()));
}

#[test]
fn what_others_changed_since_is_in_doubt() {
    let stage = Stage::new();
    let sender = stage.sender();
    let leaf = signed_ticket(&stage.relay, sender, PERIOD, 9_000);
    assert_eq!(
        stage.judge_ticket(leaf.clone(), DeviceStanding::Left),
        Err(Doubt::DeviceLeft.into())
    );
    let past = DayAllowance {
        free: 5,
        firm: false,
        ..ALLOWANCE
    };
    assert_eq!(
        stage.judge_opened(opened(leaf), on_record(sender), &past),
        Err(Doubt::PastAllowance.into())
    );
    let recipient = stage.recipient();
    let leaf = signed_receipt(&stage.relay, recipient, DELIVERED);
    assert_eq!(
        stage.judge_receipt(leaf, DeviceStanding::Left, 0),
        Err(Doubt::DeviceLeft.into())
    );
}

#[test]
fn an_honest_receipt_is_proven_also_after_the_mailbox_moved() {
    let stage = Stage::new();
    let recipient = stage.recipient();
    let leaf = signed_receipt(&stage.relay, recipient, DELIVERED);
    assert_eq!(
        stage.judge_receipt(leaf.clone(), on_record(recipient), 3),
        Ok(())
    );
    assert_eq!(
        stage.judge_receipt(leaf.clone(), on_record(recipient), 9),
        Ok(())
    );
    let all = ReceiptLeaf {
        counted: 1_050,
        ..leaf
    };
    assert_eq!(stage.judge_receipt(all, on_record(recipient), 3), Ok(()));
}

#[test]
fn every_false_receipt_has_its_fault() {
    let stage = Stage::new();
    let recipient = stage.recipient();
    let leaf = signed_receipt(&stage.relay, recipient, DELIVERED);
    let judge = |leaf| stage.judge_receipt(leaf, on_record(recipient), 3);
    let is = |fault: Fault| Err(Flaw::False(fault));

    let more = ReceiptLeaf {
        counted: 1_051,
        ..leaf.clone()
    };
    assert_eq!(judge(more), is(Fault::MoreThanSigned));
    let faster = Delivered {
        latency: LatencyClass(0),
        ..DELIVERED
    };
    let faster = ReceiptLeaf {
        delivered: faster,
        ..leaf.clone()
    };
    assert_eq!(judge(faster), is(Fault::Signature));
    let elsewhere = signed_receipt(&account(4), recipient, DELIVERED);
    assert_eq!(judge(elsewhere), is(Fault::Signature));
    assert_eq!(
        stage.judge_receipt(leaf.clone(), on_record(recipient), 2),
        is(Fault::NotMailbox)
    );
    assert_eq!(
        stage.judge_receipt(leaf, DeviceStanding::Stranger, 3),
        is(Fault::Stranger)
    );

    let outsider = (0..).find(|person| !stage.is_mailbox(*person)).unwrap();
    let foreign = signed_receipt(&stage.relay, outsider, DELIVERED);
    assert_eq!(
        stage.judge_receipt(foreign, on_record(outsider), 3),
        is(Fault::NotMailbox)
    );
}

#[test]
fn the_cap_is_a_third_of_a_bursts_allowance() {
    let rules = Stage::new().rules;
    // 4 MiB a day free at most, four periods' worth of 288, a third.
    assert_eq!(cap(&ALLOWANCE, &rules), (4 << 20) * 4 / (3 * 288));
    let little = DayAllowance {
        free: 864,
        ..ALLOWANCE
    };
    assert_eq!(cap(&little, &rules), 4);
    let bought = DayAllowance {
        free: 0,
        bought: 1 << 30,
        ..ALLOWANCE
    };
    assert_eq!(cap(&bought, &rules), (1 << 30) * 4 / (3 * 288));
    let newcomer = DayAllowance {
        backed: false,
        ..ALLOWANCE
    };
    assert_eq!(cap(&newcomer, &rules), 0);
    assert_eq!(cap(&ALLOWANCE, &Rules::default()), 0);
    let most = DayAllowance {
        free: u64::MAX,
        bought: u64::MAX,
        ..ALLOWANCE
    };
    let loose = Rules {
        burst: u32::MAX,
        periods_per_day: 1,
        most_free: u64::MAX,
        ..rules
    };
    assert_eq!(cap(&most, &loose), u64::MAX);
}

#[test]
fn what_was_carried_is_bounded_by_the_whole_allowance() {
    let rules = Stage::new().rules;
    let whole = (1 << 30) * 4 / (3 * 288);
    assert_eq!(carried(5, &ALLOWANCE, &rules), 5);
    assert_eq!(carried(u64::MAX, &ALLOWANCE, &rules), whole);
    let newcomer = DayAllowance {
        backed: false,
        ..ALLOWANCE
    };
    assert_eq!(carried(u64::MAX, &newcomer, &rules), whole);
}

#[test]
fn a_doubt_takes_twice_its_part() {
    assert_eq!(credited(8_000, 0), 8_000);
    assert_eq!(credited(8_000, 1), 6_000);
    assert_eq!(credited(8_000, 4), 0);
    assert_eq!(credited(8_000, u32::MAX), 0);
    assert_eq!(credited(MAX_BYTES, 0), MAX_BYTES);
    assert_eq!(credited(7, 1), 5);
}
