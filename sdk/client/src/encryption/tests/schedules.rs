//! Random happenings, and what holds whatever happens.

use proptest::prelude::*;

use super::*;

/// One thing that happens to Bert's account, or that Anna does.
#[derive(Clone, Debug)]
enum Happening {
    Adds(u8),
    Revokes(prop::sample::Index),
    Rotates(prop::sample::Index, u8),
    Looks,
    Encrypts,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0_u8..40).prop_map(Happening::Adds),
        any::<prop::sample::Index>().prop_map(Happening::Revokes),
        (any::<prop::sample::Index>(), 0_u8..40)
            .prop_map(|(at, device)| Happening::Rotates(at, device)),
        Just(Happening::Looks),
        Just(Happening::Encrypts),
    ]
}

/// Lets it happen unless the pallet would refuse it.
fn happen(world: &World, account: &AccountId, change: &Happening) {
    let record = world.record(account).unwrap();
    let known = |device: u8| {
        let id = DeviceId::of(&keys_of(device).signing);
        let listed = record.devices.iter().any(|one| one.id() == id);
        listed || record.revoked.iter().any(|one| one.device == id)
    };
    let at = |index: &prop::sample::Index| record.devices[index.index(record.devices.len())].id();
    let change = match change {
        Happening::Adds(device) if record.devices.len() < 8 && !known(*device) => {
            adds(keys_of(*device))
        }
        Happening::Revokes(index) if record.devices.len() > 1 => {
            Change::Revoke { device: at(index) }
        }
        Happening::Rotates(index, device) if !known(*device) => {
            rotates(at(index), keys_of(*device))
        }
        _ => return,
    };
    world.change(account, vec![change]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// A text is for exactly the devices that were on record at the last look, each of which was told.
    #[test]
    fn whatever_happens_a_text_is_for_the_devices_that_were_told(
        happenings in prop::collection::vec(happening(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (world, mut anna, bert) = two().await;
            let (mut to, _) = anna.recipients(world.now()).await.unwrap();
            let mut present = BTreeSet::from([bert.id()]);
            for one in happenings {
                match one {
                    Happening::Looks => {
                        let heard;
                        (to, heard) = anna.recipients(world.now()).await.unwrap();
                        // Whoever only hears what was told knows the devices.
                        for (_, finding) in heard {
                            match finding {
                                Finding::Added(id) => prop_assert!(present.insert(id)),
                                Finding::Revoked(id) => prop_assert!(present.remove(&id)),
                                Finding::CameAndWent(id) => prop_assert!(!present.contains(&id)),
                                // It went and, long enough after, came back.
                                Finding::Rotated(id) => prop_assert!(present.contains(&id)),
                                other => prop_assert!(false, "{:?}", other),
                            }
                        }
                    }
                    Happening::Encrypts => {
                        let sent = anna.encrypt(&to, world.now()).unwrap();
                        let expected = present.iter().map(|id| address_of(&bert.account, *id));
                        prop_assert_eq!(addresses(&sent), expected.collect::<BTreeSet<_>>());
                    }
                    change => happen(&world, &bert.account, &change),
                }
            }
            Ok(())
        })?;
    }
}
