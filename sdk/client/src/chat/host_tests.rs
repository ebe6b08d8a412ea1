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
use parlance_e2ee::{Body, DeviceAddress, Text, content::WrittenText};
use parlance_messenger::{Command, Directory, Event, Listed, NoTraceNews, NoTraceWish, RelayInfo};

use super::{ChatError, FromRelay, Host, Told, Wire, files, tests};
use crate::{
    encryption::{EncryptionError, address_of, number_of},
    identity::{
        Finding,
        testing::{World, adds},
    },
    vault::Vault,
};

const RELAY: RelayId = RelayId([7; 32]);

type PreKeysOf = (Vec<u8>, VecDeque<Vec<u8>>);

/// What the relay keeps.
#[derive(Default)]
struct Kept {
    prekeys: BTreeMap<(DeviceAddress, PreKeyUse), PreKeysOf>,
    coming: BTreeMap<DeviceAddress, VecDeque<FromRelay>>,
}

/// One device's end.
struct Line {
    kept: Rc<RefCell<Kept>>,
    own: DeviceAddress,
}

impl Line {
    fn new(kept: &Rc<RefCell<Kept>>, own: DeviceAddress) -> Self {
        let mut inner = kept.borrow_mut();
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
                let of = DeviceAddress {
                    account: body.account.0,
                    device: body.device,
                };
                let found = kept.prekeys.get_mut(&(of, body.usage));
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
                let relay = RELAY;
                for (to, coming) in &mut kept.coming {
                    if Mailbox::of(&Account(to.account), 0) == mailbox {
                        let push = push.clone();
                        coming.push_back(FromRelay::Pushed { relay, push });
                    }
                }
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
    listed(world, kept, vault).await
}

/// A device that is on its account's record.
async fn listed<'v>(
    world: &Arc<World>,
    kept: &Rc<RefCell<Kept>>,
    vault: &'v Vault,
) -> Host<'v, Arc<World>, Line> {
    let id = vault.device().unwrap().id();
    let own = address_of(&vault.account().unwrap(), id);
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
    let of_ben = address_of(&ben.account().unwrap(), ben.device().unwrap().id());
    assert!(kept.borrow().coming[&of_ben].is_empty());
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

/// A device of somebody's, in a folder of its own.
fn linked(to: &Vault) -> (tempfile::TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let vault = Vault::create(&path, b"passphrase", tests::options()).unwrap();
    vault.link(to.account().unwrap()).unwrap();
    (folder, vault)
}

#[tokio::test]
async fn a_new_device_takes_the_history_that_its_person_gives_it() {
    let (world, kept) = (World::new(), Rc::new(RefCell::new(Kept::default())));
    let (_one, _path, anna) = tests::vault();
    let (_other, _path, ben) = tests::vault();
    let with_ben = Account(*AsRef::<[u8; 32]>::as_ref(&ben.account().unwrap()));
    let mut one = host(&world, &kept, &anna).await;
    let mut other = host(&world, &kept, &ben).await;
    talk(&mut [&mut one, &mut other]).await;
    for words in ["one", "two", "three"] {
        one.command(say(with_ben, words)).unwrap();
    }
    talk(&mut [&mut one, &mut other]).await;
    let (_folder, phone) = linked(&anna);
    let keys = phone.device().unwrap().keys();
    world.change(&anna.account().unwrap(), vec![adds(keys)]);
    let device = number_of(phone.device().unwrap().id());
    let mut new = listed(&world, &kept, &phone).await;
    new.command(Command::AskHistory { anew: false }).unwrap();
    let told = talk(&mut [&mut one, &mut other, &mut new]).await;
    let asked = |(n, told): &(usize, Told)| {
        let wanted = matches!(told, Told::Event(Event::HistoryWanted { .. }));
        wanted && *n == 0
    };
    assert!(told.iter().any(asked), "{told:?}");
    assert_eq!(new.chat().conversations().count(), 0);
    // Granted while nothing runs, and kept.
    drop(one);
    let mut chat = super::open(&anna, world.now(), std::time::Duration::ZERO).unwrap();
    assert_eq!(
        chat.wanted().map(|it| it.device).collect::<Vec<_>>(),
        [device]
    );
    let clock = super::clock(world.now(), std::time::Duration::ZERO);
    chat.command(clock, Command::GiveHistory { device })
        .unwrap();
    drop(chat);
    let mut one = listed(&world, &kept, &anna).await;
    let mut rounds = 0;
    while !new.chat().taking().is_some_and(|taking| taking.done) {
        rounds += 1;
        assert!(rounds < 100, "{:?}", new.chat().taking());
        talk(&mut [&mut one, &mut other, &mut new]).await;
    }
    let entries = new.chat().messages(&with_ben, u64::MAX, 10).unwrap();
    let texts: Vec<_> = entries.iter().rev().filter_map(|it| it.text()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[tokio::test]
async fn what_is_said_without_a_trace_is_told_and_not_kept() {
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
    let wish = |with, wish| Command::NoTrace { with, wish };
    one.command(wish(with_ben, NoTraceWish::Open)).unwrap();
    other.command(wish(with_anna, NoTraceWish::Open)).unwrap();
    let mut rounds = 0;
    while one.chat().no_trace().is_none_or(|(_, peer)| peer.is_none()) {
        rounds += 1;
        assert!(rounds < 300);
        talk(&mut [&mut one, &mut other]).await;
    }
    let text = Text::new("quicksilver").unwrap();
    let body = Body::Text(WrittenText { text });
    let say = NoTraceWish::Say(body.clone());
    one.command(wish(with_ben, say)).unwrap();
    let told = talk(&mut [&mut one, &mut other]).await;
    let heard = |(n, told): &(usize, Told)| match told {
        Told::Event(Event::NoTrace {
            news:
                NoTraceNews::Said {
                    own: false,
                    body: said,
                    ..
                },
            ..
        }) => *n == 1 && *said == body,
        _ => false,
    };
    assert!(told.iter().any(heard), "{told:?}");
    for host in [&one, &other] {
        assert_eq!(host.chat().conversations().count(), 0);
        assert_eq!(host.chat().waiting(), 0);
    }
}

#[tokio::test]
async fn a_file_is_whole_in_the_folder_though_its_reader_ended_in_the_middle() {
    let (world, kept) = (World::new(), Rc::new(RefCell::new(Kept::default())));
    let (_one, _path, anna) = tests::vault();
    let (_other, _path, ben) = tests::vault();
    let account = |vault: &Vault| Account(*AsRef::<[u8; 32]>::as_ref(&vault.account().unwrap()));
    let (with_anna, with_ben) = (account(&anna), account(&ben));
    let mut one = host(&world, &kept, &anna).await;
    let mut other = host(&world, &kept, &ben).await;
    talk(&mut [&mut one, &mut other]).await;
    // Of strangers nothing is taken unasked.
    other.command(say(with_anna, "send it")).unwrap();
    talk(&mut [&mut one, &mut other]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.png");
    let bytes: Vec<u8> = (0..1_500_000_u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect();
    std::fs::write(&path, &bytes).unwrap();
    let id = one.file(files::read(&path, with_ben).unwrap()).unwrap();
    let id = id.unwrap();
    let mut rounds = 0;
    let (mut ended, mut before) = (false, 0);
    while other.chat().read_file(&with_anna, &id).is_err() {
        rounds += 1;
        assert!(rounds < 2_000);
        for host in [&mut one, &mut other] {
            host.next().await.unwrap();
        }
        let held = other
            .chat()
            .file_of(&with_anna, &id)
            .map_or(0, |it| it.held);
        assert!(held >= before);
        before = held;
        if held > 5 && !ended {
            ended = true;
            // What waits at the relay comes to the next one.
            drop(other);
            other = listed(&world, &kept, &ben).await;
            let known = other.chat().file_of(&with_anna, &id).unwrap();
            assert_eq!(known.held, held);
        }
    }
    assert!(ended);
    let read = other.chat().read_file(&with_anna, &id).unwrap();
    assert_eq!(read, bytes);
    let entry = other.chat().message(&with_anna, &id).unwrap().unwrap();
    let Some(Body::File(reference)) = entry.body() else {
        panic!("{entry:?}");
    };
    let into = folder.path().join("saved");
    let name = reference.name.as_str();
    let saved = files::save(&into, name, "mark", &read).unwrap();
    assert_eq!(saved, into.join("picture.png"));
    assert_eq!(std::fs::read(saved).unwrap(), bytes);
    talk(&mut [&mut one, &mut other]).await;
    assert!(!one.chat().is_sending(&with_ben, &id));
    assert_eq!((one.chat().waiting(), other.chat().waiting()), (0, 0));
}
