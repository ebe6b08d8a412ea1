//! What a relay reads: its configuration and the records of a static network.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use parlance_bimp::{Account, Mailbox, RelayId};
use parlance_endpoint::SecretKey;
use parlance_relay::{
    config::{ConfigError, RelayConfig},
    directory::{Directory, NetworkError, StaticNetwork},
    gate::ConnectionLimits,
};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

fn name(n: u8) -> String {
    hex::encode([n; 32])
}

fn network() -> Value {
    let key = hex::encode(SecretKey::from_bytes(&[1; 32]).public().as_bytes());
    json!({
        "genesis": name(9),
        "relays": [{ "id": name(1), "key": key, "addresses": ["127.0.0.1:4433", "[::1]:4433"], "quality": 7 }],
        "accounts": [
            { "id": name(2), "epochs": [3, 4], "longest_days": 5, "devices": [
                { "number": 0, "key": name(20) }, { "number": 6, "key": name(26) },
            ] },
            { "id": name(3), "devices": [{ "number": 0, "key": name(30) }] },
        ],
        "tickets": "not checked",
    })
}

fn write(path: &Path, value: &Value) {
    std::fs::write(path, value.to_string()).unwrap();
}

#[test]
fn the_records_of_a_network_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.json");
    write(&path, &network());
    let directory = StaticNetwork::open(&path).unwrap();
    assert_eq!(directory.genesis(), [9; 32]);
    let relay = directory.relay(&RelayId([1; 32])).unwrap();
    assert_eq!((relay.quality, relay.address.addresses.len()), (7, 2));
    assert_eq!(directory.relays(), [relay]);

    let account = Account([2; 32]);
    let device = directory.device(&account, 6).unwrap();
    assert_eq!(device.key, [26; 32]);
    let boxes = [Mailbox::of(&account, 3), Mailbox::of(&account, 4)];
    assert_eq!(device.mailboxes, boxes);
    assert_eq!(
        (device.owner.devices, device.owner.longest),
        (vec![0, 6], 5 * 86_400_000)
    );
    assert!(directory.device(&account, 1).is_none());
    assert!(directory.device(&Account([4; 32]), 0).is_none());
    assert_eq!(directory.take_owners().len(), 3);
}

#[test]
fn what_is_wrong_with_a_network_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.json");
    let missing = StaticNetwork::open(&path).err().unwrap();
    assert!(matches!(missing, NetworkError::Unreadable { .. }));
    let change = |pointer: &str, value: Value| {
        let mut network = network();
        *network.pointer_mut(pointer).unwrap() = value;
        network
    };
    let mut twice = network();
    let first = twice["relays"][0].clone();
    twice["relays"].as_array_mut().unwrap().push(first);
    let mut unpaid = network();
    unpaid.as_object_mut().unwrap().remove("tickets");
    let wrong = [
        (change("/genesis", json!("ab")), "32 bytes"),
        (change("/relays/0/addresses/0", json!("here")), "address"),
        (change("/accounts/0/devices/1/number", json!(0)), "twice"),
        (change("/accounts/0/epochs", json!([1, 2, 3])), "epochs"),
        (change("/accounts/0", json!({ "name": "Anna" })), "name"),
        (twice, "twice"),
        (unpaid, "tickets"),
    ];
    for (network, word) in wrong {
        write(&path, &network);
        let text = StaticNetwork::open(&path).err().unwrap().to_string();
        assert!(
            text.contains(word) && text.contains("network.json"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_change_is_seen_and_a_broken_file_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.json");
    write(&path, &network());
    let directory = StaticNetwork::open(&path).unwrap();
    let mut changes = directory.changes();
    let watching = tokio::spawn(directory.clone().watch());
    let patience = Duration::from_secs(30);

    let mut more = network();
    more["accounts"][1]["devices"] = json!([{ "number": 5, "key": name(31) }]);
    // A file that is being written, and one of another network, are passed over.
    std::fs::write(&path, "{").unwrap();
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let mut other = more.clone();
    other["genesis"] = json!(name(8));
    write(&path, &other);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(!changes.has_changed().unwrap());
    assert!(directory.device(&Account([3; 32]), 0).is_some());

    write(&path, &more);
    let changed = tokio::time::timeout(patience, changes.changed()).await;
    assert!(matches!(changed, Ok(Ok(()))));
    assert!(directory.device(&Account([3; 32]), 5).is_some());
    assert!(directory.device(&Account([3; 32]), 0).is_none());
    watching.abort();
}

/// Between the two a relay opens its store, which may take a while.
#[tokio::test]
async fn what_changes_between_the_first_reading_and_the_watch_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.json");
    write(&path, &network());
    let directory = StaticNetwork::open(&path).unwrap();
    let mut changes = directory.changes();
    let mut better = network();
    better["relays"][0]["quality"] = json!(1_000);
    write(&path, &better);
    let watching = tokio::spawn(directory.clone().watch());
    let changed = tokio::time::timeout(Duration::from_secs(30), changes.changed()).await;
    assert!(matches!(changed, Ok(Ok(()))), "{changed:?}");
    assert_eq!(directory.relay(&RelayId([1; 32])).unwrap().quality, 1_000);
    watching.abort();
}

#[test]
fn paths_of_a_configuration_are_relative_to_it_and_faults_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.json");
    let mut config = json!({
        "key": "relay.key", "listen": ["0.0.0.0:4433"], "data": "/var/lib/relay", "limit_mib": 1_024,
        "network": "network.json", "connections": { "per_address": 3 },
    });
    write(&path, &config);
    let read = RelayConfig::read(&path).unwrap();
    assert_eq!(read.key, folder.path().join("relay.key"));
    assert_eq!(read.data, Path::new("/var/lib/relay"));
    assert_eq!(read.metrics, None);
    let expected = ConnectionLimits {
        per_address: 3,
        ..ConnectionLimits::default()
    };
    assert_eq!(read.connections, expected);

    assert!(matches!(
        read.secret_key(),
        Err(ConfigError::Unreadable { .. })
    ));
    std::fs::write(&read.key, "a key").unwrap();
    assert!(matches!(read.secret_key(), Err(ConfigError::Key { .. })));
    std::fs::write(&read.key, format!("{}\n", name(1))).unwrap();
    assert_eq!(read.secret_key().unwrap().to_bytes(), [1; 32]);

    config["colour"] = json!("red");
    write(&path, &config);
    let text = RelayConfig::read(&path).err().unwrap().to_string();
    assert!(
        text.contains("colour") && text.contains("relay.json"),
        "{text}"
    );
}
