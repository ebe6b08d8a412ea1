//! What a connection asks for, and what that is charged to.

use super::Connection;
use crate::{budget::weight, directory::Judgement, engine::Event, figures::count, price};
use parlance_bimp::{Answer, EnvelopeView, Observed, Reason, Request, SocketAddress};
use parlance_relay_core::{Asker, Input};
use std::time::Instant;

impl Connection {
    pub(super) fn take_request(&mut self, request: u32, body: Request) {
        // As of the last turn: what came at once with this one is bounded by the window. Acknowledgements let things go.
        if self.ledger.is_short() && !matches!(body, Request::Acknowledge(_)) {
            count(&self.shared.figures.refused_for_memory);
            return self.refuse(request, Reason::TooFast);
        }
        if matches!(body, Request::Observe(_)) {
            let address = self.seen_at.map(SocketAddress::from);
            let answer = Answer::Observe(Observed { address });
            // The request is open: it has come just now.
            let _ = self.machine.answer(request, &answer);
            return;
        }
        if matches!(body, Request::Reconcile(_)) {
            let now = Instant::now();
            if self.reconciliations.wait(now).is_some() {
                return self.refuse(request, Reason::TooFast);
            }
            self.reconciliations.take(1, now);
        }
        if let Err(reason) = self.take_ticket(request, &body) {
            count(&self.shared.figures.refused_tickets);
            return self.refuse(request, reason);
        }
        self.pace.take(price::of(&body), Instant::now());
        self.ledger.open(request, weight(&body));
        let from = Asker {
            connection: self.id,
            request,
        };
        let input = Input::Request {
            from,
            request: body,
        };
        self.shared.events.send(Event::Core(input));
    }

    /// What cannot be read the core refuses.
    fn take_ticket(&mut self, request: u32, body: &Request) -> Result<(), Reason> {
        let envelope = envelope_of(body);
        let (Some(envelope), Some(device)) = (envelope, &self.device) else {
            return Ok(());
        };
        match self.shared.directory.judge(device, &envelope) {
            Judgement::Refused(error) => {
                tracing::debug!(%error, connection = self.id, "a ticket is refused");
                Err(error.reason())
            }
            judgement => {
                let charge = judgement.charge();
                self.charges.extend(charge.map(|charge| (request, charge)));
                Ok(())
            }
        }
    }

    /// What was not taken is not counted.
    pub(super) fn settle_charge(&mut self, request: u32, answer: &Answer) {
        let charge = self.charges.remove(&request);
        if let (Some(charge), Some(device), Answer::Refused(_)) = (charge, &self.device, answer) {
            self.shared.directory.give_back(device, &charge);
        }
    }
}

/// What a ticket pays for.
pub(super) fn envelope_of(body: &Request) -> Option<EnvelopeView<'_>> {
    match body {
        Request::Send(body) => EnvelopeView::parse(body.envelope.as_slice()),
        // The upload is paid as one message to the group's relays (O4 of BIMP).
        Request::GroupSend(body) => Some(EnvelopeView {
            mailbox: body.post.group.posts(),
            ticket: body.ticket.as_slice(),
            sealed: body.post.ciphertext.as_slice(),
        }),
        _ => None,
    }
}
