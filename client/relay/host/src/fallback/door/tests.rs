use super::*;

fn door(bounds: Bounds) -> Arc<Door> {
    Arc::new(Door::new(bounds, Arc::default()))
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

const WIDE: Bounds = Bounds {
    strangers: 100,
    strangers_per_network: 100,
    new_per_network: 100,
    per_network: 100,
    places: 100,
    patience: Duration::from_secs(10),
};

/// F4: whoever says nothing takes no more than the places of its network, and leaves those of others alone.
#[test]
fn strangers_are_few_in_all_and_of_a_network() {
    let door = door(Bounds {
        strangers: 5,
        strangers_per_network: 3,
        ..WIDE
    });
    let now = Instant::now();
    let enter = |text| door.enter(address(text), now);
    // Addresses of one IPv6 customer.
    let mut there: Vec<_> = ["2001:db8::1", "2001:db8::2", "2001:db8::3"]
        .into_iter()
        .map(|text| enter(text).unwrap())
        .collect();
    assert!(enter("2001:db8::4").is_none());
    // The same in both notations.
    there.push(enter("192.0.2.1").unwrap());
    there.push(enter("::ffff:192.0.2.1").unwrap());
    assert!(enter("192.0.2.2").is_none(), "no more in all");
    assert_eq!((door.strangers(), door.known()), (5, 0));
    assert_eq!(door.figures().fallback_refused.load(Ordering::Relaxed), 2);
    there.remove(0);
    assert!(enter("192.0.2.2").is_some());
}

#[test]
fn who_has_shown_a_key_makes_room_for_strangers() {
    let door = door(Bounds {
        strangers_per_network: 1,
        per_network: 3,
        places: 2,
        ..WIDE
    });
    let now = Instant::now();
    let enter = |text| door.enter(address(text), now);
    let (first, mut shown) = enter("192.0.2.1").unwrap();
    assert!(enter("192.0.2.1").is_none());
    assert!(shown.try_recv().is_err());
    // A connection shows one key; twice is once.
    assert!(first.settle() && first.settle());
    assert_eq!(shown.try_recv(), Ok(()));
    let (second, _) = enter("192.0.2.1").unwrap();
    assert!(second.settle());
    assert_eq!((door.strangers(), door.known()), (0, 2));
    // No place, and it stays a stranger.
    let (third, _) = enter("192.0.2.1").unwrap();
    assert!(!third.settle());
    assert_eq!((door.strangers(), door.known()), (1, 2));
    drop(first);
    assert!(third.settle());
    let (fourth, _) = enter("192.0.2.1").unwrap();
    drop(fourth);
    assert_eq!((door.strangers(), door.known()), (0, 2));
    drop((second, third));
    assert_eq!((door.strangers(), door.known()), (0, 0));
    assert!(door.inside.lock().unwrap().networks.is_empty());
    assert!(door.inside.lock().unwrap().visits.is_empty());
}

#[test]
fn one_network_has_so_many_in_all_and_so_many_new_ones() {
    let door = door(Bounds {
        per_network: 3,
        new_per_network: 4,
        ..WIDE
    });
    let began = Instant::now();
    let here = address("192.0.2.1");
    let known: Vec<_> = (0..3)
        .map(|_| {
            let (visit, _) = door.enter(here, began).unwrap();
            assert!(visit.settle());
            visit
        })
        .collect();
    assert!(door.enter(here, began).is_none());
    drop(known);
    // Twice as many at once as in a second, gone or not.
    let more = (0..20)
        .filter(|_| door.enter(here, began).is_some())
        .count();
    assert_eq!(more, 5);
    assert!(door.enter(address("192.0.2.2"), began).is_some());
    let later = began + Duration::from_millis(250);
    assert!(door.enter(here, later).is_some());
    assert!(door.enter(here, later).is_none());
    // Nobody is remembered for ever.
    let long_after = began + Duration::from_secs(10);
    drop(door.enter(address("192.0.2.3"), long_after));
    // Its network, and the one around it.
    assert_eq!(door.inside.lock().unwrap().rates.len(), 2);
}

#[test]
fn nobody_fills_it_from_many_small_networks() {
    let door = door(Bounds {
        strangers_per_network: 2,
        ..WIDE
    });
    let now = Instant::now();
    let customer = |n: u16| IpAddr::from([0x2001, 0xdb8, 7, n, 0, 0, 0, 1]);
    let there: Vec<_> = (0..100)
        .filter_map(|n| door.enter(customer(n), now))
        .collect();
    assert_eq!(there.len(), 2 * WIDER);
    assert!(door.enter(address("2001:db8:8::1"), now).is_some());
    drop(there);
    assert!(door.inside.lock().unwrap().networks.is_empty());
}

/// All clients of an operator's proxy come from one address.
#[test]
fn a_proxy_on_this_machine_has_the_bounds_of_all() {
    let door = door(Bounds {
        strangers: 5,
        strangers_per_network: 1,
        per_network: 1,
        new_per_network: 1,
        ..WIDE
    });
    let now = Instant::now();
    for text in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        let there: Vec<_> = (0..5)
            .map(|_| door.enter(address(text), now).unwrap())
            .collect();
        assert!(door.enter(address(text), now).is_none());
        assert!(door.enter(address("192.0.2.1"), now).is_none());
        drop(there);
    }
}

/// Who waits learns of the end as well.
#[test]
fn a_connection_is_found_by_its_number_until_it_ends() {
    let door = door(WIDE);
    let (visit, mut shown) = door.enter(address("192.0.2.1"), Instant::now()).unwrap();
    let number = visit.number();
    assert_eq!(door.visit(number).map(|it| it.number()), Some(number));
    assert!(door.visit(number + 1).is_none());
    drop(visit);
    assert!(door.visit(number).is_none());
    assert_eq!(shown.try_recv(), Err(oneshot::error::TryRecvError::Closed));
}
