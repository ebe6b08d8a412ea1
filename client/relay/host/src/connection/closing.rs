//! The end of a connection, whatever ends it.

use crate::engine::{Event, Events};
use parlance_relay_core::{ConnectionId, Input};

/// Tells the core that a connection has ended, when it is dropped: also when what served it broke. Otherwise the core would keep
/// subscriptions, and places that they take, for ever.
pub(super) struct Closing {
    events: Events,
    connection: ConnectionId,
}

impl Closing {
    pub fn new(events: &Events, connection: ConnectionId) -> Self {
        let events = events.clone();
        Self { events, connection }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let connection = self.connection;
        self.events.send(Event::Core(Input::Closed { connection }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::events;

    #[test]
    fn a_connection_that_breaks_is_closed_too() {
        let (to_core, told) = events();
        let serving = std::panic::AssertUnwindSafe(|| {
            let _closing = Closing::new(&to_core, 7);
            assert!(told.try_recv().is_err());
            std::panic::resume_unwind(Box::new("a fault"));
        });
        let end: std::thread::Result<()> = std::panic::catch_unwind(serving);
        assert!(end.is_err());
        let event = told.try_recv();
        assert!(
            matches!(event, Ok(Event::Core(Input::Closed { connection: 7 }))),
            "{event:?}"
        );
    }
}
