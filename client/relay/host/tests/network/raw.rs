//! A client that does not behave: the state machine and the channel in the hands of the test.

use crate::{clients::Device, processes::GENESIS};
use parlance_bimp::{Authenticate, Binding, Client, ClientEvent, Request, Settings};
use parlance_endpoint::{Channel, Endpoint, Identity, Outgoing, RelayAddress};

pub struct Raw {
    pub channel: Channel,
    pub machine: Client,
    out: Outgoing,
    relay: RelayAddress,
}

impl Raw {
    /// A stranger; none if the relay has no place for it.
    pub async fn dial(endpoint: &Endpoint, relay: &RelayAddress) -> Option<Self> {
        Some(Self {
            channel: endpoint.dial(relay).await.ok()?,
            machine: Client::new(Settings::default()),
            out: Outgoing::default(),
            relay: relay.clone(),
        })
    }

    /// Puts what the machine has to say behind what is to be sent.
    pub fn gather(&mut self) {
        self.machine.transmit(self.out.fill(), usize::MAX);
    }

    /// The same for bytes that no machine would send.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        self.out.fill()
    }

    /// Sends it; whether the relay still takes it.
    pub async fn send(&mut self) -> bool {
        self.out.send_all(&mut self.channel.writer).await.is_ok()
    }

    /// The next event; none once the relay has ended it.
    pub async fn event(&mut self) -> Option<ClientEvent> {
        loop {
            if let Some(event) = self.machine.poll() {
                return Some(event);
            }
            let bytes = self.channel.reader.read().await.ok()??;
            // A closing frame is an error here, and the end of the stream comes behind it.
            let _ = self.machine.receive(bytes.as_ref());
        }
    }

    /// Both have said hello; whether the relay did.
    pub async fn greet(&mut self) -> bool {
        self.gather();
        self.send().await && matches!(self.event().await, Some(ClientEvent::Connected { .. }))
    }

    pub fn ask(&mut self, request: &Request) {
        self.machine.request(request).unwrap();
        self.gather();
    }

    /// Says who it is, without waiting for what the relay says to that.
    pub fn authenticate(&mut self, device: &Device) {
        let binding = Binding {
            genesis: GENESIS,
            exporter: self.channel.exporter(),
            relay: self.relay.relay,
        };
        let credential = device.credential();
        let signature = device.sign(&credential.statement(&binding));
        self.ask(&Request::Authenticate(Authenticate {
            credential,
            signature,
        }));
    }

    /// Reads until the relay ends it.
    pub async fn read_to_end(&mut self) {
        while let Ok(Some(_)) = self.channel.reader.read().await {}
    }
}
