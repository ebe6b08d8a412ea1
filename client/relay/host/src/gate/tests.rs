use super::*;

#[test]
fn places_are_counted_by_network_and_given_back() {
    let gate = Gate::new(ConnectionLimits {
        connections: 3,
        per_address: 2,
        ..ConnectionLimits::default()
    });
    let address = |text: &str| text.parse::<IpAddr>().unwrap_or(IpAddr::from([0; 4]));
    let enter = |text: &str| gate.enter(address(text), Instant::now());
    let first = enter("2001:db8::1");
    let second = enter("2001:db8::2");
    assert!(first.is_some() && second.is_some());
    assert!(enter("2001:db8::3").is_none());
    let third = enter("10.0.0.1");
    assert!(third.is_some());
    assert!(enter("10.0.0.2").is_none());
    drop(first);
    assert!(enter("::ffff:10.0.0.1").is_some());
}

#[test]
fn who_shakes_hands_all_the_time_is_sent_away_and_nobody_else() {
    let gate = Gate::new(ConnectionLimits {
        handshakes_per_address: 10,
        ..ConnectionLimits::default()
    });
    let (flood, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
    let mut now = Instant::now();
    let mut let_in = 0;
    for _ in 0..1_000 {
        // Every one is ended at once.
        let_in += u32::from(gate.enter(flood, now).is_some());
        now += Duration::from_millis(10);
    }
    assert!((119..=121).contains(&let_in), "{let_in}");
    assert!(gate.enter(other, now).is_some());
    // Nobody is remembered for ever.
    now += Duration::from_secs(3);
    assert!(gate.enter(other, now).is_some());
    let open = gate.open.lock().unwrap();
    let left = [Network::of(other), Network::around(other)];
    assert_eq!(open.handshakes.len(), left.len());
    assert!(left.iter().all(|it| open.handshakes.contains_key(it)));
}

/// Whoever has a network of 48 bits has 65,536 of 64 bits.
#[test]
fn nobody_fills_the_relay_from_many_small_networks() {
    let gate = Gate::new(ConnectionLimits {
        per_address: 2,
        handshakes_per_address: 3,
        ..ConnectionLimits::default()
    });
    let mut now = Instant::now();
    let customer = |n: u16| IpAddr::from([0x2001, 0xdb8, 7, n, 0, 0, 0, 1]);
    let mut there: Vec<_> = (0..1_000)
        .filter_map(|n| gate.enter(customer(n), now))
        .collect();
    assert_eq!(there.len(), 2 * WIDER);
    let neighbour = IpAddr::from([0x2001, 0xdb8, 8, 0, 0, 0, 0, 1]);
    assert!(gate.enter(neighbour, now).is_some());
    // Nor does it have more than eight times the handshakes by going at once.
    there.clear();
    let begun = (0..1_000).filter(|n| gate.enter(customer(*n), now).is_some());
    assert_eq!(begun.count(), 2 * 3 * WIDER - 2 * WIDER);
    now += Duration::from_secs(1);
    let begun = (0..1_000).filter(|n| gate.enter(customer(*n), now).is_some());
    assert_eq!(begun.count(), 3 * WIDER);
    assert!(gate.open.lock().unwrap().by_network.is_empty());
}

#[test]
fn the_bridge_has_places_of_its_own() {
    let gate = Gate::new(ConnectionLimits {
        per_address: 1,
        bridged: 2,
        ..ConnectionLimits::default()
    });
    let first = gate.enter_bridged();
    let second = gate.enter_bridged();
    assert!(first.is_some() && second.is_some());
    assert!(gate.enter_bridged().is_none());
    assert!(
        gate.enter(IpAddr::from([127, 0, 0, 1]), Instant::now())
            .is_some()
    );
    drop(first);
    assert!(gate.enter_bridged().is_some());
}

#[test]
fn places_of_a_peer_are_counted_and_given_back() {
    let gate = Gate::new(ConnectionLimits {
        per_peer: 1,
        ..ConnectionLimits::default()
    });
    let peer = |n| Credential::Relay {
        relay: parlance_bimp::RelayId([n; 32]),
    };
    let admit = |n| gate.admit(&peer(n), Instant::now());
    let first = admit(1);
    assert!(first.is_some() && admit(1).is_none());
    assert!(admit(2).is_some());
    drop(first);
    assert!(admit(1).is_some());
}

#[test]
fn connections_of_one_peer_share_its_rate() {
    let gate = Gate::new(ConnectionLimits {
        device_requests: 10,
        ..ConnectionLimits::default()
    });
    let device = |device| Credential::Device {
        account: parlance_bimp::Account([1; 32]),
        device,
    };
    let now = Instant::now();
    let admit = |n| gate.admit(&device(n), now).unwrap();
    let (one, same, other) = (admit(0), admit(0), admit(1));
    one.pace().take(20, now);
    assert!(same.pace().wait(now).is_some());
    assert!(other.pace().wait(now).is_none());
}

/// Over the bridge a connection costs next to nothing.
#[test]
fn nobody_gets_a_full_rate_by_coming_again() {
    let gate = Gate::new(ConnectionLimits {
        device_requests: 10,
        ..ConnectionLimits::default()
    });
    let device = Credential::Device {
        account: parlance_bimp::Account([1; 32]),
        device: 0,
    };
    let mut now = Instant::now();
    let first = gate.admit(&device, now).unwrap();
    first.pace().take(20, now);
    drop(first);
    let again = gate.admit(&device, now).unwrap();
    assert!(again.pace().wait(now).is_some());
    drop(again);
    // Nobody is remembered for ever.
    now += Duration::from_secs(3);
    let other = Credential::Relay {
        relay: parlance_bimp::RelayId([2; 32]),
    };
    let other = gate.admit(&other, now);
    assert!(other.is_some());
    let open = gate.open.lock().unwrap();
    assert_eq!(open.by_peer.len(), 1);
}

#[test]
fn a_rate_holds_on_average() {
    let mut now = Instant::now();
    let mut rate = Rate::new(10, now);
    for _ in 0..20 {
        assert_eq!(rate.wait(now), None);
        rate.take(1, now);
    }
    let mut taken = 0;
    for _ in 0..1_000 {
        now += Duration::from_millis(10);
        if rate.wait(now).is_none() {
            rate.take(1, now);
            taken += 1;
        }
    }
    assert!((99..=101).contains(&taken), "{taken}");
    // Many at once are paid for with time.
    rate.take(100, now);
    now += Duration::from_secs(9);
    assert!(rate.wait(now).is_some());
    now += Duration::from_secs(2);
    assert!(rate.wait(now).is_none());
}
