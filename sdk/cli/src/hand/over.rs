//! The side that gives.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines, Take},
    net::{UnixStream, unix::OwnedReadHalf},
    time::timeout,
};

use super::{Answer, Ask, LONGEST, report, socket};
use crate::{
    arguments::Send,
    context::Context,
    failure::{Failure, file},
    report::Report,
};

/// Until it is taken. Whoever takes it may be waiting for the node.
const TAKING: Duration = Duration::from_secs(30);
/// After the patience of who sends.
const GRACE: Duration = Duration::from_secs(5);
/// How long one that has the folder open may take until it listens: opening the vault takes about a second.
const BEGINNING: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(100);

/// Hands a message to whoever has the data folder open, and waits as long as it says; `None` when nobody listens there.
///
/// # Errors
/// When it was not taken, or is not as far as was wanted.
pub async fn over(
    context: &Context,
    given: &Send,
    text: Option<&str>,
) -> Result<Option<Report>, Failure> {
    let path = socket(context.folder());
    let stream = match UnixStream::connect(&path).await {
        Ok(stream) => stream,
        // Nobody, or nobody any more. A path that is too long for a socket has none.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::InvalidInput
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(file(path)(error)),
    };
    let ask = Ask::new(given, text);
    hand(stream, &ask).await.map(|done| Some(report(done)))
}

/// The same with somebody who has just opened the folder, and may not listen yet.
///
/// # Errors
/// [`Failure::InUse`] when nobody does.
pub async fn over_soon(
    context: &Context,
    given: &Send,
    text: Option<&str>,
) -> Result<Report, Failure> {
    let end = Instant::now() + BEGINNING;
    loop {
        if let Some(report) = over(context, given, text).await? {
            return Ok(report);
        }
        if Instant::now() >= end {
            return Err(Failure::InUse);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn hand(stream: UnixStream, ask: &Ask) -> Result<serde_json::Value, Failure> {
    let (read, mut write) = stream.into_split();
    let mut line = serde_json::to_vec(ask).unwrap_or_default();
    line.push(b'\n');
    write
        .write_all(&line)
        .await
        .map_err(|_| Failure::HandLost)?;
    let mut answers = BufReader::new(read.take(2 * LONGEST)).lines();
    match timeout(TAKING, next(&mut answers)).await {
        Ok(Some(Answer::Taken)) => {}
        Ok(Some(Answer::Failed { error, code })) => return Err(Failure::Handed { error, code }),
        Ok(Some(Answer::Done(done))) => return Ok(done),
        Ok(None) | Err(_) => return Err(Failure::HandLost),
    }
    let patience = Duration::from_secs(ask.patience.into()).saturating_add(GRACE);
    match timeout(patience, next(&mut answers)).await {
        Ok(Some(Answer::Done(done))) => Ok(done),
        Ok(Some(Answer::Failed { error, code })) => Err(Failure::Handed { error, code }),
        _ => Err(Failure::Waits {
            waiting: 1,
            cause: "the bimp that it was handed to has ended".into(),
        }),
    }
}

/// The next answer; none when there will be none.
async fn next(answers: &mut Lines<BufReader<Take<OwnedReadHalf>>>) -> Option<Answer> {
    let line = answers.next_line().await.ok()??;
    serde_json::from_str(&line).ok()
}
