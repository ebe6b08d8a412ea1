//! Waiting for something to become true, with a bound and a reason when it does not.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

/// Pause between two looks. Short against a slot, long against an RPC call.
const PAUSE: Duration = Duration::from_millis(250);

/// Calls `look` until it returns a value, or fails after `bound`.
///
/// An error of `look` counts as "not yet": nodes are being killed and started while scenarios
/// look at them. The last one stands in the error text.
pub async fn until<T, F, Fut>(what: &str, bound: Duration, mut look: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    let start = Instant::now();
    let mut last = String::from("the condition did not hold");
    loop {
        match look().await {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => {}
            Err(error) => last = format!("{error:#}"),
        }
        if start.elapsed() > bound {
            bail!("not within {} s: {what}; last: {last}", bound.as_secs());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Seconds, as a [`Duration`].
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_condition_that_comes_true_ends_the_wait() {
        let mut looks = 0;
        let value = until("three looks", seconds(10), || {
            looks += 1;
            let now = looks;
            async move { Ok((now == 3).then_some(now)) }
        })
        .await
        .unwrap();
        assert_eq!(value, 3);
    }

    #[tokio::test]
    async fn a_condition_that_never_holds_fails_with_its_last_error() {
        let error = until::<(), _, _>("never", Duration::ZERO, || async {
            anyhow::bail!("the node is away")
        })
        .await
        .unwrap_err();
        assert!(error.to_string().contains("the node is away"), "{error}");
    }
}
