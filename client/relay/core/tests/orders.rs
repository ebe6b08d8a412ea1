//! The consensus of a group's relays alone (P1-P8), under schedules drawn from a seed: messages are lost, doubled and overtake each other,
//! relays crash between any two steps and lose what was not on disk, one at a time loses its disk. Whatever happens, a position has
//! one record. The check itself is checked: with each rule broken it must fail.

use ed25519_dalek::{Signer, SigningKey};
use parlance_bimp::{
    Ballot, GroupChange, GroupId, GroupRecord, GroupVote, GroupVoted, List, Offered, RelayId, Vote,
    id::hash,
};
use parlance_relay_core::order::{Attempt, Group, Step, Votes};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;

const GROUP: GroupId = GroupId([3; 32]);

/// A rule that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    Nothing,
    /// P5: votes leave before they are on disk.
    Durably,
    /// P6: what was accepted before is passed over.
    Attempting,
    /// P8: who has no memory votes at once.
    WithoutMemory,
}

#[derive(Clone)]
enum Says {
    Ask(GroupVote),
    Voted(usize, GroupVoted),
}

struct Node {
    /// None after the disk was lost, until another relay tells of the group.
    group: Option<Group>,
    disk: Option<Group>,
    attempt: Option<Attempt>,
    own: Option<GroupRecord>,
    round: u64,
    /// What leaves when the disk has it.
    gated: Vec<(usize, Says)>,
}

struct World {
    rng: ChaCha20Rng,
    broken: Broken,
    nodes: Vec<Node>,
    bag: Vec<(usize, Says)>,
    /// Seeds of the keys, by their public halves.
    keys: BTreeMap<[u8; 32], [u8; 32]>,
    decided: BTreeMap<u64, GroupRecord>,
    made: u64,
    split: bool,
    lost: u32,
    crashed: u32,
}

fn relay(n: usize) -> RelayId {
    RelayId([n as u8 + 1; 32])
}

impl World {
    fn new(seed: u64, count: usize, broken: Broken) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        rng.next_u64();
        let mut world = Self {
            rng,
            broken,
            nodes: Vec::new(),
            bag: Vec::new(),
            keys: BTreeMap::new(),
            decided: BTreeMap::new(),
            made: 0,
            split: false,
            lost: 0,
            crashed: 0,
        };
        let relays = (0..count).map(relay).collect();
        let made = world.record(None, relays);
        let mut group = Group::unmade();
        let ballot = Ballot {
            round: 1,
            relay: relay(0),
        };
        assert_eq!(group.accept(&GROUP, ballot, &made).0, Vote::Accepted);
        group.push(&GROUP, made.clone(), 0).unwrap();
        world.decided.insert(0, made);
        for _ in 0..count {
            world.nodes.push(Node {
                group: Some(group.clone()),
                disk: Some(group.clone()),
                attempt: None,
                own: None,
                round: 1,
                gated: Vec::new(),
            });
        }
        world
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.rng.next_u64() % bound as u64) as usize
    }

    /// A record that nobody has made before, for the free position of a group.
    fn record(&mut self, group: Option<&Group>, relays: Vec<RelayId>) -> GroupRecord {
        self.made += 1;
        let seed = hash(&[b"key", &self.made.to_le_bytes()]);
        let key = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        self.keys.insert(key, seed);
        let change = GroupChange {
            key,
            ..GroupChange::default()
        };
        let position = group.map_or(0, Group::next);
        let possession = change.possession(&GROUP, position);
        let own = SigningKey::from_bytes(&seed).sign(&possession).to_bytes();
        let signer = group.map_or(key, |group| group.now().key.0);
        let statement = change.statement(&GROUP, position);
        let secret = SigningKey::from_bytes(&self.keys[&signer]);
        GroupRecord {
            expires: self.made,
            relays: List::new(relays).unwrap(),
            offered: Some(Offered {
                change,
                signature: secret.sign(&statement).to_bytes(),
                possession: own,
            }),
        }
    }

    fn send(&mut self, from: usize, to: usize, says: Says) {
        match self.broken {
            Broken::Durably if to != from => self.bag.push((to, says)),
            _ => self.nodes[from].gated.push((to, says)),
        }
    }

    fn step(&mut self) {
        let n = self.below(self.nodes.len());
        match self.below(40) {
            0..=1 => self.attempt(n),
            2..=3 => self.ask_again(n),
            4..=9 => self.persist(n),
            10 => self.crash(n),
            11 => self.lose(n),
            12..=14 => self.tell(n),
            _ => self.deliver(),
        }
    }

    fn attempt(&mut self, n: usize) {
        let Some(group) = self.nodes[n].group.clone() else {
            return;
        };
        if !group.may_vote() {
            return;
        }
        let relays = group.now().relays.clone();
        let own = self.record(Some(&group), relays.clone());
        let node = &mut self.nodes[n];
        let promised = group.votes().promised.map_or(0, |it| it.round);
        node.round = node.round.max(promised) + 1;
        let ballot = Ballot {
            round: node.round,
            relay: relay(n),
        };
        node.own = Some(own);
        node.attempt = Some(Attempt::new(group.next(), ballot, relays, 0));
        self.ask_again(n);
    }

    fn ask_again(&mut self, n: usize) {
        let Some(attempt) = &self.nodes[n].attempt else {
            return;
        };
        let asked = GroupVote {
            group: GROUP,
            position: attempt.position,
            ballot: attempt.ballot,
            record: attempt.record().cloned().map(Box::new),
        };
        let missing: Vec<RelayId> = attempt.missing().copied().collect();
        for to in (0..self.nodes.len()).filter(|to| missing.contains(&relay(*to))) {
            match to == n {
                true => self.vote(n, n, &asked),
                false => self.bag.push((to, Says::Ask(asked.clone()))),
            }
        }
    }

    /// `n` votes on what `asker` asks.
    fn vote(&mut self, n: usize, asker: usize, asked: &GroupVote) {
        let Some(group) = &mut self.nodes[n].group else {
            return;
        };
        if asked.position != group.next() {
            return;
        }
        let (vote, _) = match &asked.record {
            None => group.promise(asked.ballot),
            Some(record) => group.accept(&GROUP, asked.ballot, record),
        };
        let voted = GroupVoted {
            group: GROUP,
            position: asked.position,
            ballot: asked.ballot,
            vote,
        };
        self.send(n, asker, Says::Voted(n, voted));
    }

    fn deliver(&mut self) {
        if self.bag.is_empty() {
            return;
        }
        let index = self.below(self.bag.len());
        let (to, says) = match self.below(12) {
            0 => {
                self.bag.swap_remove(index);
                return;
            }
            1 => self.bag[index].clone(),
            _ => self.bag.swap_remove(index),
        };
        match says {
            Says::Ask(asked) => {
                let asker = (0..self.nodes.len()).find(|n| relay(*n) == asked.ballot.relay);
                self.vote(to, asker.unwrap(), &asked);
            }
            Says::Voted(from, voted) => self.hear(to, from, voted),
        }
    }

    fn hear(&mut self, n: usize, from: usize, mut voted: GroupVoted) {
        if self.broken == Broken::Attempting && matches!(voted.vote, Vote::Promised(_)) {
            voted.vote = Vote::Promised(None);
        }
        let node = &mut self.nodes[n];
        let Some(attempt) = &mut node.attempt else {
            return;
        };
        if (attempt.position, attempt.ballot) != (voted.position, voted.ballot) {
            return;
        }
        match attempt.take(relay(from), &voted.vote, node.own.as_ref()) {
            Step::Accept(_) => self.ask_again(n),
            Step::Decided(record) => {
                self.decide(voted.position, &record);
                self.learn(n, voted.position, record);
            }
            Step::Outbid(ballot) => {
                node.attempt = None;
                node.round = node.round.max(ballot.round);
            }
            Step::Wait | Step::Idle => {}
        }
    }

    fn decide(&mut self, position: u64, record: &GroupRecord) {
        let first = self.decided.entry(position).or_insert(record.clone());
        self.split |= first != record;
    }

    fn learn(&mut self, n: usize, position: u64, record: GroupRecord) {
        let node = &mut self.nodes[n];
        if let Some(group) = &mut node.group
            && group.next() == position
            && group.push(&GROUP, record, 0).is_ok()
        {
            node.attempt = None;
        }
    }

    fn persist(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        node.disk = node.group.clone().map(reread);
        let gated = std::mem::take(&mut node.gated);
        for (to, says) in gated {
            match says {
                // The own vote does not go by the network.
                Says::Voted(from, voted) if to == n => self.hear(n, from, voted),
                says => self.bag.push((to, says)),
            }
        }
    }

    fn crash(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        node.group = node.disk.clone();
        node.gated.clear();
        (node.attempt, node.own, node.round) = (None, None, 0);
        self.crashed += 1;
    }

    /// One relay at a time has no memory.
    fn lose(&mut self, n: usize) {
        let remembers = |node: &Node| {
            let disk = node.disk.as_ref();
            let group = node.group.as_ref();
            disk.zip(group)
                .is_some_and(|(a, b)| a.may_vote() && b.may_vote())
        };
        if self.nodes.len() < 3 || !self.nodes.iter().all(remembers) || self.below(4) > 0 {
            return;
        }
        self.nodes[n].disk = None;
        self.crash(n);
        self.lost += 1;
    }

    /// Another relay tells `n` what it knows, and how far it is.
    fn tell(&mut self, n: usize) {
        let from = self.below(self.nodes.len());
        let Some(theirs) = self.nodes[from].group.clone().filter(|_| from != n) else {
            return;
        };
        let node = &mut self.nodes[n];
        let group = node.group.get_or_insert_with(|| match self.broken {
            Broken::WithoutMemory => {
                let votes = Votes {
                    position: theirs.first(),
                    ..Votes::default()
                };
                Group::load(theirs.base().clone(), Vec::new(), votes).unwrap()
            }
            _ => Group::learned(theirs.base().clone()),
        });
        let before = group.next();
        for position in before..theirs.next() {
            if let Some(record) = theirs.record(position) {
                group.push(&GROUP, record.clone(), 0).unwrap();
            }
        }
        if group.next() != before {
            node.attempt = None;
        }
        if theirs.votes().from <= theirs.next() {
            group.hear(relay(from), theirs.next(), &relay(n));
        }
        if self.broken == Broken::WithoutMemory && !group.may_vote() {
            let records = (group.first()..group.next()).filter_map(|it| group.record(it).cloned());
            let votes = Votes {
                position: group.next(),
                ..Votes::default()
            };
            let (base, records) = (group.base().clone(), records.collect());
            *group = Group::load(base, records, votes).unwrap();
        }
    }

    /// All relays know the same at each position.
    fn check(&mut self) {
        for node in &self.nodes {
            let Some(group) = &node.group else { continue };
            for position in group.first()..group.next() {
                let known = group.record(position);
                self.split |= known != self.decided.get(&position);
            }
        }
    }
}

/// What comes back from the rows on disk.
fn reread(group: Group) -> Group {
    let records = (group.first()..group.next()).filter_map(|it| group.record(it).cloned());
    Group::load(
        group.base().clone(),
        records.collect(),
        group.votes().clone(),
    )
    .unwrap()
}

fn run(seed: u64, broken: Broken) -> World {
    let mut world = World::new(seed, 1 + (seed % 5) as usize, broken);
    for _ in 0..1_500 {
        world.step();
    }
    world.check();
    world
}

fn many() -> u64 {
    let seeds = std::env::var("SEEDS").ok().and_then(|it| it.parse().ok());
    seeds.unwrap_or(300)
}

/// SEEDS, if it is set, says how many schedules.
#[test]
fn no_position_has_two_records_under_any_schedule() {
    let (mut decided, mut lost, mut crashed) = (0, 0, 0);
    for seed in 0..many() {
        let world = run(seed, Broken::Nothing);
        assert!(!world.split, "seed {seed}");
        decided += world.decided.len() as u64 - 1;
        lost += world.lost;
        crashed += world.crashed;
    }
    // The runs are runs.
    println!("{decided} positions, {crashed} crashes, {lost} lost disks");
    assert!(decided > 5 * many(), "{decided}");
    assert!(u64::from(crashed) > 10 * many() && u64::from(lost) * 10 > many());
}

#[test]
fn each_broken_rule_is_caught() {
    for broken in [Broken::Durably, Broken::Attempting, Broken::WithoutMemory] {
        let caught = (0..600).filter(|seed| run(*seed, broken).split).count();
        println!("{broken:?}: {caught}");
        assert!(caught > 0, "{broken:?}");
    }
}
