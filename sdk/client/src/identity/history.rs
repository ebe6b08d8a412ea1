//! The history of an identity between two looks: what came and went in between. Pure.
//!
//! A record holds a chain of hashes over all changes since registration
//! ([`next_history`]). Whoever has seen it at one version and sees it proven at a later one can have the
//! changes in between from anybody: other changes do not lead from the one hash to the other.
//!
//! - **I1** A [`Mark`] is how far the history was read: version, hash, and the mailbox epoch, which the
//!   entries of the history count.
//! - **I2** The changes are in the bodies of blocks, which nodes keep when they throw old states away. A
//!   version is its block's number, and each change names the version before it; so reading goes backwards
//!   from the newest version, block by block, to the mark, or to a registration, where a history begins.
//! - **I3** A change is looked for as the bytes of its call, wherever they stand in a transaction: signed by
//!   the account, or inside of another call that acts for it. Calls of others, calls that failed and bytes
//!   that somebody placed there look the same. Each is tried, and what leads from hash to hash was
//!   it. So bodies need no proof, and a false one can only hide, which shows.
//! - **I4** *Bounds*: [`MAX_VERSIONS`] blocks are read, [`MAX_CALLS`] calls of each kept, those of the account
//!   first, and [`MAX_TRIES`] tried. What is beyond, withheld or false ends as [`Step::Unreadable`], and the
//!   user is told that much.

use std::collections::BTreeMap;

use codec::{Decode, Encode};
use parlance_primitives::{
    AccountId,
    accounts::{
        Change, Changes, DeviceId, DeviceKeys, Entries, Entry, Identity, NO_HISTORY, Version,
        next_history, wire,
    },
};

/// Most blocks that are read (I4). Without a fee an account makes four versions a day.
pub const MAX_VERSIONS: usize = 256;
/// Most calls of a block that are kept (I4).
pub const MAX_CALLS: usize = 32;
/// Most calls that are tried (I4).
pub const MAX_TRIES: usize = 1_024;

/// Index of the call `change_identity`, one of `transaction_version` 1.
const CHANGE_INDEX: u8 = 1;

/// How far a history was read (I1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Mark {
    /// The version.
    pub version: Version,
    /// The history at that version.
    pub history: [u8; 32],
    /// The mailbox epoch at that version.
    pub mailbox_epoch: u32,
}

impl Mark {
    /// Of a record that was proven.
    pub fn of(record: &Identity) -> Self {
        Self {
            version: record.version,
            history: record.history,
            mailbox_epoch: record.mailbox_epoch,
        }
    }
}

/// All changes from one mark to another, verified. Only [`Reading`] makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    from: Mark,
    to: Mark,
    anew: bool,
    steps: Vec<(Version, Entries)>,
}

impl Trail {
    /// Whether it leads from the one mark to the other.
    pub fn leads(&self, from: &Mark, to: &Mark) -> bool {
        (&self.from, &self.to) == (from, to)
    }

    /// Whether the identity was removed and registered anew in between. Then the steps begin with the
    /// registration; what happened before the removal is not known.
    pub fn anew(&self) -> bool {
        self.anew
    }

    /// The changes by version, the oldest first.
    pub fn steps(&self) -> &[(Version, Entries)] {
        &self.steps
    }

    /// Names of the devices that came, in their order, each once.
    pub fn came(&self) -> Vec<DeviceId> {
        let mut names = Vec::new();
        for entry in self.steps.iter().flat_map(|(_, entries)| entries.iter()) {
            if let Entry::Added { keys } | Entry::Rotated { keys, .. } = entry {
                let id = DeviceId::of(&keys.signing);
                if !names.contains(&id) {
                    names.push(id);
                }
            }
        }
        names
    }
}

/// What reading needs next, or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The transactions of the block with this number: [`Reading::take`].
    Wants(Version),
    /// Done.
    Read(Trail),
    /// What was given does not lead from the one mark to the other (I4).
    Unreadable,
}

/// A call that may have made a version (I3).
#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    Registered(DeviceKeys),
    Changed { base: Version, changes: Changes },
}

/// A version on the way back.
struct Place {
    version: Version,
    /// The mailbox epoch of this version.
    epoch: u32,
    /// Which of the block's calls is tried next.
    next: usize,
    /// What the call that is tried enters into the history.
    entries: Entries,
}

/// Reads a history back from one mark to another (I2).
pub struct Reading {
    account: AccountId,
    from: Mark,
    to: Mark,
    calls: BTreeMap<Version, Vec<Call>>,
    tried: usize,
    path: Vec<Place>,
}

impl Reading {
    /// From what was read before to what is proven now.
    pub fn begin(account: AccountId, from: Mark, to: Mark) -> Self {
        let newest = Place {
            version: to.version,
            epoch: to.mailbox_epoch,
            next: 0,
            entries: Entries::default(),
        };
        Self {
            account,
            from,
            to,
            calls: BTreeMap::new(),
            tried: 0,
            path: vec![newest],
        }
    }

    /// Takes the transactions of a block in, as a node gives them: nothing of them is believed.
    pub fn take(&mut self, version: Version, transactions: &[Vec<u8>]) {
        let account: &[u8] = self.account.as_ref();
        let names = |bytes: &&Vec<u8>| bytes.windows(account.len()).any(|part| part == account);
        // Those of the account first: a block full of others' calls does not push them out.
        let (own, others): (Vec<&Vec<u8>>, Vec<&Vec<u8>>) = transactions.iter().partition(names);
        let calls = own
            .into_iter()
            .chain(others)
            .flat_map(|bytes| (0..bytes.len()).filter_map(move |at| bytes.get(at..)))
            .filter_map(|rest| self.call(version, rest))
            .take(MAX_CALLS)
            .collect();
        self.calls.insert(version, calls);
    }

    /// Goes on as far as it can.
    pub fn step(&mut self) -> Step {
        loop {
            let Some(place) = self.path.last_mut() else {
                return Step::Unreadable;
            };
            let Some(calls) = self.calls.get(&place.version) else {
                return match self.calls.len() < MAX_VERSIONS {
                    true => Step::Wants(place.version),
                    false => Step::Unreadable,
                };
            };
            let Some(call) = calls.get(place.next) else {
                self.path.pop();
                continue;
            };
            place.next = place.next.saturating_add(1);
            self.tried = self.tried.saturating_add(1);
            if self.tried > MAX_TRIES {
                return Step::Unreadable;
            }
            let (base, before) = match call {
                Call::Registered(keys) => {
                    place.entries = Entries::truncate_from(vec![Entry::Added { keys: *keys }]);
                    (None, place.epoch)
                }
                Call::Changed { base, changes } => {
                    let (entries, before) = entries_of(changes, place.epoch);
                    place.entries = entries;
                    (Some(*base), before)
                }
            };
            let read = match base {
                None => before == 0 && self.chained(&NO_HISTORY),
                Some(base) if base == self.from.version => {
                    before == self.from.mailbox_epoch && self.chained(&self.from.history)
                }
                Some(base) => {
                    self.path.push(Place {
                        version: base,
                        epoch: before,
                        next: 0,
                        entries: Entries::default(),
                    });
                    false
                }
            };
            if read {
                return Step::Read(self.trail(base.is_none()));
            }
        }
    }

    /// A call that stands at the beginning of these bytes and can have made that version.
    fn call(&self, version: Version, bytes: &[u8]) -> Option<Call> {
        let (&[pallet, index], mut rest) = bytes.split_first_chunk::<2>()?;
        if pallet != wire::PALLET_INDEX {
            return None;
        }
        match index {
            wire::REGISTER_INDEX => {
                let account = AccountId::decode(&mut rest).ok()?;
                let keys = DeviceKeys::decode(&mut rest).ok()?;
                (account == self.account).then_some(Call::Registered(keys))
            }
            CHANGE_INDEX => {
                let base = Version::decode(&mut rest).ok()?;
                if base < self.from.version || base >= version {
                    return None;
                }
                let changes = Changes::decode(&mut rest).ok()?;
                (!changes.is_empty()).then_some(Call::Changed { base, changes })
            }
            _ => None,
        }
    }

    /// Whether the entries on the path lead from that hash to the newest one.
    fn chained(&self, from: &[u8; 32]) -> bool {
        let hash = self.path.iter().rev().fold(*from, |before, place| {
            next_history(&before, place.version, &place.entries)
        });
        hash == self.to.history
    }

    fn trail(&self, anew: bool) -> Trail {
        let step = |place: &Place| (place.version, place.entries.clone());
        Trail {
            from: self.from,
            to: self.to,
            anew,
            steps: self.path.iter().rev().map(step).collect(),
        }
    }
}

/// What changes enter into the history, and the mailbox epoch before them; `epoch` is the one after.
fn entries_of(changes: &Changes, epoch: u32) -> (Entries, u32) {
    let mut before = epoch;
    let mut entries: Vec<Entry> = changes
        .iter()
        .rev()
        .map(|change| match change {
            Change::Add { keys, .. } => Entry::Added { keys: *keys },
            Change::Rotate { device, keys, .. } => Entry::Rotated {
                device: *device,
                keys: *keys,
            },
            Change::Revoke { device } => Entry::Revoked { device: *device },
            Change::MoveMailbox => {
                let moved = Entry::MailboxMoved { epoch: before };
                before = before.wrapping_sub(1);
                moved
            }
        })
        .collect();
    entries.reverse();
    // As many entries as changes, within the same bound.
    (Entries::truncate_from(entries), before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::testing::{Life, someone};
    use proptest::prelude::*;

    /// Reads with the bodies that `body` gives; a block without one is withheld.
    fn read(
        life: &Life,
        (from, to): (usize, usize),
        body: impl Fn(Version) -> Option<Vec<Vec<u8>>>,
    ) -> Option<Trail> {
        let marks = life.marks();
        let mut reading = Reading::begin(life.account(), marks[from], marks[to]);
        let mut asked = 0;
        loop {
            asked += 1;
            assert!(asked <= MAX_VERSIONS + 2, "it asks for ever");
            match reading.step() {
                Step::Wants(version) => reading.take(version, &body(version)?),
                Step::Read(trail) => return Some(trail),
                Step::Unreadable => return None,
            }
        }
    }

    fn honest(life: &Life) -> impl Fn(Version) -> Option<Vec<Vec<u8>>> {
        move |version| life.body(version)
    }

    /// A device comes and goes between two looks.
    fn visited() -> Life {
        let mut life = Life::registered(someone(1), 7);
        life.add(1);
        life.add(2);
        life.revoke(2);
        life
    }

    #[test]
    fn a_device_that_came_and_went_is_in_the_history() {
        let life = visited();
        let trail = read(&life, (1, 3), honest(&life)).unwrap();
        assert_eq!(trail.steps(), &life.truth()[2..=3]);
        assert_eq!(trail.came(), vec![life.name(2)]);
        assert!(!trail.anew());
        assert!(trail.leads(&life.marks()[1], &life.marks()[3]));
        assert!(!trail.leads(&life.marks()[0], &life.marks()[3]));
    }

    #[test]
    fn a_withheld_a_cut_and_a_changed_body_show_nothing_false() {
        let life = visited();
        let versions: Vec<Version> = life.truth().iter().map(|step| step.0).collect();
        for hidden in &versions[1..=3] {
            let without = |version| (version != *hidden).then(|| life.body(version))?;
            assert_eq!(read(&life, (0, 3), without), None);
            let empty = |version| match version == *hidden {
                true => Some(Vec::new()),
                false => life.body(version),
            };
            assert_eq!(read(&life, (0, 3), empty), None);
        }
        let last = versions[3];
        let length = life.body(last).unwrap().concat().len();
        let truth = read(&life, (0, 3), honest(&life));
        for byte in 0..length {
            let changed = |version| {
                let mut body = life.body(version)?;
                if version == last {
                    let mut at = byte;
                    for transaction in &mut body {
                        match transaction.get_mut(at) {
                            Some(one) => {
                                *one ^= 1;
                                break;
                            }
                            None => at -= transaction.len(),
                        }
                    }
                }
                Some(body)
            };
            let found = read(&life, (0, 3), changed);
            assert!(found.is_none() || found == truth, "byte {byte}");
        }
    }

    #[test]
    fn a_new_registration_begins_a_new_history() {
        let mut life = visited();
        life.registers_anew();
        life.add(5);
        let last = life.marks().len() - 1;
        let trail = read(&life, (1, last), honest(&life)).unwrap();
        assert!(trail.anew());
        assert_eq!(trail.steps(), &life.truth()[4..=last]);
    }

    #[test]
    fn a_call_inside_of_another_is_found_and_planted_ones_are_passed_over() {
        let mut life = visited();
        life.wrap_calls();
        life.plant(40);
        let trail = read(&life, (0, 3), honest(&life)).unwrap();
        assert_eq!(trail.steps(), &life.truth()[1..=3]);
    }

    #[test]
    fn more_changes_than_are_read_end() {
        let mut life = Life::registered(someone(1), 7);
        for _ in 0..=MAX_VERSIONS {
            life.move_mailbox();
        }
        let last = life.marks().len() - 1;
        assert_eq!(read(&life, (0, last), honest(&life)), None);
        let trail = read(&life, (last - MAX_VERSIONS, last), honest(&life)).unwrap();
        assert_eq!(trail.steps().len(), MAX_VERSIONS);
    }

    #[test]
    fn a_block_full_of_false_calls_ends() {
        let mut life = visited();
        life.plant(2 * MAX_CALLS);
        // Signed by nobody, they stand behind the account's own, so this is read all the same.
        assert!(read(&life, (0, 3), honest(&life)).is_some());
        let false_only = |version| {
            let mut body = life.body(version)?;
            body.retain(|bytes| !bytes.windows(32).any(|part| part == [1; 32]));
            Some(body)
        };
        assert_eq!(read(&life, (0, 3), false_only), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn whatever_happens_is_read_between_any_two_looks(
            seed in any::<u64>(),
            length in 1_usize..24,
            looks in any::<(prop::sample::Index, prop::sample::Index)>(),
            noise in 0_usize..20,
        ) {
            let mut life = Life::random(seed, length);
            life.plant(noise);
            let count = life.marks().len();
            let (one, other) = (looks.0.index(count), looks.1.index(count));
            prop_assume!(one != other);
            let (from, to) = (one.min(other), one.max(other));
            let trail = read(&life, (from, to), honest(&life));
            let steps = trail.as_ref().map(|trail| trail.steps());
            prop_assert_eq!(steps, Some(&life.truth()[from + 1..=to]));
        }

        #[test]
        fn any_bytes_are_taken(body in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8)) {
            let life = visited();
            let marks = life.marks();
            let mut reading = Reading::begin(life.account(), marks[0], marks[3]);
            reading.take(marks[3].version, &body);
            prop_assert!(!matches!(reading.step(), Step::Read(_)));
        }
    }
}
