//! Two hosts with a wire between them that keeps messages, and a node that holds a small chain.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    sync::Arc,
};

use codec::Encode;
use parlance_bimp::{
    Accepted, Account, Answer, Bounded, Count, Deliver, EnvelopeView, Fetched, Mailbox, Message,
    PreKeyUse, PreKeys, PreKeysLeft, Push, RelayId, Request, Waiting,
};
use parlance_e2ee::{Body, Text, content::WrittenText};
use parlance_messenger::{Command, Directory, Event, Listed, RelayInfo};

use super::{ChatError, FromRelay, Host, Told, Wire, tests};
use crate::{
    encryption::EncryptionError,
    identity::{Finding, testing::World},
    vault::Vault,
};

const RELAY: RelayId = RelayId([7; 32]);

type PreKeysOf = (Vec<u8>, VecDeque<Vec<u8>>);

/// What the relay keeps.
#[derive(Default)]
struct Kept {
    prekeys: BTreeMap<(Account, PreKeyUse), PreKeysOf>,
    coming: BTreeMap<Account, VecDeque<FromRelay>>,
    mailboxes: BTreeMap<Mailbox, Account>,
}

/// One device's end.
struct Line {
    kept: Rc<RefCell<Kept>>,
    own: Account,
}

impl Line {
    fn new(kept: &Rc<RefCell<Kept>>, own: Account) -> Self {
        let mut inner = kept.borrow_mut();
        inner.mailboxes.insert(Mailbox::of(&own, 0), own);
        let (id, quality) = (RELAY, 1);
        let account = [8; 32];
        let info = RelayInfo { id, quality };
        let directory = Directory {
            genesis: [9; 32],
            period: None,
            ingress: Vec::new(),
            relays: vec![Listed { info, account }],
        };
        let coming = inner.coming.entry(own).or_default();
        coming.push_back(FromRelay::Directory(directory));
        let kept = kept.clone();
        Self { kept, own }
    }

    fn answer(&self, request: Request) -> Answer {
        let mut kept = self.kept.borrow_mut();
        match request {
            Request::PublishPreKeys(body) => {
                let place = kept.prekeys.entry((self.own, body.usage)).or_default();
                place.0 = body.head.into_vec();
                let more = body.one_time.into_vec().into_iter();
                place.1.extend(more.map(Bounded::into_vec));
                let one_time = place.1.len() as u32;
                Answer::PublishPreKeys(PreKeysLeft { one_time })
            }
            Request::FetchPreKeys(body) => {
                let found = kept.prekeys.get_mut(&(body.account, body.usage));
                let found = found.map(|(head, one_time)| Fetched {
                    head: Bounded::new(head.clone()).unwrap(),
                    one_time: one_time.pop_front().map(|it| Bounded::new(it).unwrap()),
                });
                Answer::FetchPreKeys(PreKeys { found })
            }
            Request::Send(body) => {
                let bytes = body.envelope.into_vec();
                let view = EnvelopeView::parse(&bytes).unwrap();
                let (mailbox, id) = (view.mailbox, view.id());
                let message = Message::Sealed(Bounded::new(view.without_ticket()).unwrap());
                let push = Push::Deliver(Deliver {
                    mailbox,
                    id,
                    position: 0,
                    expires: 0,
                    mention: false,
                    message: Bounded::new(message.encode()).unwrap(),
                });
                let to = kept.mailboxes[&mailbox];
                let relay = RELAY;
                let coming = kept.coming.entry(to).or_default();
                coming.push_back(FromRelay::Pushed { relay, push });
                let (relays, expires) = (3, 0);
                Answer::Send(Accepted {
                    id,
                    relays,
                    expires,
                })
            }
            Request::Subscribe(_) => Answer::Subscribe(Waiting::default()),
            Request::Acknowledge(_) => Answer::Acknowledge(Count { messages: 1 }),
            Request::Sync(_) => Answer::Sync(Waiting::default()),
            other => panic!("{other:?}"),
        }
    }
}

impl Wire for Line {
    fn ask(&mut self, relay: RelayId, ask: u64, request: Request) {
        assert_eq!(relay, RELAY);
        let answer = self.answer(request);
        let mut kept = self.kept.borrow_mut();
        let coming = kept.coming.entry(self.own).or_default();
        coming.push_back(FromRelay::Answered { ask, answer });
    }

    fn close(&mut self, _: RelayId) {}

    async fn next(&mut self) -> FromRelay {
        match self.try_next() {
            Some(next) => next,
            None => std::future::pending().await,
        }
    }

    fn try_next(&mut self) -> Option<FromRelay> {
        self.kept
            .borrow_mut()
            .coming
            .get_mut(&self.own)?
            .pop_front()
    }

    fn refresh(&mut self) {}
}

async fn host<'v>(
    world: &Arc<World>,
    kept: &Rc<RefCell<Kept>>,
    vault: &'v Vault,
) -> Host<'v, Arc<World>, Line> {
    let own = vault.account().unwrap();
    world.register(&own, vault.device().unwrap().keys());
    let own = Account(*AsRef::<[u8; 32]>::as_ref(&own));
    let light = Some(world.light().await);
    let wall = world.clone();
    Host::open(vault, light, Line::new(kept, own), move || wall.now()).unwrap()
}

/// Steps both until nothing is said any more.
async fn talk(hosts: &mut [&mut Host<'_, Arc<World>, Line>]) -> Vec<(usize, Told)> {
    let mut told = Vec::new();
    for _ in 0..30 {
        for (n, host) in hosts.iter_mut().enumerate() {
            let heard = host.next().await.unwrap();
            told.extend(heard.into_iter().map(|it| (n, it)));
        }
    }
    told
}

fn say(conversation: Account, words: &str) -> Command {
    let text = Text::new(words).unwrap();
    let body = Body::Text(WrittenText { text });
    Command::Say { conversation, body }
}

#[tokio::test]
async fn two_people_talk_and_are_told_who_the_other_is() {
    let (world, kept) = (World::new(), Rc::new(RefCell::new(Kept::default())));
    let (_one, _path, anna) = tests::vault();
    let (_other, _path, ben) = tests::vault();
    let account = |vault: &Vault| {
        let account = vault.account().unwrap();
        Account(*AsRef::<[u8; 32]>::as_ref(&account))
    };
    let (with_anna, with_ben) = (account(&anna), account(&ben));
    let mut one = host(&world, &kept, &anna).await;
    let mut other = host(&world, &kept, &ben).await;
    talk(&mut [&mut one, &mut other]).await;
    let id = one.command(say(with_ben, "hello")).unwrap().unwrap();
    let told = talk(&mut [&mut one, &mut other]).await;
    let registered = told.iter().filter(
        |(_, told)| matches!(told, Told::Changed { what, .. } if *what == Finding::Registered),
    );
    assert_eq!(registered.count(), 4);
    let shown = |it: &&(usize, Told)| matches!(it, (1, Told::Event(Event::Message(_))));
    assert_eq!(told.iter().filter(shown).count(), 1);
    let sent = one.chat().message(&with_ben, &id).unwrap().unwrap();
    assert_eq!(sent.status.accepted, Some(3));
    assert_eq!(sent.status.delivered.len(), 1);
    other.command(say(with_anna, "hello Anna")).unwrap();
    talk(&mut [&mut one, &mut other]).await;
    let entries = one.chat().messages(&with_ben, u64::MAX, 10).unwrap();
    assert_eq!(entries[0].text().as_deref(), Some("hello Anna"));
    assert_eq!((one.chat().waiting(), other.chat().waiting()), (0, 0));
}

#[tokio::test]
async fn a_change_is_told_before_anything_is_encrypted_for_them() {
    let (world, kept) = (World::new(), Rc::new(RefCell::new(Kept::default())));
    let (_one, _path, anna) = tests::vault();
    let (_other, _path, ben) = tests::vault();
    let with_ben = Account(*AsRef::<[u8; 32]>::as_ref(&ben.account().unwrap()));
    let mut one = host(&world, &kept, &anna).await;
    let mut other = host(&world, &kept, &ben).await;
    talk(&mut [&mut one, &mut other]).await;
    one.command(say(with_ben, "hello")).unwrap();
    let about_ben = |told: &Told| match told {
        Told::Changed { who, .. } => who.account == ben.account().unwrap(),
        _ => false,
    };
    loop {
        let told = one.next().await.unwrap();
        if told.iter().any(about_ben) {
            break;
        }
    }
    // Who stops here has sent nothing: it waits for its copies.
    assert_eq!(one.chat().unsent(), 1);
    assert!(kept.borrow().coming[&with_ben].is_empty());
    talk(&mut [&mut one, &mut other]).await;
    assert_eq!(one.chat().unsent(), 0);
}

#[tokio::test]
async fn what_is_said_to_somebody_without_an_identity_waits_until_they_have_one() {
    let (world, kept) = (World::new(), Rc::new(RefCell::new(Kept::default())));
    let (_one, _path, anna) = tests::vault();
    let (_other, _path, ben) = tests::vault();
    let with_ben = Account(*AsRef::<[u8; 32]>::as_ref(&ben.account().unwrap()));
    let mut one = host(&world, &kept, &anna).await;
    let id = one.command(say(with_ben, "hello")).unwrap().unwrap();
    let told = talk(&mut [&mut one]).await;
    let nobody = |(_, told): &(usize, Told)| match told {
        Told::NotLookedUp { account, cause } => {
            let cause = matches!(
                cause,
                ChatError::Encryption(EncryptionError::NoIdentity { .. })
            );
            *account == with_ben && cause
        }
        _ => false,
    };
    assert!(told.iter().any(nobody));
    assert_eq!(one.chat().unsent(), 1);
    let mut other = host(&world, &kept, &ben).await;
    // The engine rests a little after a look that brought nothing.
    loop {
        talk(&mut [&mut one, &mut other]).await;
        let sent = one.chat().message(&with_ben, &id).unwrap().unwrap();
        if !sent.status.delivered.is_empty() {
            break;
        }
    }
}
