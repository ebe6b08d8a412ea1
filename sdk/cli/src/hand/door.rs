//! The side that takes.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use parlance_client::{
    bimp::Account,
    chat::Told,
    identity::Finding,
    messenger::{Command, ContentId},
    vault::Vault,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, mpsc},
    task::JoinHandle,
    time::timeout,
};

use super::{Answer, Ask, LONGEST, PROTOCOL, Until, is_far, kept, nothing_waits, sent, socket};
use crate::{
    context::Context,
    failure::Failure,
    talk::{Talk, groups, show::account_of},
};

/// Callers at the same time; further ones wait.
const CALLERS: usize = 16;
/// How long a caller may take to say what it wants.
const ASKING: Duration = Duration::from_secs(5);
/// Answers of a request: that it is taken, and how it went.
const ANSWERS: usize = 2;
/// After a caller that could not be let in.
const PAUSE: Duration = Duration::from_millis(100);

/// A request that has come in.
pub struct Order {
    ask: Ask,
    tell: mpsc::Sender<Answer>,
}

/// A message that somebody waits for.
struct Waiting {
    with: Account,
    name: String,
    id: Option<ContentId>,
    delivered: bool,
    until: Instant,
    tell: mpsc::Sender<Answer>,
}

/// Where messages are handed in. The socket goes with it.
pub struct Door<'a> {
    context: &'a Context,
    vault: &'a Vault,
    orders: mpsc::Receiver<Order>,
    waiting: Vec<Waiting>,
    listening: Option<(JoinHandle<()>, PathBuf)>,
}

impl Drop for Door<'_> {
    fn drop(&mut self) {
        if let Some((listening, path)) = self.listening.take() {
            listening.abort();
            // The next one that has the vault replaces what is left.
            let _ = fs::remove_file(path);
        }
    }
}

impl<'a> Door<'a> {
    /// Listens from now on. Where that is not possible, such as in a folder with a very long name, `bimp send` says that the folder is in use.
    pub fn open(context: &'a Context, vault: &'a Vault) -> Self {
        let (tell, orders) = mpsc::channel(CALLERS);
        let path = socket(context.folder());
        let listening = bind(&path).ok().map(|listener| {
            let listening = tokio::spawn(listen(listener, tell));
            (listening, path)
        });
        Self {
            context,
            vault,
            orders,
            waiting: Vec::new(),
            listening,
        }
    }

    /// Waits for a request. Dropped while it waits, it loses nothing.
    pub async fn next(&mut self) -> Order {
        match self.orders.recv().await {
            Some(order) => order,
            None => std::future::pending().await,
        }
    }

    /// Does what was asked.
    ///
    /// # Errors
    /// What a chat cannot go on after.
    pub fn take(&mut self, order: Order, talk: &mut Talk<'_>) -> Result<(), Failure> {
        let Order { ask, tell } = order;
        let begun = self.begin(&ask, talk);
        let (with, id) = match begun {
            Ok(begun) => begun,
            Err(failure) => {
                answer(&tell, failed(&failure));
                return match failure.is_last() {
                    true => Err(failure),
                    false => Ok(()),
                };
            }
        };
        if ask.until == Until::Kept {
            let value = kept(&ask.with, id.map(hex::encode), talk.chat().unsent());
            answer(&tell, Answer::Done(handed(value)));
            return Ok(());
        }
        answer(&tell, Answer::Taken);
        self.waiting.push(Waiting {
            with,
            name: ask.with,
            id,
            delivered: ask.until == Until::Delivered,
            until: Instant::now() + Duration::from_secs(ask.patience.into()),
            tell,
        });
        Ok(())
    }

    fn begin(
        &self,
        ask: &Ask,
        talk: &mut Talk<'_>,
    ) -> Result<(Account, Option<ContentId>), Failure> {
        if ask.protocol != PROTOCOL {
            return Err(Failure::InUse);
        }
        let conversation = groups::conversation(self.context, self.vault, &ask.with)?;
        if ask.until == Until::Delivered && talk.names().is_group(&conversation) {
            return Err(Failure::NoDelivery);
        }
        let id = match &ask.text {
            Some(text) => {
                let body = groups::text(text, &conversation, talk.names())?;
                talk.command(Command::Say { conversation, body })?
            }
            None => None,
        };
        Ok((conversation, id))
    }

    /// Something was told: whoever waits for somebody that has changed hears so.
    pub fn hear(&mut self, told: &Told) {
        let Told::Changed { who, what } = told else {
            return;
        };
        if *what != Finding::VerificationBroken {
            return;
        }
        let account = account_of(&who.account);
        let changed = |waiting: &Waiting| waiting.with == account && waiting.id.is_some();
        for waiting in self.waiting.extract_if(.., |waiting| changed(waiting)) {
            let name = who.name.clone();
            answer(&waiting.tell, failed(&Failure::Changed { name }));
        }
    }

    /// Answers those that waited for what has happened, and those that have waited long enough.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn look_around(&mut self, talk: &Talk<'_>) -> Result<(), Failure> {
        let mut still = Vec::new();
        for waiting in std::mem::take(&mut self.waiting) {
            if let Some(done) = waiting.done(talk)? {
                answer(&waiting.tell, Answer::Done(handed(done)));
            } else if Instant::now() >= waiting.until {
                let cause = talk.trouble().unwrap_or_else(|| {
                    "relays have not answered in time; --patience waits longer".into()
                });
                let waits = Failure::Waits {
                    waiting: talk.chat().unsent().max(1),
                    cause,
                };
                answer(&waiting.tell, failed(&waits));
            } else if !waiting.tell.is_closed() {
                still.push(waiting);
            }
        }
        self.waiting = still;
        Ok(())
    }
}

impl Waiting {
    fn done(&self, talk: &Talk<'_>) -> Result<Option<Value>, Failure> {
        let nothing_left = talk.chat().unsent() == 0;
        let Some(id) = &self.id else {
            return Ok(nothing_left.then(|| nothing_waits(&[])));
        };
        let Some(entry) = talk.entry(&self.with, id)? else {
            return Ok(None);
        };
        // Notes have nobody else to be accepted or delivered for.
        let own = self.with == *talk.own() && nothing_left;
        let far = own || is_far(&entry, self.delivered);
        Ok(far.then(|| sent(&self.name, &entry, &[])))
    }
}

/// Programs can tell it apart.
fn handed(mut value: Value) -> Value {
    value["handedOver"] = true.into();
    value
}

fn failed(failure: &Failure) -> Answer {
    let error = failure.to_string();
    let code = failure.number();
    Answer::Failed { error, code }
}

/// There is room for all answers of a request; a caller that has gone hears none.
fn answer(tell: &mpsc::Sender<Answer>, answer: Answer) {
    let _ = tell.try_send(answer);
}

/// L1: whoever has the vault's lock is the only one.
fn bind(path: &Path) -> std::io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    // Until then another user could have called, and is told apart by L2.
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn listen(listener: UnixListener, orders: mpsc::Sender<Order>) {
    let places = Arc::new(Semaphore::new(CALLERS));
    let own = rustix::process::geteuid().as_raw();
    // It is never closed.
    while let Ok(place) = places.clone().acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // L2.
        if !stream.peer_cred().is_ok_and(|peer| peer.uid() == own) {
            continue;
        }
        let orders = orders.clone();
        tokio::spawn(async move {
            // A caller that goes has what it wanted, or does not want it any more.
            let _ = serve(stream, orders).await;
            drop(place);
        });
    }
}

async fn serve(stream: UnixStream, orders: mpsc::Sender<Order>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(read.take(LONGEST));
    timeout(ASKING, reader.read_line(&mut line)).await??;
    let (tell, mut answers) = mpsc::channel(ANSWERS);
    match serde_json::from_str(&line) {
        Ok(ask) => {
            // A program that ends takes no more.
            let _ = orders.send(Order { ask, tell }).await;
        }
        Err(error) => {
            let cause = format!("it was handed over in a form that is not understood ({error})");
            answer(&tell, failed(&Failure::BadText { cause }));
            drop(tell);
        }
    }
    // Besides answers, whether the caller is still there.
    let mut gone = reader.into_inner();
    gone.set_limit(1);
    let mut byte = [0; 1];
    loop {
        tokio::select! {
            answer = answers.recv() => {
                let Some(answer) = answer else { return Ok(()) };
                let mut line = serde_json::to_vec(&answer)?;
                line.push(b'\n');
                write.write_all(&line).await?;
            }
            _ = gone.read(&mut byte) => return Ok(()),
        }
    }
}
