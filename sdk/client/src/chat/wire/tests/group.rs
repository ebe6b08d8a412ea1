//! Three people in a group over five relays as they run.

use parlance_bimp::{Account, GroupId};
use parlance_messenger::{Event, GroupCommand, GroupNews, groups::Stage};

use super::network::{Network, Talking, account_of, say, texts, until};
use crate::chat::{Told, tests::vault};

fn stage(host: &Talking<'_>, group: GroupId) -> Option<Stage> {
    let mut groups = host.chat().groups();
    let found = groups.find(|it| it.id == group);
    found.map(|group| group.stage.clone())
}

fn members(host: &Talking<'_>, group: GroupId) -> usize {
    let mut groups = host.chat().groups();
    let found = groups.find(|it| it.id == group);
    found.map_or(0, |group| group.members.len())
}

fn sent(host: &Talking<'_>) -> bool {
    host.chat().unsent() == 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_people_talk_in_a_group_over_relays_and_one_is_removed() {
    let (_one, _path, anna) = vault();
    let (_two, _path, ben) = vault();
    let (_three, _path, cleo) = vault();
    let mut network = Network::start(&[&anna, &ben, &cleo]).await;
    let mut a = network.open(&anna).await;
    let mut b = network.open(&ben).await;
    let mut c = network.open(&cleo).await;
    // Who has put key packages on the relays can be brought in while away.
    until(&mut [&mut b, &mut c], |hosts| {
        hosts.iter().all(|host| host.chat().key_packages_lie())
    })
    .await;
    c.into_wire().end().await;
    let name = "walkers".to_owned();
    let group = a.group(GroupCommand::New { name }).unwrap();
    let accounts = vec![account_of(&ben), account_of(&cleo)];
    a.group(GroupCommand::Invite { group, accounts }).unwrap();
    until(&mut [&mut a, &mut b], |hosts| {
        sent(hosts[0]) && stage(hosts[1], group).is_some()
    })
    .await;
    b.group(GroupCommand::Join(group)).unwrap();
    let here = Account(group.0);
    a.command(say(here, "one")).unwrap();
    until(&mut [&mut a, &mut b], |hosts| {
        texts(hosts[1], here).len() == 1
    })
    .await;

    // The one who was away finds the invitation, and what was said.
    let relay = network.services.pop().unwrap();
    relay.stop().await.unwrap();
    b.command(say(here, "two")).unwrap();
    let mut c = network.open(&cleo).await;
    let told = until(&mut [&mut a, &mut b, &mut c], |hosts| {
        stage(hosts[2], group).is_some()
    })
    .await;
    let invited = |told: &Told| match told {
        Told::Event(Event::Group { news, .. }) => {
            matches!(news, GroupNews::Invited { name, .. } if name == "walkers")
        }
        _ => false,
    };
    assert!(told.iter().any(invited), "{told:?}");
    c.group(GroupCommand::Join(group)).unwrap();
    until(&mut [&mut a, &mut b, &mut c], |hosts| {
        hosts.iter().all(|host| texts(host, here).len() == 2)
    })
    .await;
    // The second was said after the first had been read, whichever copy came first, and whatever was due at the relay that
    // stopped.
    assert_eq!(texts(&c, here), ["one", "two"]);

    // Who is removed reads nothing more.
    let account = account_of(&cleo);
    b.group(GroupCommand::Remove { group, account }).unwrap();
    until(&mut [&mut a, &mut b, &mut c], |hosts| {
        stage(hosts[2], group) == Some(Stage::Out) && members(hosts[0], group) == 2
    })
    .await;
    a.command(say(here, "three")).unwrap();
    until(&mut [&mut a, &mut b, &mut c], |hosts| {
        texts(hosts[1], here).len() == 3 && sent(hosts[0])
    })
    .await;
    assert_eq!(texts(&c, here).len(), 2);
    assert!(c.command(say(here, "hello")).is_err());
    for service in network.services {
        service.stop().await.unwrap();
    }
}
