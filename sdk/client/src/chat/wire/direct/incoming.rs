//! Devices that dial this one (C2, C3, C6).

use std::{collections::VecDeque, future::Future, pin::Pin, time::Duration};

use codec::Encode;
use futures::{StreamExt, stream::FuturesUnordered};
use parlance_bimp::{
    Accepted, Answer, Authenticated, Binding, Bounded, Count, Credential, Deliver, EnvelopeView,
    Message, MessageId, Push, Reason, Refusal, RelayId, Request, SendError, Server, ServerEvent,
    Settings, Violation, Waiting,
};
use parlance_e2ee::DeviceAddress;
use parlance_endpoint::{Channel, Incoming, Outgoing, PublicKey, Signature};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use super::{
    Heard, IDLE, Me,
    outgoing::{OFFERS, Offer, RUNNING},
};

/// Connections at the same time, strangers included.
const CONNECTIONS: usize = 64;
/// Connections from which on newcomers must prove their addresses first.
const TRUSTING: usize = 16;
/// Until a caller must have proved who it is.
const PROVE: Duration = Duration::from_secs(5);
/// For the last words of a connection.
const CLOSE: Duration = Duration::from_millis(500);
/// Bytes that a device may send before they are read: some short messages, or the longest one.
const WINDOW: u32 = 128 << 10;

/// Lets devices in until the endpoint is closed.
pub(super) async fn accept(me: Me, out: mpsc::Sender<Heard>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            incoming = me.endpoint.accept() => {
                let Some(incoming) = incoming else { return };
                let unproved = incoming.address().is_some() && !incoming.is_validated();
                if connections.len() >= CONNECTIONS {
                    incoming.refuse();
                } else if unproved && connections.len() >= TRUSTING {
                    incoming.retry();
                } else {
                    connections.spawn(serve(incoming, me.clone(), out.clone()));
                }
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn serve(incoming: Incoming, me: Me, heard: mpsc::Sender<Heard>) {
    // Who does not finish its handshake is nobody to speak of.
    let Ok(channel) = incoming.accept().await else {
        return;
    };
    let binding = Binding {
        genesis: me.genesis,
        exporter: channel.exporter(),
        relay: RelayId(*me.endpoint.key().as_bytes()),
    };
    let (offer, offers) = mpsc::channel(OFFERS);
    let caller = Caller {
        machine: Server::new(Settings::default(), binding),
        channel,
        heard,
        out: Outgoing::default(),
        who: None,
        waiting: FuturesUnordered::new(),
        stays: false,
        offer,
        offers,
        held: None,
        on_their_way: VecDeque::new(),
    };
    caller.drive().await;
}

/// What the engine says.
enum Reply {
    /// Who knocked has this signing key, if they may call.
    Admitted(Knock, Option<[u8; 32]>),
    /// A delivery was taken, or not.
    Took(u32, MessageId, bool),
}

struct Knock {
    request: u32,
    device: DeviceAddress,
    statement: Vec<u8>,
    signature: [u8; 64],
}

/// A device that has dialled.
struct Caller {
    machine: Server,
    channel: Channel,
    heard: mpsc::Sender<Heard>,
    out: Outgoing,
    who: Option<DeviceAddress>,
    /// As many as the hello allows.
    waiting: FuturesUnordered<Pin<Box<dyn Future<Output = Reply> + Send>>>,
    /// It has subscribed to what this device has for it (C6).
    stays: bool,
    offer: mpsc::Sender<Offer>,
    offers: mpsc::Receiver<Offer>,
    /// What waits for room on the connection.
    held: Option<Push>,
    /// What was pushed and not acknowledged, and by which offers; the oldest first.
    on_their_way: VecDeque<(MessageId, u64)>,
}

impl Caller {
    async fn drive(mut self) {
        let end = self.talk().await;
        if let Some(device) = self.who.filter(|_| self.stays) {
            let offers = self.offer;
            // Without a reader nobody needs to know.
            let _ = self.heard.send(Heard::Left { device, offers }).await;
        }
        match end {
            Ok(()) => self.channel.close(CLOSE).await,
            Err(Gone) => self.channel.abort(),
        }
    }

    /// Until this side ends it, or an error: nobody is left who could be told.
    async fn talk(&mut self) -> Result<(), Gone> {
        let prove = tokio::time::sleep(PROVE);
        tokio::pin!(prove);
        loop {
            self.take_events().await?;
            self.push();
            if self.out.is_empty() && self.machine.wants_to_transmit() {
                self.machine.transmit(self.out.fill(), Outgoing::LIMIT);
            }
            if self.out.is_empty() && self.machine.end().is_some() {
                return Ok(());
            }
            let is_idle = self.who.is_some() && self.waiting.is_empty() && self.held.is_none();
            tokio::select! {
                sent = self.out.send(&mut self.channel.writer), if !self.out.is_empty() => {
                    sent.map_err(|_| Gone)?;
                }
                read = self.channel.reader.read() => match read {
                    // The reason stays with the machine, and its closing frame is still to leave.
                    Ok(Some(bytes)) => drop(self.machine.receive(bytes.as_ref())),
                    Ok(None) | Err(_) => return Err(Gone),
                },
                Some(reply) = self.waiting.next() => self.reply(reply),
                Some(offer) = self.offers.recv(), if self.stays && self.held.is_none() => {
                    self.deliver(offer);
                }
                () = &mut prove, if self.who.is_none() => self.machine.close(Violation::Done),
                () = tokio::time::sleep(IDLE), if is_idle => self.machine.close(Violation::Done),
            }
        }
    }

    /// An error: nobody is left who could answer.
    async fn take_events(&mut self) -> Result<(), Gone> {
        while let Some(event) = self.machine.poll() {
            match event {
                ServerEvent::Connected { .. } | ServerEvent::Pong { .. } => {}
                ServerEvent::Authenticate {
                    request,
                    credential: Credential::Device { account, device },
                    statement,
                    signature,
                } => {
                    let account = account.0;
                    let device = DeviceAddress { account, device };
                    let knock = Knock {
                        request,
                        device,
                        statement,
                        signature,
                    };
                    self.knock(knock).await?;
                }
                ServerEvent::Authenticate { request, .. } => {
                    self.refuse(request, Reason::BadCredentials);
                }
                ServerEvent::Request {
                    request,
                    body: Request::Send(body),
                } => self.call(request, body.envelope.into_vec()).await?,
                ServerEvent::Request {
                    request,
                    body: Request::Subscribe(_),
                } => self.stay(request).await?,
                ServerEvent::Request {
                    request,
                    body: Request::Acknowledge(of),
                } => self.acknowledged(request, of.ids.as_slice()).await?,
                ServerEvent::Request { request, .. } => self.refuse(request, Reason::NotAllowed),
            }
        }
        Ok(())
    }

    /// It takes what this device has for it, whichever of its mailboxes that is for (C6).
    async fn stay(&mut self, request: u32) -> Result<(), Gone> {
        let Some(device) = self.who else {
            self.refuse(request, Reason::NotAllowed);
            return Ok(());
        };
        let nothing = Answer::Subscribe(Waiting::default());
        // Fails only once the connection has ended.
        let _ = self.machine.answer(request, &nothing);
        if std::mem::replace(&mut self.stays, true) {
            return Ok(());
        }
        let offers = self.offer.clone();
        let stays = Heard::Stays { device, offers };
        self.heard.send(stays).await.map_err(|_| Gone)
    }

    async fn acknowledged(&mut self, request: u32, ids: &[MessageId]) -> Result<(), Gone> {
        let mut messages = 0;
        for id in ids {
            let mut pushed = self.on_their_way.iter();
            let Some(place) = pushed.position(|(pushed, _)| pushed == id) else {
                continue;
            };
            if let Some((_, ask)) = self.on_their_way.remove(place) {
                messages += 1;
                let taken = true;
                let offered = Heard::Offered { ask, taken };
                self.heard.send(offered).await.map_err(|_| Gone)?;
            }
        }
        let _ = self
            .machine
            .answer(request, &Answer::Acknowledge(Count { messages }));
        Ok(())
    }

    /// Pushes what is offered to the one who has dialled, as soon as there is room.
    fn deliver(&mut self, Offer { ask, envelope }: Offer) {
        let Some(view) = EnvelopeView::parse(envelope.as_slice()) else {
            return;
        };
        let (mailbox, id) = (view.mailbox, view.id());
        let Ok(message) = Bounded::new(Message::Sealed(envelope).encode()) else {
            return;
        };
        // For what is not acknowledged the engine has lost its patience.
        while self.on_their_way.len() >= RUNNING {
            self.on_their_way.pop_front();
        }
        self.on_their_way.push_back((id, ask));
        self.held = Some(Push::Deliver(Deliver {
            mailbox,
            id,
            position: 0,
            expires: 0,
            mention: false,
            message,
        }));
    }

    fn push(&mut self) {
        if let Some(push) = self.held.take()
            && let Err(SendError::Full) = self.machine.push(&push)
        {
            self.held = Some(push);
        }
    }

    async fn knock(&mut self, knock: Knock) -> Result<(), Gone> {
        let (admit, admitted) = oneshot::channel();
        let device = knock.device;
        let heard = Heard::Knock { device, admit };
        self.heard.send(heard).await.map_err(|_| Gone)?;
        self.waiting.push(Box::pin(async move {
            Reply::Admitted(knock, admitted.await.ok().flatten())
        }));
        Ok(())
    }

    async fn call(&mut self, request: u32, envelope: Vec<u8>) -> Result<(), Gone> {
        let view = EnvelopeView::parse(&envelope);
        let (Some(from), Some(id)) = (self.who, view.map(|view| view.id())) else {
            self.refuse(request, Reason::BadMessage);
            return Ok(());
        };
        let (took, taken) = oneshot::channel();
        let heard = Heard::Call {
            from,
            envelope,
            took,
        };
        self.heard.send(heard).await.map_err(|_| Gone)?;
        self.waiting.push(Box::pin(async move {
            Reply::Took(request, id, taken.await.unwrap_or(false))
        }));
        Ok(())
    }

    fn reply(&mut self, reply: Reply) {
        match reply {
            Reply::Admitted(knock, key) => self.judge(&knock, key),
            Reply::Took(request, id, true) => {
                let (relays, expires) = (0, 0);
                let accepted = Accepted {
                    id,
                    relays,
                    expires,
                };
                // Fails only once the connection has ended.
                let _ = self.machine.answer(request, &Answer::Send(accepted));
            }
            Reply::Took(request, _, false) => self.refuse(request, Reason::NotResponsible),
        }
    }

    /// C2.
    fn judge(&mut self, knock: &Knock, key: Option<[u8; 32]>) {
        let key = key.and_then(|key| PublicKey::from_bytes(&key).ok());
        let signature = Signature::from_bytes(&knock.signature);
        let proved = key.is_some_and(|key| key.verify(&knock.statement, &signature).is_ok());
        if !proved {
            return self.refuse(knock.request, Reason::BadCredentials);
        }
        let welcome = Authenticated {
            clock: 0,
            retention: 0,
        };
        if self.machine.admit(knock.request, welcome).is_ok() {
            self.who = Some(knock.device);
            self.channel.set_window(WINDOW);
        }
    }

    fn refuse(&mut self, request: u32, reason: Reason) {
        let refusal = Answer::Refused(Refusal::new(reason));
        // Fails only once the connection has ended.
        let _ = self.machine.answer(request, &refusal);
    }
}

/// The program ends.
struct Gone;
