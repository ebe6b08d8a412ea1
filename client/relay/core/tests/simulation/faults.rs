//! What goes wrong, and the judgement at the end.

use crate::{
    checker::Outcome,
    world::{Event, World},
};
use parlance_bimp::Mailbox;
use parlance_relay_core::{RelayInfo, Routing};
use std::collections::BTreeMap;

impl World {
    /// Something fails now and then, as long as it may.
    pub fn fault(&mut self) {
        if self.now >= self.plan.faulty {
            return;
        }
        let faults = self.plan.faults;
        let kinds: Vec<&'static str> = [
            ("kill", faults.kill),
            ("isolate", faults.isolate),
            ("full", faults.full),
            ("lose", faults.lose),
            ("blackout", faults.blackout),
            ("away", faults.away),
            ("move", faults.moves),
        ]
        .into_iter()
        .filter(|(_, wanted)| *wanted)
        .map(|(kind, _)| kind)
        .collect();
        if !kinds.is_empty() {
            let kind = kinds[self.below(kinds.len() as u64) as usize];
            if self.strike(kind) {
                *self.faults.entry(kind).or_default() += 1;
                self.last_of.insert(kind, self.now);
            }
        }
        self.stranger_tries();
        let pause = 200 + self.below(600);
        self.after(pause, Event::Fault);
    }

    /// Whether the last fault of this kind was so long ago.
    fn rested(&self, kind: &'static str, pause: u64) -> bool {
        self.last_of
            .get(kind)
            .is_none_or(|last| self.now - last >= pause)
    }

    fn strike(&mut self, kind: &'static str) -> bool {
        let n = self.below(self.hosts.len() as u64) as usize;
        let free = self.struck.len() < 2 && !self.struck.contains_key(&n);
        let lasts = 300 + self.below(3_700);
        match kind {
            "kill" if free => {
                self.kill(n);
                self.strike_until(n, kind, lasts)
            }
            "isolate" if free => {
                self.isolate(n);
                if self.one_in(2) {
                    for client in 0..self.stranger() {
                        self.cut_clients.insert((client, n));
                    }
                }
                self.strike_until(n, kind, lasts)
            }
            "full" if free => {
                self.hosts[n].disk.full = true;
                self.strike_until(n, kind, lasts)
            }
            "lose" if free && self.rested(kind, 10_000) => {
                self.isolate(n);
                self.struck.insert(n, kind);
                self.after(1_500, Event::Lose(n));
                true
            }
            "blackout" if self.rested(kind, 4_000) => {
                for n in 0..self.hosts.len() {
                    if self.hosts[n].relay.is_some() {
                        self.kill(n);
                        let dark = 200 + self.below(800);
                        self.after(dark, Event::Heal(n, kind));
                    }
                }
                true
            }
            "away" if !self.devices.is_empty() => {
                let d = self.below(self.devices.len() as u64) as usize;
                self.devices[d].away_until = self.now + lasts;
                true
            }
            "move" if self.rested(kind, 5_000) && self.plan.spare > 0 => {
                self.change_list();
                true
            }
            _ => false,
        }
    }

    fn strike_until(&mut self, n: usize, kind: &'static str, lasts: u64) -> bool {
        self.struck.insert(n, kind);
        self.after(lasts, Event::Heal(n, kind));
        true
    }

    fn isolate(&mut self, n: usize) {
        for other in (0..self.hosts.len()).filter(|other| *other != n) {
            self.cut.insert((n.min(other), n.max(other)));
        }
    }

    fn reconnect(&mut self, n: usize) {
        self.cut.retain(|(a, b)| *a != n && *b != n);
        self.cut_clients.retain(|(_, relay)| *relay != n);
        // The other one that is isolated stays so.
        let isolated: Vec<usize> = self
            .struck
            .iter()
            .filter(|(other, kind)| **other != n && matches!(**kind, "isolate" | "lose"))
            .map(|(other, _)| *other)
            .collect();
        for other in isolated {
            self.isolate(other);
        }
    }

    /// The disk is gone, and the process with it.
    pub fn lose(&mut self, n: usize) {
        self.kill(n);
        self.hosts[n].disk.lose();
        self.after(500, Event::Heal(n, "lose"));
    }

    pub fn heal(&mut self, n: usize, kind: &'static str) {
        if kind != "blackout" {
            self.struck.remove(&n);
        }
        match kind {
            "isolate" => self.reconnect(n),
            "full" => self.hosts[n].disk.full = false,
            "lose" => self.reconnect(n),
            _ => {}
        }
        // One that was killed on top of a blackout comes back when its own fault is over.
        let stays_dead = matches!(self.struck.get(&n), Some(&"kill"));
        if self.hosts[n].relay.is_none() && !stays_dead {
            self.start(n);
        }
    }

    /// A relay leaves the chain's list and one that was not on it joins. Everybody hears of it sooner or later.
    fn change_list(&mut self) {
        let outside: Vec<usize> = (0..self.places.len())
            .filter(|n| !self.list.iter().any(|relay| relay.id == self.places[*n]))
            .collect();
        let joins = outside[self.below(outside.len() as u64) as usize];
        let leaves = self.below(self.list.len() as u64) as usize;
        let quality = self.below(100) as u32;
        self.list[leaves] = RelayInfo {
            id: self.places[joins],
            quality,
        };
        for n in 0..self.hosts.len() {
            let delay = self.below(1_500);
            self.after(delay, Event::List(n, self.list.clone()));
        }
        self.routing = Routing::new(&self.list);
    }

    /// Everything accepted was shown once, all relays of a set are of one mind, and nothing is left.
    pub fn judge(mut self) -> Outcome {
        self.checker.finish(self.plan.devices);
        let mut broken = std::mem::take(&mut self.checker.broken);
        for sender in &self.senders {
            if sender.left > 0 || !sender.open.is_empty() {
                broken.push(format!(
                    "a sender is not done: {} left, {} open",
                    sender.left,
                    sender.open.len()
                ));
            }
        }
        for mailbox in &self.mailboxes {
            self.judge_mailbox(mailbox, &mut broken);
        }
        self.judge_group(&mut broken);
        let mut counters: BTreeMap<&'static str, u64> = BTreeMap::new();
        for (name, count) in [
            ("positions", self.orders.read.len()),
            ("placed", self.orders.placed.len()),
            ("overtaken", self.orders.overtaken as usize),
            ("strangers", self.refused as usize),
        ] {
            counters.insert(name, count as u64);
        }
        for host in &self.hosts {
            let Some(relay) = &host.relay else {
                broken.push("a relay is dead at the end".into());
                continue;
            };
            let counted = relay.counters();
            for (name, count) in [
                ("accepted", counted.accepted),
                ("coordinated", counted.coordinated),
                ("delivered", counted.delivered),
                ("repaired", counted.repaired),
                ("handed over", counted.handed_over),
                ("stand-ins", counted.stand_ins),
                ("failed batches", counted.failed_batches),
                ("fanned", counted.fanned),
            ] {
                *counters.entry(name).or_default() += count;
            }
            *counters.entry("commits").or_default() += host.disk.commits;
        }
        Outcome {
            broken,
            accepted: self.checker.accepted.len(),
            shown: self.checker.shown.len(),
            slowest_send: self.checker.slowest_send,
            slowest_show: self.checker.slowest_show,
            faults: self.faults,
            counters,
        }
    }

    fn judge_mailbox(&self, mailbox: &Mailbox, broken: &mut Vec<String>) {
        let set = self.routing.set(mailbox);
        let mut sums = Vec::new();
        for (n, host) in self.hosts.iter().enumerate() {
            let Some(relay) = &host.relay else {
                continue;
            };
            let state = relay.mailboxes().find(|(other, _)| *other == mailbox);
            let state = state.map(|(_, state)| state);
            let entries = state.map_or(0, |state| state.entries().len());
            let waiting = state.map_or(0, |state| state.messages());
            if set.contains(&relay.id()) {
                sums.push(state.map(|state| *state.sum()).unwrap_or_default());
                if waiting > 0 {
                    broken.push(format!(
                        "{waiting} messages of {mailbox:?} still wait at {n}"
                    ));
                }
            } else if entries > 0 {
                broken.push(format!("{entries} entries of {mailbox:?} are left at {n}"));
            }
        }
        if sums.windows(2).any(|pair| pair[0] != pair[1]) {
            broken.push(format!("the replicas of {mailbox:?} differ: {sums:?}"));
        }
    }
}
