//! The relay of a group that this device has entered (G11).

use super::{Purpose, Try, passed};
use crate::{
    Encryption, Error, Storage,
    engine::{self, Engine},
    groups::Stage,
};
use parlance_bimp::{Answer, GroupEnter, GroupGrown, GroupId, Reason, RelayId, Request};
use parlance_e2ee::DeviceIdentity;
use rand_core::CryptoRng;

/// Refusals by relays that know no such group, or not the key, after which this device has lost track.
const REFUSALS: usize = 15;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// The key by which this device shows that it is a member, and the record that named it.
    pub(super) fn access_key(
        &mut self,
        id: GroupId,
    ) -> Result<Option<(DeviceIdentity, u64)>, Error> {
        let Some(group) = self.groups.all.get(&id) else {
            return Ok(None);
        };
        if let Some(rejoin) = &group.rejoin {
            let (seed, position) = &rejoin.key;
            return Ok(Some((DeviceIdentity::linked(seed), *position)));
        }
        if matches!(group.stage, Stage::Invited { .. }) {
            return self.entrance_key(id);
        }
        let position = group.key_at;
        let seed = passed(self.secrets()?.access(id))?;
        Ok(seed
            .ok()
            .map(|seed| (DeviceIdentity::linked(&seed), position)))
    }

    /// The relay to ask, once this device has entered there; with the last key that it knows, if that is needed.
    pub(super) fn entrance_of(
        &mut self,
        id: GroupId,
        with_last: bool,
    ) -> Result<Option<RelayId>, Error> {
        let now = self.clock.steady;
        let key_at = self.groups.all.get(&id).map(|group| match &group.rejoin {
            Some(rejoin) => rejoin.key.1,
            None => group.key_at,
        });
        let live = self.live(id);
        if let Some((relay, with)) = live.at
            && (!with_last || Some(with) == key_at)
        {
            return Ok(Some(relay));
        }
        let attempt = live.entering;
        if !attempt.is_due(now) {
            return Ok(None);
        }
        self.avoid_silent(&attempt);
        let at = self.live(id).at.map(|(relay, _)| relay);
        let Some((key, position)) = self.access_key(id)? else {
            return Ok(None);
        };
        let first = self.me().device;
        let free = self
            .relays
            .choose(&id.place(), first, attempt.attempts, now);
        let Some(relay) = at.or(free) else {
            return Ok(None);
        };
        let mut enter = GroupEnter {
            group: id,
            position,
            signature: [0; 64],
        };
        enter.signature = key.sign(&enter.statement(&relay, &self.own));
        let purpose = engine::Purpose::Group(Purpose::Enter(id, position));
        let ask = self.ask(relay, purpose, Request::GroupEnter(enter));
        self.live(id).entering.asked(ask, now);
        Ok(None)
    }

    pub(super) fn entered(
        &mut self,
        id: GroupId,
        key_at: u64,
        at: (RelayId, u64),
        answer: &Answer,
    ) {
        let Answer::GroupEnter(extent) = answer else {
            let unknown = matches!(answer, Answer::Refused(it) if it.reason == Reason::NotAllowed);
            self.group_refused(id, Purpose::Enter(id, key_at), at, answer);
            let live = self.live(id);
            live.at = live.at.filter(|(relay, _)| *relay != at.0);
            live.refused = live.refused.saturating_add(usize::from(unknown));
            if live.refused >= REFUSALS {
                live.refused = 0;
                self.lost_track(id);
            }
            return;
        };
        let live = self.live(id);
        live.at = Some((at.0, key_at));
        live.entering = Try::default();
        live.refused = 0;
        // What this device lacks is not kept any more.
        if extent.first > live.position {
            return self.lost_track(id);
        }
        self.order_has_grown(id, Some(extent.next));
    }

    /// A relay tells that an order has grown.
    pub(in crate::engine) fn grown(&mut self, grown: GroupGrown) {
        self.order_has_grown(grown.group, Some(grown.next));
    }

    /// A relay is lost, silent, or refuses: the groups go elsewhere.
    pub(in crate::engine) fn leave_relay(&mut self, relay: RelayId) {
        for live in self.groups.live.values_mut() {
            if live.at.is_some_and(|(at, _)| at == relay) {
                live.at = None;
                live.entering = Try::default();
            }
        }
    }

    /// A relay that did not answer in time.
    pub(super) fn avoid_silent(&mut self, attempt: &Try) {
        let silent = attempt.ask.and_then(|ask| self.asks.get(&ask));
        if let Some(relay) = silent.map(|asked| asked.relay) {
            self.relays.avoid(relay, self.clock.steady);
            self.leave_relay(relay);
        }
    }
}
