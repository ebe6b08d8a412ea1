//! What relays send of their work: tickets and receipts that they collected, claims, and openings of claims.

use crate::{Target, decoded};
use codec::{Compact, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use parlance_primitives::{
    AccountId, Hash,
    accounts::DeviceId,
    relay::{
        DRAWS, DayAllowance, Delivered, DeviceStanding, HASH, INGRESS, LatencyClass, Leaf, MAILBOX,
        MAX_OPENING, Malformed, NodeHash, Opened, Period, ReceiptLeaf, RelayId, Root, Rules, Scene,
        Side, TicketLeaf, Tree, cap, carried, check_receipt, check_ticket, credited,
        ingress_places, is_near, mailbox_of, positions, receipt_statement, ticket_statement,
        verify,
    },
};
use sp_core::{Pair, ed25519};
use sp_runtime::Perbill;
use std::sync::LazyLock;

/// A byte that chooses the decoder, and its input.
pub const RELAY: Target = Target {
    name: "relay",
    seeds,
    run: relay,
};

type Ticket = TicketLeaf<AccountId>;
type Receipt = ReceiptLeaf<AccountId>;
/// As it stands in the call that opens a claim: that of the tickets, then that of the receipts.
type Opening = BoundedVec<u8, ConstU32<MAX_OPENING>>;

const PERIOD: Period = 40;
const SEED: [u8; 32] = [5; 32];
const GENESIS: Hash = Hash::repeat_byte(0x11);
/// The recipient's, now.
const MAILBOX_EPOCH: u32 = 3;
const ALLOWANCE: DayAllowance = DayAllowance {
    free: 1 << 30,
    bought: 0,
    backed: true,
    firm: true,
};

static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);

fn relay(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    match kind % 6 {
        0 => ticket(bytes),
        1 => receipt(bytes),
        2 => claim(bytes),
        3 => opening(bytes),
        4 => any_opening(bytes),
        _ => rules(bytes),
    }
}

/// Proven is the ticket that was signed, and what a relay may count of it.
fn ticket(bytes: &[u8]) {
    let Some(leaf) = decoded::<Ticket>(bytes) else {
        return;
    };
    let stage = &*STAGE;
    let device = stage.standing(&stage.ticket.sender, &leaf.sender, leaf.device);
    let proven = check_ticket(
        &stage.scene(),
        &opened(leaf.clone()),
        device,
        &ALLOWANCE,
        signed,
    );
    if proven.is_ok() {
        let most = cap(&ALLOWANCE, &stage.rules).min(stage.ticket.bytes);
        assert!(leaf.counted <= most, "a ticket counts too much");
        let counted = leaf.counted;
        let genuine = stage.ticket.clone();
        assert_eq!(leaf, Ticket { counted, ..genuine }, "nobody signed it");
    }
}

/// The same of a receipt.
fn receipt(bytes: &[u8]) {
    let Some(leaf) = decoded::<Receipt>(bytes) else {
        return;
    };
    let stage = &*STAGE;
    let device = stage.standing(&stage.receipt.recipient, &leaf.recipient, leaf.device);
    let opened = opened(leaf.clone());
    if check_receipt(&stage.scene(), &opened, device, MAILBOX_EPOCH, signed).is_ok() {
        let most = stage.receipt.delivered.worth(stage.rules.fan_out);
        assert!(leaf.counted <= most, "a receipt counts too much");
        let counted = leaf.counted;
        let genuine = stage.receipt.clone();
        assert_eq!(leaf, Receipt { counted, ..genuine }, "nobody signed it");
    }
}

/// Whatever is claimed, what is drawn lies in the tree, and nothing is drawn in an empty one.
fn claim(bytes: &[u8]) {
    let Some((period, tickets, receipts)) = decoded::<(Period, Root, Root)>(bytes) else {
        return;
    };
    for (side, root) in [(Side::Tickets, tickets), (Side::Receipts, receipts)] {
        let drawn = positions(&SEED, period, &STAGE.relay, side, &root);
        assert!(drawn.is_sorted());
        assert!(drawn.iter().all(|position| *position < root.bytes.max(1)));
        if root.bytes == 0 {
            let read = verify::<Ticket>(&root, &drawn, &mut &bytes[..]);
            assert_eq!(read, Err(Malformed::NoPosition));
        }
    }
}

/// A claim opens to what its relay committed to, and in one way.
fn opening(bytes: &[u8]) {
    let Some(opening) = decoded::<Opening>(bytes) else {
        return;
    };
    assert!(bytes.len() <= Opening::max_encoded_len());
    let stage = &*STAGE;
    let mut rest = &opening[..];
    let tickets = verify::<Ticket>(&stage.tickets.root(), &stage.drawn.0, &mut rest);
    let receipts = tickets.is_ok()
        && verify::<Receipt>(&stage.receipts.root(), &stage.drawn.1, &mut rest).is_ok();
    let believed = receipts && rest.is_empty();
    assert_eq!(
        believed,
        opening[..] == stage.opening,
        "not what was opened"
    );
}

/// Openings of trees as a relay that lies may build them.
fn any_opening(bytes: &[u8]) {
    let Some((root, drawn, opening)) = decoded::<(Root, Vec<u64>, Vec<u8>)>(bytes) else {
        return;
    };
    let mut rest = &opening[..];
    let Ok(opened) = verify::<Ticket>(&root, &drawn, &mut rest) else {
        return;
    };
    assert!(rest.len() < opening.len());
    assert!(opened.iter().all(|one| one.draws > 0));
    let draws: u32 = opened.iter().map(|one| one.draws).sum();
    assert_eq!(draws as usize, drawn.len(), "a position is not covered");
    let stands_for = opened
        .iter()
        .try_fold(0u64, |sum, one| sum.checked_add(one.bytes));
    assert!(stands_for.is_some_and(|bytes| bytes <= root.bytes));
}

/// Any rules and amounts: nothing overflows, and nothing counts for more than it is.
fn rules(bytes: &[u8]) {
    type Amounts = (u64, u64, bool);
    let Some((rules, (free, bought, backed))) = decoded::<(Rules, Amounts)>(bytes) else {
        return;
    };
    let allowance = DayAllowance {
        free,
        bought,
        backed,
        firm: true,
    };
    let most = carried(u64::MAX, &allowance, &rules);
    assert!(cap(&allowance, &rules) <= most);
    assert!(carried(free, &allowance, &rules) <= free.min(most));
    let delivered = Delivered {
        mailbox_epoch: 0,
        direct: free,
        fanned: bought,
        latency: LatencyClass::SLOWEST,
    };
    assert!((free..=free.saturating_add(bought)).contains(&delivered.worth(rules.fan_out)));
    assert!(credited(free, rules.burst) <= free);
}

/// A relay with two correspondents whose ticket and receipt it may claim for, and one claim of it.
struct Stage {
    relay: AccountId,
    id: RelayId,
    roster: Vec<RelayId>,
    rules: Rules,
    device: ed25519::Pair,
    ticket: Ticket,
    receipt: Receipt,
    tickets: Tree<Ticket>,
    receipts: Tree<Receipt>,
    /// In both trees.
    drawn: ([u64; DRAWS], [u64; DRAWS]),
    opening: Vec<u8>,
}

impl Stage {
    fn new() -> Self {
        let relay = account(3);
        let id_of = |n| RelayId::given(&[1; 32], &account(n));
        let id = id_of(3);
        let mut roster: Vec<_> = (0..12).map(id_of).collect();
        roster.sort_unstable();
        let device = ed25519::Pair::from_seed(&[7; 32]);
        let ticket = signed_ticket(&relay, &sender(id, &roster), &device);
        let receipt = signed_receipt(&relay, &recipient(id, &roster), &device);
        let tickets = tree_with(&ticket, |sender, ticket| ticket.sender = sender);
        let receipts = tree_with(&receipt, |recipient, receipt| receipt.recipient = recipient);
        let draw = |side, root| positions(&SEED, PERIOD, &relay, side, &root);
        let drawn = (
            draw(Side::Tickets, tickets.root()),
            draw(Side::Receipts, receipts.root()),
        );
        Self {
            opening: [tickets.open(&drawn.0), receipts.open(&drawn.1)].concat(),
            rules: Rules {
                burst: 4,
                periods_per_day: 288,
                most_free: 4 << 20,
                most_free_newcomer: 0,
                fan_out: Perbill::from_percent(10),
            },
            relay,
            id,
            roster,
            device,
            ticket,
            receipt,
            tickets,
            receipts,
            drawn,
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

    /// Where a device of `who` stands if only `known` has one.
    fn standing(&self, known: &AccountId, who: &AccountId, device: DeviceId) -> DeviceStanding {
        let key = self.device.public();
        if who == known && device == DeviceId::of(&key) {
            DeviceStanding::OnRecord(key)
        } else {
            DeviceStanding::Stranger
        }
    }
}

fn account(number: u32) -> AccountId {
    AccountId::new(sp_io::hashing::blake2_256(&number.to_le_bytes()))
}

/// Who may send through the relay.
fn sender(id: RelayId, roster: &[RelayId]) -> AccountId {
    let relays = roster.len() as u32;
    let is_drawn = |who: &AccountId| {
        let places = ingress_places(&SEED, PERIOD, who, relays);
        assert_eq!(places.len(), INGRESS);
        places.iter().any(|place| roster[*place as usize] == id)
    };
    let found = (0..).map(account).find(is_drawn);
    found.expect("each relay is drawn for every fourth sender")
}

/// Whose mailbox the relay keeps.
fn recipient(id: RelayId, roster: &[RelayId]) -> AccountId {
    let is_near = |who: &AccountId| is_near(roster, id, mailbox_of(who, MAILBOX_EPOCH), MAILBOX);
    let found = (0..).map(account).find(is_near);
    found.expect("each relay keeps five mailboxes of twelve")
}

fn signed_ticket(relay: &AccountId, sender: &AccountId, device: &ed25519::Pair) -> Ticket {
    let (bytes, latency) = (9_000, LatencyClass(2));
    let statement = ticket_statement(&GENESIS, PERIOD, relay, sender, bytes, latency);
    TicketLeaf {
        sender: sender.clone(),
        device: DeviceId::of(&device.public()),
        counted: bytes,
        bytes,
        latency,
        signature: device.sign(&statement),
    }
}

fn signed_receipt(relay: &AccountId, recipient: &AccountId, device: &ed25519::Pair) -> Receipt {
    let delivered = Delivered {
        mailbox_epoch: MAILBOX_EPOCH,
        direct: 1_000,
        fanned: 500,
        latency: LatencyClass(1),
    };
    let statement = receipt_statement(&GENESIS, PERIOD, relay, recipient, &delivered);
    ReceiptLeaf {
        recipient: recipient.clone(),
        device: DeviceId::of(&device.public()),
        counted: delivered.direct,
        delivered,
        signature: device.sign(&statement),
    }
}

/// The leaf of one account among those of forty others.
fn tree_with<L: Leaf + Clone>(genuine: &L, rename: impl Fn(AccountId, &mut L)) -> Tree<L> {
    let others = (1_000..1_040).map(|number| {
        let mut leaf = genuine.clone();
        rename(account(number), &mut leaf);
        leaf
    });
    let leaves = others.chain([genuine.clone()]).collect();
    Tree::new(leaves).expect("accounts with random names make a tree")
}

fn opened<L: Leaf>(leaf: L) -> Opened<L> {
    Opened {
        draws: 1,
        bytes: leaf.counted(),
        in_place: true,
        leaf,
    }
}

fn signed(signature: &ed25519::Signature, message: &[u8], key: &ed25519::Public) -> bool {
    ed25519::Pair::verify(signature, message, key)
}

/// A tree of one leaf at two places, as a relay builds it that counts a ticket twice.
fn twice(leaf: &Ticket) -> (Root, Vec<u64>, Vec<u8>) {
    let half = Root {
        hash: leaf.hash(),
        bytes: leaf.counted,
    };
    let hash = sp_io::hashing::blake2_256(&(b"parlance/relay-branch/1", half, half).encode());
    let mut first = [0; HASH];
    first.copy_from_slice(&hash[..HASH]);
    let root = Root {
        hash: NodeHash(first),
        bytes: 2 * leaf.counted,
    };
    let one = (Compact(0u64), leaf).encode();
    let opening = [Compact(leaf.counted + 1).encode(), one.clone(), one].concat();
    (root, vec![10, leaf.counted, root.bytes - 1], opening)
}

fn seeds() -> Vec<Vec<u8>> {
    let stage = &*STAGE;
    let (tickets, receipts) = (stage.tickets.root(), stage.receipts.root());
    let honest = (
        tickets,
        stage.drawn.0.to_vec(),
        stage.tickets.open(&stage.drawn.0),
    );
    let one = Ticket {
        counted: 1,
        ..stage.ticket.clone()
    };
    vec![
        (0u8, &stage.ticket).encode(),
        (0u8, one).encode(),
        (1u8, &stage.receipt).encode(),
        (2u8, (PERIOD, tickets, receipts)).encode(),
        (2u8, (PERIOD, Root::default(), receipts)).encode(),
        (3u8, &stage.opening).encode(),
        (4u8, honest).encode(),
        (4u8, twice(&stage.ticket)).encode(),
        (5u8, stage.rules, (1u64 << 30, 5u64, true)).encode(),
        (5u8, Rules::default(), (u64::MAX, u64::MAX, false)).encode(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_genuine_ticket_and_receipt_are_proven() {
        let stage = &*STAGE;
        let device = DeviceStanding::OnRecord(stage.device.public());
        let ticket = opened(stage.ticket.clone());
        let proven = check_ticket(&stage.scene(), &ticket, device, &ALLOWANCE, signed);
        assert_eq!(proven, Ok(()));
        let receipt = opened(stage.receipt.clone());
        let proven = check_receipt(&stage.scene(), &receipt, device, MAILBOX_EPOCH, signed);
        assert_eq!(proven, Ok(()));
    }

    #[test]
    fn seeds_are_what_the_decoders_take() {
        assert!(decoded::<Ticket>(&seeds()[0][1..]).is_some());
        assert!(decoded::<Receipt>(&seeds()[2][1..]).is_some());
        assert!(decoded::<(Period, Root, Root)>(&seeds()[3][1..]).is_some());
        assert!(decoded::<Opening>(&seeds()[5][1..]).is_some());
        assert!(decoded::<(Rules, (u64, u64, bool))>(&seeds()[8][1..]).is_some());
        let (root, drawn, opening) = twice(&STAGE.ticket);
        let opened = verify::<Ticket>(&root, &drawn, &mut &opening[..]).unwrap();
        assert_eq!(opened.len(), 2);
        assert_ne!(opened[0].in_place, opened[1].in_place);
    }
}
