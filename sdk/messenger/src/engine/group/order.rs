//! Reading the order of handshakes (G6, G8).

use super::{Purpose, Try, passed};
use crate::{
    Encryption, Error, Storage,
    engine::{self, Engine},
    groups::{Group, GroupEvent},
    limits::{
        EPOCHS_AHEAD, EPOCHS_AT_ONCE, LOOK_AGAIN, LOOKS, MAIL_FRESH, MAIL_QUIET, MAIL_SILENT,
        MAX_HANDSHAKE, ORDER_PAUSE,
    },
};
use parlance_bimp::{Answer, GroupId, GroupRead, Piece, RelayId, Request};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// The order of a group reaches `next`, or something says that it may have grown.
    pub(in crate::engine) fn order_has_grown(&mut self, id: GroupId, next: Option<u64>) {
        let Some(group) = self.groups.all.get(&id).filter(|it| it.takes_part()) else {
            return;
        };
        match next {
            Some(next) if next <= group.known => {}
            Some(next) => {
                let mut group = group.clone();
                group.known = next;
                self.put_group(group);
            }
            // A relay may not have it yet.
            None => self.live(id).looks = LOOKS,
        }
    }

    pub(super) fn read_orders(&mut self) -> Result<(), Error> {
        let now = self.clock.steady;
        self.groups.waits_for_quiet = false;
        for id in self.ids(|group| group.takes_part() && group.founded && !group.lost) {
            let known = self.groups.all.get(&id).map_or(0, |group| group.known);
            if self.live(id).position == 0 {
                let position = passed(self.secrets()?.position(id))?;
                self.live(id).position = position.unwrap_or(0);
            }
            let Some(relay) = self.entrance_of(id, false)? else {
                continue;
            };
            let (quiet, came) = (self.mailbox_is_quiet(), self.groups.backlog == 0);
            let live = self.live(id);
            if quiet {
                live.quiet_at = live.quiet_at.max(known);
            }
            // Messages that are ahead come after those of the epochs before, once all that waited is here.
            if quiet || (came && std::mem::take(&mut live.ahead)) {
                live.begun = 0;
            }
            if live.begun >= EPOCHS_AHEAD && live.position >= live.quiet_at {
                let wants = known > live.position || live.looks > 0 || live.read_at == 0;
                self.groups.waits_for_quiet |= wants;
                continue;
            }
            let pause = match live.looks {
                0 => ORDER_PAUSE,
                LOOKS => 0,
                _ => LOOK_AGAIN,
            };
            let due = live.read_at == 0 || now >= live.read_at.saturating_add(pause);
            if live.reading.is_none() && (due || known > live.position) {
                live.reading = Some(Try::default());
            }
            let Some(attempt) = live.reading.filter(|attempt| attempt.is_due(now)) else {
                continue;
            };
            if attempt.ask.is_some() {
                // Silent.
                self.avoid_silent(&attempt);
                self.live(id).reading = Some(Try::default());
                continue;
            }
            live.looks = live.looks.saturating_sub(1);
            let request = Request::GroupRead(GroupRead {
                group: id,
                from: live.position,
                offset: u32::try_from(live.beginning.len()).unwrap_or(u32::MAX),
            });
            let purpose = engine::Purpose::Group(Purpose::Read(id));
            let ask = self.ask(relay, purpose, request);
            if let Some(attempt) = self.attempt_of(id, Purpose::Read(id)) {
                attempt.asked(ask, now);
            }
        }
        Ok(())
    }

    /// The device listens, and so much waits for it.
    pub(in crate::engine) fn mailbox_opened(&mut self, waiting: u32) {
        self.groups.backlog = waiting;
        self.groups.delivered = self.clock.steady;
    }

    pub(in crate::engine) fn mailbox_delivered(&mut self) {
        self.groups.backlog = self.groups.backlog.saturating_sub(1);
        self.groups.delivered = self.clock.steady;
    }

    /// G8. Of what waits some may be gone, so that it is not waited for without end.
    fn mailbox_is_quiet(&self) -> bool {
        let pause = match self.groups.backlog {
            0 => MAIL_QUIET,
            _ => MAIL_SILENT,
        };
        let now = self.clock.steady;
        let since = self.groups.delivered.saturating_add(pause);
        // A relay that died brings nothing either.
        let fresh = now <= self.subscription.heard().saturating_add(MAIL_FRESH);
        self.subscription.at().is_some() && fresh && now >= since
    }

    /// Whether the relay that delivers is to say soon that it is there.
    pub(in crate::engine) fn waits_for_quiet(&self) -> bool {
        self.groups.waits_for_quiet
    }

    pub(super) fn order_read(
        &mut self,
        id: GroupId,
        at: (RelayId, u64),
        answer: Answer,
    ) -> Result<(), Error> {
        let Answer::GroupRead(order) = answer else {
            self.group_refused(id, Purpose::Read(id), at, &answer);
            return Ok(());
        };
        if !self.groups.all.get(&id).is_some_and(Group::takes_part) {
            return self.tree_read(id, order);
        }
        let now = self.clock.steady;
        let live = self.live(id);
        if order.first > live.position {
            self.lost_track(id);
            return Ok(());
        }
        live.reading = None;
        live.read_at = now.max(1);
        let before = (live.position, live.beginning.len());
        let mut begun = 0_usize;
        for piece in order.pieces.into_vec() {
            let Some((position, handshake)) = self.whole_handshake(id, piece)? else {
                continue;
            };
            let read = passed(self.secrets()?.handshake(id, position, &handshake))?;
            let Ok(events) = read else {
                let rest_until = now.saturating_add(ORDER_PAUSE);
                let attempt = Try {
                    rest_until,
                    ..Try::default()
                };
                self.live(id).reading = Some(attempt);
                return Ok(());
            };
            let begins = |event: &GroupEvent| {
                matches!(event, GroupEvent::Changed { .. } | GroupEvent::Rejoined)
            };
            let live = self.live(id);
            live.position = position.saturating_add(1);
            live.looks = 0;
            // A commit that was overtaken is offered anew, for the position that is free now.
            live.wants_offer = true;
            if events.iter().any(begins) {
                begun = begun.saturating_add(1);
                self.key_named(id, position);
            }
            self.group_events(id, events)?;
            let here = self
                .groups
                .all
                .get(&id)
                .is_some_and(|it| it.takes_part() && !it.lost);
            if !here {
                return Ok(());
            }
            let live = self.live(id);
            let far = live.begun >= EPOCHS_AHEAD && live.position >= live.quiet_at;
            // What is held is looked at before those it is of are gone.
            if far || begun >= EPOCHS_AT_ONCE {
                break;
            }
        }
        let live = self.live(id);
        // The relay does not have it yet.
        if before == (live.position, live.beginning.len()) && order.next > live.position {
            live.reading = Some(Try {
                rest_until: now.saturating_add(LOOK_AGAIN),
                ..Try::default()
            });
        }
        self.order_has_grown(id, Some(order.next));
        if begun > 0 {
            self.release_group(id)?;
        }
        self.pay_places(id)
    }

    /// Joins a piece to what is here. A handshake that is whole, if it is the next one.
    fn whole_handshake(
        &mut self,
        id: GroupId,
        piece: Piece,
    ) -> Result<Option<(u64, Vec<u8>)>, Error> {
        let live = self.live(id);
        let fits = usize::try_from(piece.offset).is_ok_and(|it| it == live.beginning.len());
        if piece.position != live.position || !fits {
            return Ok(None);
        }
        let last = piece.is_last();
        if piece.offset == 0 && !last {
            // The rest of a tree for others need not come (G14).
            let beginning = piece.bytes.as_slice();
            if let Ok(true) = passed(self.secrets()?.passes_over(id, beginning))? {
                return Ok(Some((piece.position, Vec::new())));
            }
        }
        let live = self.live(id);
        live.beginning.extend(piece.bytes.into_vec());
        if live.beginning.len() > MAX_HANDSHAKE {
            live.beginning.clear();
            return Ok(None);
        }
        Ok(last.then(|| (piece.position, std::mem::take(&mut live.beginning))))
    }

    /// The record at a position named the access key of the epoch that begins.
    fn key_named(&mut self, id: GroupId, position: u64) {
        if let Some(group) = self.groups.all.get(&id) {
            let mut group = group.clone();
            group.key_at = position;
            self.put_group(group);
        }
    }
}
