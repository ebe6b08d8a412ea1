//! The pallet under a flood, by real transactions: bounded, and people still come in.

use frame_support::assert_ok;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{mock::*, people::*};
use crate::{CurrentGate, Identities, Sizes, Standings};

/// Spammers offer a registration in every block for as long as they can afford its work; friends of
/// a member come by invitation; somebody clears away what has expired.
#[test]
fn a_flood_leaves_a_bounded_state_and_an_open_door() {
    run(|| {
        let mut rng = StdRng::seed_from_u64(7);
        let member = Person::of("Member");
        member.settles_with_deposit();
        let budget = 40;
        let (mut fakes, mut guests, mut largest, mut hardest) = (0, 0, 0, 0);
        for block in 2..900 {
            pass(1);
            if wanted(now() - 1) <= budget && rng.gen_bool(0.9) {
                let fake = Person::of(&format!("Fake{block}"));
                if include(fake.registers_by_work()).is_ok() {
                    fakes += 1;
                }
            }
            if block % 60 == 30 {
                let (key, guest) = (
                    invitation(&block.to_string()),
                    Person::of(&format!("Guest{block}")),
                );
                assert_ok!(member.sends(invite_call(&[&key])).unwrap());
                assert_ok!(include(guest.registers_by(&key)).unwrap());
                guests += 1;
            }
            if block % 20 == 0 {
                clear_away(&member);
            }
            let sizes = Sizes::<Test>::get();
            largest = largest.max(sizes.work + sizes.invitation);
            hardest = hardest.max(CurrentGate::<Test>::get().difficulty);
            assert!(sizes.work <= parameters().work.standing);
        }
        assert_eq!(guests, 15);
        assert!(hardest >= 8, "the flood made it harder: {hardest}");
        // At most the room of a lifetime: the target in the long run, more in the first periods.
        let lifetimes = 900 / parameters().unused_lifetime;
        assert!(fakes <= 900 / REGISTRATION_PERIOD * 5, "{fakes}");
        assert!(
            largest < fakes,
            "{largest} at a time of {fakes} in {lifetimes} lifetimes"
        );
        assert!(Identities::<Test>::iter().count() as u32 <= largest + 1);
        // Once the flood is over, everything made up goes.
        pass(101);
        clear_away(&member);
        assert_eq!(Identities::<Test>::iter().count(), 1);
        assert_eq!(frame_system::Account::<Test>::iter().count(), 1);
    });
}

fn clear_away(by: &Person) {
    let expired: Vec<_> = Standings::<Test>::iter()
        .filter(|(_, standing)| standing.is_expired(now()))
        .map(|(who, _)| who)
        .take(crate::MAX_PRUNED as usize)
        .collect();
    if !expired.is_empty() {
        let balance = Balances::free_balance(by.id());
        let prune = Call::prune {
            accounts: expired.try_into().unwrap(),
            invitations: Default::default(),
        };
        assert_ok!(by.sends(prune).unwrap());
        assert_eq!(Balances::free_balance(by.id()), balance, "it costs nothing");
    }
}
