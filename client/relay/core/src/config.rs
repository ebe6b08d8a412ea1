//! Bounds and times of a relay. Times are milliseconds.

/// Relays that keep a mailbox: the nearest to it.
pub const SET: usize = 5;

/// What a relay is set to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Bounds.
    pub limits: Limits,
    /// Times.
    pub timings: Timings,
}

/// How much a relay takes, and from whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Relays of a set that must have a message on disk before its sender hears so; more than half of a smaller set.
    pub quorum: usize,
    /// Messages that wait in one mailbox.
    pub mailbox_messages: u64,
    /// Their bytes.
    pub mailbox_bytes: u64,
    /// Messages of one sender in one period.
    pub sender_messages: u64,
    /// Their bytes.
    pub sender_bytes: u64,
    /// Messages of one sender to one mailbox in one period.
    pub pair_messages: u64,
    /// Their bytes.
    pub pair_bytes: u64,
    /// What a copy for a member of a group is charged, in thousandths of its bytes.
    pub group_price: u64,
    /// Senders, and pairs of sender and mailbox, that are counted in a period. More senders are refused.
    pub counted: usize,
    /// Messages, with deleted ones that are remembered, of the whole relay.
    pub messages: u64,
    /// Bytes of the whole relay.
    pub bytes: u64,
    /// Writes that wait for relays of their set.
    pub writes: usize,
    /// Bytes of their messages.
    pub write_bytes: u64,
    /// Requests with entries on their way to one relay, beyond which entries for it are gathered.
    pub requests: usize,
    /// Messages on their way to one subscriber.
    pub window_messages: usize,
    /// Their bytes, after the first.
    pub window_bytes: u64,
    /// Subscriptions of one mailbox.
    pub subscriptions: usize,
    /// Presence records.
    pub presences: usize,
    /// Presence records under new keys that one account may publish in one period: some for each contact of each of its devices.
    pub account_presences: u64,
    /// One-time prekeys of one device and use.
    pub prekeys: usize,
    /// One-time prekeys of one account that another one gets in one period: some for each of their devices.
    pub pair_prekeys: u64,
    /// Devices, by use, whose prekeys are kept.
    pub prekey_owners: usize,
    /// Groups whose order is kept.
    pub groups: usize,
    /// Records of one group; older ones go.
    pub group_records: usize,
    /// Offers that wait for one group.
    pub group_offers: usize,
    /// Groups that one connection may have entered.
    pub group_entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            quorum: 3,
            mailbox_messages: 10_000,
            mailbox_bytes: 64 << 20,
            sender_messages: 3_000,
            sender_bytes: 16 << 20,
            pair_messages: 1_000,
            pair_bytes: 8 << 20,
            group_price: 100,
            counted: 200_000,
            messages: 20_000_000,
            bytes: 64 << 30,
            writes: 65_536,
            write_bytes: 256 << 20,
            requests: 2,
            window_messages: 64,
            window_bytes: 256 << 10,
            subscriptions: 16,
            presences: 100_000,
            account_presences: 512,
            prekeys: 256,
            pair_prekeys: 32,
            prekey_owners: 1_000_000,
            groups: 100_000,
            group_records: 1_000,
            group_offers: 64,
            group_entries: 256,
        }
    }
}

/// How long things take, and are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    /// Between two probes of a relay.
    pub probe: u64,
    /// A relay that was not heard for so long counts as dead.
    pub dead: u64,
    /// Between two attempts to write to a relay.
    pub retry: u64,
    /// A relay that did not store a message within this time gets a stand-in.
    pub stand_in: u64,
    /// After this a write without quorum has failed, and one with quorum is left to reconciliation.
    pub write: u64,
    /// Between two reconciliations.
    pub reconcile: u64,
    /// Between two rounds of handing over.
    pub hand_over: u64,
    /// A subscriber that acknowledges nothing for so long is cut off.
    pub slow_reader: u64,
    /// For how long a message is kept that nobody fetches.
    pub retention: u64,
    /// For how long its owner may keep it.
    pub longest: u64,
    /// By how much the clocks of two relays may differ: a message is thrown away so long after its expiry.
    pub grace: u64,
    /// For how long presence is kept.
    pub presence: u64,
    /// Period of the quotas.
    pub period: u64,
    /// For how long a text may be signed by a group's access key that was just overtaken.
    pub late_text: u64,
    /// A list of relays that has not changed for so long is taken to be the others', too: groups move to the sets that it says.
    pub settled: u64,
    /// For how long a group is remembered after its last record has expired.
    pub group: u64,
}

impl Default for Timings {
    fn default() -> Self {
        const SECOND: u64 = 1_000;
        const DAY: u64 = 86_400 * SECOND;
        Self {
            probe: 250,
            dead: SECOND,
            retry: 250,
            stand_in: 600,
            write: 5 * SECOND,
            reconcile: 2 * SECOND,
            hand_over: SECOND,
            slow_reader: 60 * SECOND,
            retention: 14 * DAY,
            longest: 365 * DAY,
            grace: 3_600 * SECOND,
            presence: 600 * SECOND,
            period: 300 * SECOND,
            late_text: 10 * SECOND,
            settled: 2 * SECOND,
            group: 365 * DAY,
        }
    }
}

/// Both clocks, as the host reads them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Milliseconds that only rise, from anywhere on.
    pub steady: u64,
    /// Milliseconds since 1970; may jump.
    pub wall: u64,
}
