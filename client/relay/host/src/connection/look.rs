//! Looks at a database that something has to wait for (N6).

use super::{Connection, Shared, requests::envelope_of};
use crate::{directory::Question, figures::count};
use parlance_bimp::{Credential, ServerEvent, Ticket, Violation};
use parlance_endpoint::End;
use std::{pin::Pin, sync::Arc};

/// Looks of all connections at the same time. Each takes a thread.
pub const LOOKS: usize = 4;

/// What waits for a look.
pub(super) enum Next {
    /// Something that the peer wants.
    Take(Box<ServerEvent>),
    /// Whether the peer is still on record.
    Check,
}

/// A look, and what waits for it.
pub(super) struct Look {
    pub next: Next,
    looking: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Look {
    pub fn begin(shared: &Arc<Shared>, question: Question, next: Next) -> Self {
        let shared = shared.clone();
        let looking = Box::pin(async move {
            // Nobody closes it.
            let Ok(place) = shared.looks.clone().acquire_owned().await else {
                return;
            };
            let looking = tokio::task::spawn_blocking(move || {
                shared.directory.look_up(&question);
                drop(place);
            });
            // If it broke, whoever asks next breaks too.
            let _ = looking.await;
        });
        Self { next, looking }
    }
}

/// Until the look is over.
pub(super) async fn over(look: &mut Option<Look>) {
    match look {
        Some(look) => look.looking.as_mut().await,
        None => std::future::pending().await,
    }
}

impl Connection {
    /// N6: what has to be known before an event can be taken.
    pub(super) fn question_of(&self, event: &ServerEvent) -> Option<Question> {
        match event {
            ServerEvent::Authenticate {
                credential: Credential::Device { account, .. },
                ..
            } => Some(Question::Account(*account)),
            ServerEvent::Request { body, .. } => {
                let sender = self.device?;
                let ticket = Ticket::parse(envelope_of(body)?.ticket)?;
                let period = ticket.period;
                Some(Question::Sender { sender, period })
            }
            _ => None,
        }
    }

    /// What is not in memory.
    pub(super) fn unknown(&self, question: Option<Question>) -> Option<Question> {
        question.filter(|question| !self.shared.directory.is_known(question))
    }

    /// Begins a look.
    pub(super) fn look_up(&mut self, question: Question, next: Next) {
        self.look = Some(Look::begin(&self.shared, question, next));
    }

    /// What was looked for is there.
    pub(super) fn go_on(&mut self) -> Result<(), End> {
        match self.look.take().map(|look| look.next) {
            Some(Next::Take(event)) => {
                self.take_event(*event);
                Ok(())
            }
            Some(Next::Check) => self.stay_or_leave(),
            None => Ok(()),
        }
    }

    /// N5.
    pub(super) fn check_record(&mut self) -> Result<(), End> {
        let question = match self.machine.who() {
            Some(Credential::Device { account, .. }) => Some(Question::Account(*account)),
            _ => None,
        };
        match self.unknown(question) {
            Some(question) => {
                self.look_up(question, Next::Check);
                Ok(())
            }
            None => self.stay_or_leave(),
        }
    }

    fn stay_or_leave(&mut self) -> Result<(), End> {
        if self.is_on_record() {
            return Ok(());
        }
        count(&self.shared.figures.off_record);
        Err(self.end(Violation::Done))
    }
}
