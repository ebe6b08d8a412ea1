//! The loop, where a program in whole cannot be made to fail.

use super::*;
use crate::directory::StaticNetwork;
use codec::Encode;
use parlance_bimp::{Account, Bounded, GroupId, Key, Mailbox, Request, SendMessage, Subscribe};
use parlance_endpoint::{Endpoint, Options, SecretKey};
use parlance_relay_core::{Asker, Entry, GroupRow, Owner, PreKeyOwner, Who};
use tokio::sync::{mpsc::unbounded_channel, watch};

/// A disk whose code breaks as soon as it is to write.
struct Breaks(Store);

impl Storage for Breaks {
    fn commit_durable(&mut self, _: &Batch) -> Result<(), StorageError> {
        panic!("this is the fault that the test is about")
    }

    fn message(&self, key: &Key) -> Result<Option<Arc<[u8]>>, StorageError> {
        self.0.message(key)
    }

    fn entries(&self, mailbox: &Mailbox) -> Result<Vec<(Key, Entry)>, StorageError> {
        self.0.entries(mailbox)
    }

    fn mailboxes(&self) -> Result<Vec<Mailbox>, StorageError> {
        self.0.mailboxes()
    }

    fn head(&self, owner: &PreKeyOwner) -> Result<Option<Vec<u8>>, StorageError> {
        self.0.head(owner)
    }

    fn prekey(&self, owner: &PreKeyOwner, number: u64) -> Result<Option<Vec<u8>>, StorageError> {
        self.0.prekey(owner, number)
    }

    fn prekey_owners(&self) -> Result<Vec<(PreKeyOwner, Vec<u64>)>, StorageError> {
        self.0.prekey_owners()
    }

    fn groups(&self) -> Result<Vec<GroupId>, StorageError> {
        self.0.groups()
    }

    fn group(&self, group: &GroupId) -> Result<Vec<(GroupRow, Vec<u8>)>, StorageError> {
        self.0.group(group)
    }
}

fn envelope(mailbox: Mailbox) -> Request {
    let mut bytes = vec![1];
    bytes.extend(mailbox.0);
    b"ticket".to_vec().encode_to(&mut bytes);
    vec![7u8; 512].encode_to(&mut bytes);
    let envelope = Bounded::new(bytes).unwrap();
    Request::Send(SendMessage { envelope, keep: 0 })
}

/// E4.
#[tokio::test]
async fn a_writer_that_breaks_ends_the_loop_with_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let key = SecretKey::from_bytes(&[1; 32]);
    let network = format!(
        r#"{{"genesis":"{0}","relays":[{{"id":"{1}","key":"{2}","addresses":["127.0.0.1:9"],"quality":1}}],
        "accounts":[],"tickets":"not checked"}}"#,
        hex::encode([9; 32]),
        hex::encode([1; 32]),
        hex::encode(key.public().as_bytes()),
    );
    let file = folder.path().join("network.json");
    std::fs::write(&file, network).unwrap();
    let directory: Arc<dyn Directory> = StaticNetwork::open(&file).unwrap();
    let mut options = Options::dialling(key);
    options.addresses = vec!["127.0.0.1:0".parse().unwrap()];
    let endpoint = Endpoint::bind(options).await.unwrap();
    let store = Store::open(&folder.path().join("data"), 0).unwrap();
    let (me, figures) = (RelayId([1; 32]), Arc::new(Figures::default()));
    let (events, inputs) = super::events();
    let (_stop, stopped) = watch::channel(false);
    let peers = Peers::new(
        endpoint,
        me,
        directory.clone(),
        events.clone(),
        figures.clone(),
        stopped,
    );
    let engine = Engine {
        me,
        config: Config::default(),
        store: store.clone(),
        directory,
        peers,
        figures,
    };
    let running = engine.start_on(Breaks(store), events.clone(), inputs);

    let account = Account([5; 32]);
    let mailbox = Mailbox::of(&account, 0);
    let (to, mut told) = unbounded_channel();
    let who = Who::Device {
        account,
        device: 0,
        mailboxes: vec![mailbox],
        owner: Owner {
            devices: vec![0],
            longest: 1_000_000,
        },
    };
    let connection = 1;
    events.send(Event::Connected { connection, to });
    events.send(Event::Core(Input::Opened { connection, who }));
    let subscribe = Request::Subscribe(Subscribe { mailbox, window: 0 });
    for (request, body) in [(1, subscribe), (2, envelope(mailbox))] {
        let from = Asker {
            connection,
            request,
        };
        let request = body;
        events.send(Event::Core(Input::Request { from, request }));
    }
    // It serves, until it has to write.
    let answer = told.recv().await.map(|told| *told);
    assert!(matches!(
        answer,
        Some(ToConnection::Answer { request: 1, .. })
    ));
    let ended = tokio::task::spawn_blocking(|| running.unwrap().join().unwrap());
    let ended = tokio::time::timeout(Duration::from_secs(30), ended).await;
    assert!(matches!(ended, Ok(Ok(Err(EngineError::Writer)))));
    // Whoever is connected hears no promise, and the end.
    assert!(told.recv().await.is_none());
}
