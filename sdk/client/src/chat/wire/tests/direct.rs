//! Two devices on the loopback interface that deliver to each other.

use std::time::Instant;

use parlance_bimp::{Account, Reason};
use parlance_endpoint::{Client, ConnectError};
use parlance_messenger::{ContentId, Event};

use super::{
    network::{Network, Talking, account_of, delivered, say, texts, until},
    *,
};
use crate::chat::{
    Told,
    wire::{RelayWire, device::DeviceKey},
};

fn handed_over(told: &[Told], what: &ContentId) -> bool {
    let is = |told: &Told| matches!(told, Told::Event(Event::HandedOver { id, .. }) if id == what);
    told.iter().any(is)
}

fn directly(wire: &mut RelayWire<'_>) {
    wire.deliver_directly(false);
}

/// Both say something, and so may reach each other.
async fn meet<'v>(
    (one, other): (&mut Talking<'v>, &mut Talking<'v>),
    (with_anna, with_ben): (Account, Account),
) {
    let to_ben = one.command(say(with_ben, "hello")).unwrap().unwrap();
    let to_anna = other.command(say(with_anna, "hello you")).unwrap();
    let to_anna = to_anna.unwrap();
    let both: &mut [&mut Talking<'v>] = &mut [&mut *one, &mut *other];
    until(both, |hosts| {
        delivered(hosts[0], with_ben, &to_ben) && delivered(hosts[1], with_anna, &to_anna)
    })
    .await;
}

/// Says one thing after the other until one was taken directly.
async fn talk_until_direct<'v>(
    (one, other): (&mut Talking<'v>, &mut Talking<'v>),
    with: Account,
) -> usize {
    let began = Instant::now();
    for number in 0.. {
        assert!(began.elapsed() < 3 * PATIENCE, "nothing goes directly");
        let id = one
            .command(say(with, &number.to_string()))
            .unwrap()
            .unwrap();
        let both: &mut [&mut Talking<'v>] = &mut [&mut *one, &mut *other];
        let told = until(both, |hosts| delivered(hosts[0], with, &id)).await;
        if handed_over(&told, &id) {
            return number + 1;
        }
    }
    unreachable!()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_there_gets_it_directly_also_when_no_relay_is_left() {
    let (_one, _path, anna) = vault();
    let (_other, _path, ben) = vault();
    let (with_anna, with_ben) = (account_of(&anna), account_of(&ben));
    let mut network = Network::start(&[&anna, &ben]).await;
    let mut one = network.open_and(&anna, directly).await;
    let mut other = network.open_and(&ben, directly).await;
    meet((&mut one, &mut other), (with_anna, with_ben)).await;
    let by_anna = talk_until_direct((&mut one, &mut other), with_ben).await;
    let by_ben = talk_until_direct((&mut other, &mut one), with_anna).await;
    // There is a connection, and the way is known in both directions. All relays go.
    for relay in std::mem::take(&mut network.services) {
        relay.stop().await.unwrap();
    }
    for (words, from_one) in [("to Ben", true), ("to Anna", false), ("again", true)] {
        say_alone(
            (&mut one, &mut other),
            (with_anna, with_ben),
            (words, from_one),
        )
        .await;
    }
    let shown = texts(&other, with_anna);
    assert_eq!(shown.len(), 2 + by_anna + by_ben + 3);
    let last: Vec<&str> = shown.iter().rev().take(3).map(String::as_str).collect();
    assert_eq!(last, ["again", "to Anna", "to Ben"]);
    // Both said the first thing without knowing of the other one's; from then on each had read everything.
    let here = texts(&one, with_ben);
    assert_eq!(here[2..], shown[2..]);
    let mut first = [here[..2].to_vec(), shown[..2].to_vec()];
    first.iter_mut().for_each(|both| both.sort());
    assert_eq!(first, [["hello", "hello you"]; 2]);
}

/// Says something, and waits until the other one has it and has said so.
async fn say_alone<'v>(
    (one, other): (&mut Talking<'v>, &mut Talking<'v>),
    (with_anna, with_ben): (Account, Account),
    (words, from_one): (&str, bool),
) {
    let (host, with) = match from_one {
        true => (&mut *one, with_ben),
        false => (&mut *other, with_anna),
    };
    let id = host.command(say(with, words)).unwrap().unwrap();
    let author = usize::from(!from_one);
    let both: &mut [&mut Talking<'v>] = &mut [&mut *one, &mut *other];
    until(both, |hosts| delivered(hosts[author], with, &id)).await;
}

/// C6: Ben tells nobody how to be reached, and the connection that he has made serves Anna too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_hidden_gets_it_over_the_connection_that_they_made() {
    let (_one, _path, anna) = vault();
    let (_other, _path, ben) = vault();
    let (with_anna, with_ben) = (account_of(&anna), account_of(&ben));
    let mut network = Network::start(&[&anna, &ben]).await;
    let mut one = network.open_and(&anna, directly).await;
    let hidden = |wire: &mut RelayWire<'_>| wire.deliver_directly(true);
    let mut other = network.open_and(&ben, hidden).await;
    meet((&mut one, &mut other), (with_anna, with_ben)).await;
    talk_until_direct((&mut other, &mut one), with_anna).await;
    for relay in std::mem::take(&mut network.services) {
        relay.stop().await.unwrap();
    }
    for (words, from_one) in [("to Ben", true), ("to Anna", false), ("again", true)] {
        say_alone(
            (&mut one, &mut other),
            (with_anna, with_ben),
            (words, from_one),
        )
        .await;
    }
    let shown = texts(&other, with_anna);
    let last: Vec<&str> = shown.iter().rev().take(3).map(String::as_str).collect();
    assert_eq!(last, ["again", "to Anna", "to Ben"]);
}

/// C7: they have been apart, the relays that knew where they are have gone, and they are on one network.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_on_one_network_find_each_other_when_no_relay_is_left() {
    let (_one, _path, anna) = vault();
    let (_other, _path, ben) = vault();
    let (with_anna, with_ben) = (account_of(&anna), account_of(&ben));
    let mut network = Network::start(&[&anna, &ben]).await;
    let mut one = network.open(&anna).await;
    let mut other = network.open(&ben).await;
    meet((&mut one, &mut other), (with_anna, with_ben)).await;
    one.into_wire().end().await;
    other.into_wire().end().await;
    for relay in std::mem::take(&mut network.services) {
        relay.stop().await.unwrap();
    }
    let mut one = network.open_and(&anna, directly).await;
    let mut other = network.open_and(&ben, directly).await;
    for (words, from_one) in [("to Ben", true), ("to Anna", false)] {
        let people = (with_anna, with_ben);
        say_alone((&mut one, &mut other), people, (words, from_one)).await;
    }
    let shown = texts(&other, with_anna);
    let last: Vec<&str> = shown.iter().rev().take(2).map(String::as_str).collect();
    assert_eq!(last, ["to Anna", "to Ben"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_who_signs_with_another_key_are_sent_away() {
    let (_one, _path, anna) = vault();
    let (_other, _path, ben) = vault();
    let (_third, _path, carl) = vault();
    let (with_anna, with_ben) = (account_of(&anna), account_of(&ben));
    let network = Network::start(&[&anna, &ben, &carl]).await;
    let mut one = network.open_and(&anna, directly).await;
    let mut other = network.open_and(&ben, directly).await;
    meet((&mut one, &mut other), (with_anna, with_ben)).await;
    talk_until_direct((&mut one, &mut other), with_ben).await;
    // Ben's account and device are not Carl's key.
    let of = |vault: &Vault| vault.account().unwrap();
    for (claims, secrets) in [(of(&carl), &carl), (of(&ben), &carl)] {
        let key = DeviceKey::new(&claims, secrets.device().unwrap());
        let there = one.wire().endpoint.whereabouts();
        let (endpoint, genesis) = (other.wire().endpoint.clone(), one.wire().genesis);
        let dialling = Client::connect_to_peer(&endpoint, &there, genesis, &key);
        tokio::pin!(dialling);
        let refused = loop {
            tokio::select! {
                refused = &mut dialling => break refused,
                told = one.next() => drop(told.unwrap()),
            }
        };
        match refused.map(|_| ()) {
            Err(ConnectError::Refused(refusal)) => {
                assert_eq!(refusal.reason, Reason::BadCredentials);
            }
            other => panic!("{other:?}"),
        }
    }
    // Who leaves is not dialled any more, and says so.
    one.leave().await.unwrap();
    let began = Instant::now();
    while !one.chat().is_withdrawn() {
        one.next().await.unwrap();
        assert!(began.elapsed() < PATIENCE);
    }
    let ben = DeviceKey::new(&of(&ben), ben.device().unwrap());
    let there = one.wire().endpoint.whereabouts();
    let (endpoint, genesis) = (other.wire().endpoint.clone(), one.wire().genesis);
    let late = Client::connect_to_peer(&endpoint, &there, genesis, &ben).await;
    assert!(late.is_err());
}
