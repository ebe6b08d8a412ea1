//! People whose messages relays carry: a connection over QUIC, envelopes with tickets, receipts.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, ensure};
use codec::Encode;
use parlance_bimp::{
    Account, Answer, Authenticate, Binding, Bounded, Credential, EnvelopeView, FetchPreKeys, List,
    Mailbox, MessageId, OfMailbox, PreKeyUse, Push, Reason, Receipt, RelayId, Request, SendMessage,
    Subscribe, Ticket,
};
use parlance_endpoint::{
    Client, Endpoint, Identity, Options, PublicKey, RelayAddress, SecretKey, Session,
};
use parlance_primitives::{AccountId, relay::Period};
use serde_json::json;

use crate::{
    bridge::Bridged,
    facts::unhex,
    relay::Person,
    rpc::Rpc,
    wait::{seconds, until},
};

/// A relay as the chain lists it.
#[derive(Clone, Debug)]
pub struct Relay {
    /// The account that it is paid on.
    pub account: AccountId,
    /// Where it is reached.
    pub address: RelayAddress,
}

/// The members of the roster, in the order of these accounts; none while one is missing.
pub async fn relays(rpc: &Rpc, accounts: &[AccountId]) -> Result<Option<Vec<Relay>>> {
    let answer = rpc.call("parlance_relays", json!([])).await?;
    let list = answer.as_array().context("relays are no list")?;
    let mut relays = Vec::new();
    for account in accounts {
        let name = json!(account);
        let is_it = |one: &&serde_json::Value| one["account"] == name && one["member"] == true;
        let Some(one) = list.iter().find(is_it) else {
            return Ok(None);
        };
        let text = |field: &str| one[field].as_str().with_context(|| format!("no {field}"));
        let name: [u8; 16] = unhex(text("id")?)?
            .try_into()
            .map_err(|_| anyhow::anyhow!("a name of other than 16 bytes"))?;
        let key: [u8; 32] = unhex(text("key")?)?
            .try_into()
            .map_err(|_| anyhow::anyhow!("a key of other than 32 bytes"))?;
        relays.push(Relay {
            account: account.clone(),
            address: RelayAddress {
                relay: RelayId::of_name(name),
                key: PublicKey::from_bytes(&key)?,
                addresses: vec![text("address")?.parse()?],
            },
        });
    }
    Ok(Some(relays))
}

struct Signer<'a>(&'a Person);

/// The account of a person, as BIMP writes it.
pub fn account_of(person: &Person) -> Account {
    let account = person.who.account();
    let bytes: &[u8; 32] = account.as_ref();
    Account(*bytes)
}

/// The number of a person's device, as BIMP writes it.
pub fn device_of(person: &Person) -> u32 {
    let [a, b, c, d, ..] = person.device().id().0;
    u32::from_le_bytes([a, b, c, d])
}

impl Identity for Signer<'_> {
    fn credential(&self) -> Credential {
        Credential::Device {
            account: account_of(self.0),
            device: device_of(self.0),
        }
    }

    fn sign(&self, statement: &[u8]) -> [u8; 64] {
        self.0.device().signs(statement).0
    }
}

/// Says who it is, bound to a connection.
pub async fn authenticate(client: &Client, person: &Person, binding: &Binding) -> Result<Answer> {
    let signer = Signer(person);
    let credential = signer.credential();
    let signature = signer.sign(&credential.statement(binding));
    let request = Request::Authenticate(Authenticate {
        credential,
        signature,
    });
    Ok(client.request(request).await?)
}

/// A person at a relay.
pub struct Courier<'a> {
    person: &'a Person,
    relay: Relay,
    session: Session,
    // Its sockets close with it; none over JSON-RPC.
    _endpoint: Option<Endpoint>,
}

/// A message to send.
#[derive(Clone, Copy, Debug)]
pub struct Parcel {
    /// To whom.
    pub to: Mailbox,
    /// Which: another number is another message.
    pub number: u64,
}

impl Parcel {
    /// To the first mailbox of a person.
    pub fn to(person: &Person, number: u64) -> Self {
        let to = Mailbox::of(&account_of(person), 0);
        Self { to, number }
    }

    fn envelope(&self, ticket: &[u8]) -> Vec<u8> {
        let mut bytes = vec![1];
        bytes.extend(self.to.0);
        ticket.to_vec().encode_to(&mut bytes);
        let mut sealed = vec![0; 1_024];
        sealed[..8].copy_from_slice(&self.number.to_le_bytes());
        sealed.encode_to(&mut bytes);
        bytes
    }

    /// Bytes that its ticket has to cover.
    pub fn size(&self) -> u64 {
        self.envelope(&[]).len() as u64
    }

    /// Its name.
    pub fn id(&self) -> Result<MessageId> {
        let bytes = self.envelope(&[]);
        let view = EnvelopeView::parse(&bytes).context("no envelope")?;
        Ok(view.id())
    }
}

impl<'a> Courier<'a> {
    /// Connects as soon as the relay lets the person in.
    pub async fn connect(genesis: [u8; 32], person: &'a Person, relay: &Relay) -> Result<Self> {
        let mut options = Options::dialling(SecretKey::generate());
        options.addresses = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        let endpoint = Endpoint::bind(options).await?;
        let session = until("the relay lets a device in", seconds(60), || async {
            let signer = Signer(person);
            let session = Client::connect(&endpoint, &relay.address, genesis, &signer).await?;
            Ok(Some(session))
        })
        .await?;
        Ok(Self {
            person,
            relay: relay.clone(),
            session,
            _endpoint: Some(endpoint),
        })
    }

    /// The same over JSON-RPC.
    pub async fn bridged(bridged: Bridged, person: &'a Person, relay: &Relay) -> Result<Self> {
        ensure!(
            bridged.binding.relay == relay.address.relay,
            "another relay"
        );
        let binding = bridged.binding;
        let (client, pushes) = bridged.client();
        let welcome = match authenticate(&client, person, &binding).await? {
            Answer::Authenticate(welcome) => welcome,
            other => anyhow::bail!("not let in: {other:?}"),
        };
        Ok(Self {
            person,
            relay: relay.clone(),
            session: Session {
                client,
                pushes,
                welcome,
            },
            _endpoint: None,
        })
    }

    /// For asking anything.
    pub fn client(&self) -> &Client {
        &self.session.client
    }

    /// What asks for a person's prekeys.
    pub fn prekeys(&self) -> Request {
        Request::FetchPreKeys(FetchPreKeys {
            account: account_of(self.person),
            device: device_of(self.person),
            usage: PreKeyUse::Pairwise,
        })
    }

    /// A ticket for this relay.
    pub fn ticket(&self, period: Period, bytes: u64) -> Ticket {
        let leaf = self.person.ticket(period, &self.relay.account, bytes);
        Ticket {
            period,
            bytes,
            latency: leaf.latency.0,
            signature: leaf.signature.0,
        }
    }

    /// Sends a message; why it was refused, if it was.
    pub async fn send(&self, parcel: &Parcel, ticket: &Ticket) -> Result<Option<Reason>> {
        let envelope = Bounded::new(parcel.envelope(&ticket.encode()))
            .map_err(|_| anyhow::anyhow!("too long"))?;
        let request = Request::Send(SendMessage { envelope, keep: 0 });
        match self.session.client.request(request).await? {
            Answer::Send(accepted) => {
                ensure!(accepted.id == parcel.id()?, "{accepted:?}");
                Ok(None)
            }
            Answer::Refused(refusal) => Ok(Some(refusal.reason)),
            other => anyhow::bail!("an answer to something else: {other:?}"),
        }
    }

    /// Sends a message that must be accepted. A quorum may be missing for a moment after a start.
    pub async fn must_send(&self, parcel: &Parcel, ticket: &Ticket) -> Result<()> {
        until("a message is accepted", seconds(20), || async {
            match self.send(parcel, ticket).await? {
                None => Ok(Some(())),
                Some(Reason::NoQuorum | Reason::TooFast) => Ok(None),
                Some(other) => anyhow::bail!("refused: {other}"),
            }
        })
        .await
    }

    /// Subscribes to the person's own mailbox.
    pub async fn subscribe(&self) -> Result<()> {
        let mailbox = Mailbox::of(&account_of(self.person), 0);
        let window = 0;
        let request = Request::Subscribe(Subscribe { mailbox, window });
        match self.session.client.request(request).await? {
            Answer::Subscribe(_) => Ok(()),
            other => anyhow::bail!("not subscribed: {other:?}"),
        }
    }

    /// Waits until these messages have come.
    pub async fn gets(&mut self, parcels: &[Parcel]) -> Result<()> {
        let mut open: Vec<MessageId> = parcels.iter().map(Parcel::id).collect::<Result<_>>()?;
        let all = async {
            while !open.is_empty() {
                if let Push::Deliver(message) = self.session.pushes.next().await? {
                    open.retain(|id| *id != message.id);
                }
            }
            anyhow::Ok(())
        };
        let all = tokio::time::timeout(seconds(20), all).await;
        all.context("messages do not come")?
    }

    /// Says that these have come and may be deleted.
    pub async fn acknowledge(&self, parcels: &[Parcel]) -> Result<()> {
        let ids: Vec<MessageId> = parcels.iter().map(Parcel::id).collect::<Result<_>>()?;
        let ids = List::new(ids).map_err(|_| anyhow::anyhow!("too many"))?;
        let mailbox = Mailbox::of(&account_of(self.person), 0);
        let request = Request::Acknowledge(OfMailbox { mailbox, ids });
        match self.session.client.request(request).await? {
            Answer::Acknowledge(_) => Ok(()),
            other => anyhow::bail!("not acknowledged: {other:?}"),
        }
    }

    /// Confirms so many bytes.
    pub async fn confirm(&self, period: Period, bytes: u64) -> Result<()> {
        let leaf = self.person.receipt(period, &self.relay.account, bytes);
        let receipt = Receipt {
            period,
            bytes,
            fanned: 0,
            latency: leaf.delivered.latency.0,
            signature: leaf.signature.0,
        };
        match self
            .session
            .client
            .request(Request::Receipt(receipt))
            .await?
        {
            Answer::Receipt(()) => Ok(()),
            other => anyhow::bail!("not confirmed: {other:?}"),
        }
    }
}
