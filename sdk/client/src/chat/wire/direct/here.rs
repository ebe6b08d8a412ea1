//! Where this device is (C4).

use parlance_endpoint::{Endpoint, Whereabouts};
use parlance_messenger::Reach;
use tokio::sync::{mpsc, watch};

use super::{Heard, LOOK, Told};

/// Tells whenever it changes, until nobody listens.
pub(super) async fn watch(
    endpoint: Endpoint,
    mut changes: watch::Receiver<Told>,
    out: mpsc::Sender<Heard>,
) {
    let (mut known, mut told) = (None, Told::default());
    loop {
        let wanted = changes.borrow_and_update().clone();
        endpoint
            .stay_at(told.fallback.as_ref(), wanted.fallback.as_ref())
            .await;
        if told.seen_at != wanted.seen_at {
            if let Some(before) = told.seen_at {
                endpoint.not_seen_at(before).await;
            }
            if let Some(now) = wanted.seen_at {
                endpoint.seen_at(now).await;
            }
        }
        told = wanted;
        let here = endpoint.whereabouts();
        if known.as_ref() != Some(&here) {
            if out.send(Heard::Here(here.clone())).await.is_err() {
                return;
            }
            known = Some(here);
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() {
                return;
            },
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// As contacts are told: where others see it first, then IPv4, which most have.
pub(super) fn reach(here: &Whereabouts, told: &Told) -> Reach {
    let mut addresses = here.addresses.clone();
    addresses.extend(told.seen_at);
    addresses.sort_by_key(|address| (told.seen_at != Some(*address), address.is_ipv6()));
    addresses.dedup();
    let fallback = here.fallback.as_ref().map(ToString::to_string);
    let key = *here.key.as_bytes();
    Reach::new(
        key,
        addresses.into_iter().map(Into::into),
        fallback.as_deref(),
    )
}
