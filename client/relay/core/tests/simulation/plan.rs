//! What a run is like.

use parlance_relay_core::Config;

/// One run of the simulation. The seed decides everything else.
#[derive(Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    /// Relays on the chain's list at the beginning.
    pub relays: usize,
    /// Relays that wait outside of the list.
    pub spare: usize,
    pub mailboxes: usize,
    /// Devices of each account.
    pub devices: u32,
    pub senders: usize,
    /// Ingress relays of each sender; none in a network without Proof of Relay.
    pub ingress: usize,
    pub messages_each: u32,
    /// Members that change the group; the senders write to it now and then if there are any.
    pub members: usize,
    /// Changes that each of them makes.
    pub changes_each: u32,
    /// Of a thousand messages between relays.
    pub lost: u32,
    pub doubled: u32,
    /// For how long there are faults, milliseconds.
    pub faulty: u64,
    pub faults: Faults,
    pub config: Config,
    pub mutation: Mutation,
}

/// Which faults there are. At most two relays are struck at the same time.
#[derive(Clone, Copy)]
pub struct Faults {
    pub kill: bool,
    pub isolate: bool,
    pub full: bool,
    /// A relay is isolated, then loses its disk; at most once in ten seconds.
    pub lose: bool,
    /// All relays lose their power together, whatever else is struck.
    pub blackout: bool,
    /// Devices go away and come back.
    pub away: bool,
    /// Relays join and leave the list.
    pub moves: bool,
    /// Clocks differ by up to so many milliseconds.
    pub skew: u64,
}

impl Faults {
    pub const NONE: Self = Self {
        kill: false,
        isolate: false,
        full: false,
        lose: false,
        blackout: false,
        away: false,
        moves: false,
        skew: 0,
    };

    pub const ALL: Self = Self {
        kill: true,
        isolate: true,
        full: true,
        lose: true,
        blackout: true,
        away: true,
        moves: true,
        skew: 120_000,
    };
}

/// A mistake that the checks must find.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutation {
    None,
    /// The host says that a batch is on disk before it is.
    AcknowledgeBeforeDurable,
    /// A relay that coordinates answers before the set has the message.
    AnswerAtOnce,
    /// Nothing is reconciled.
    NoReconciliation,
    /// Devices do not compare ids.
    ForgetfulDevices,
}

impl Plan {
    /// Everything that can go wrong.
    pub fn rough(seed: u64) -> Self {
        Self {
            seed,
            relays: 9,
            spare: 1,
            mailboxes: 6,
            devices: 2,
            senders: 5,
            ingress: if seed % 4 == 3 { 0 } else { 3 },
            messages_each: 60,
            members: 3,
            changes_each: 8,
            lost: 50,
            doubled: 30,
            faulty: 20_000,
            faults: Faults::ALL,
            config: Config::default(),
            mutation: Mutation::None,
        }
    }
}
