//! Identities in this chain's runtime: extensions, fees and deposits around the pallet, whose own rules
//! are tested where they stand.

mod networks;

use codec::{Decode, Encode};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{DispatchClass, GetDispatchInfo},
    storage::with_transaction_unchecked,
    traits::{Hooks, PalletInfoAccess, fungible::InspectHold},
    weights::Weight,
};
use frame_system::RawOrigin;
use networks::started;
use pallet_accounts::{HoldReason, WeightInfo, weights::SubstrateWeight};
use pallet_transaction_payment::ChargeTransactionPayment;
use parlance_primitives::{
    AccountId, BlockNumber, Hash, Signature, UNIT,
    accounts::{
        self, Change, DeviceKeys, Guard, Possession, Registration, Resource, Version,
        device_statement, invitation_statement, registration_statement, registration_transaction,
        work_challenge,
    },
    puzzle::{PUBLIC, Solver},
};
use parlance_runtime::{
    Accounts, Address, Balances, Executive, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin,
    SignedPayload, System, TxExtension, UncheckedExtrinsic, genesis,
};
use sp_core::{Pair, ed25519, sr25519};
use sp_runtime::{
    ApplyExtrinsicResult, DispatchError, TransactionOutcome,
    generic::Era,
    traits::{Dispatchable, TransactionExtension},
    transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidity},
};

/// Hash of block `number`.
fn hash_of(number: BlockNumber) -> Hash {
    Hash::repeat_byte(number.to_le_bytes()[0].wrapping_add(1))
}

/// A test network in its block 2.
fn run(test: impl FnOnce()) {
    started("fast-4").execute_with(|| {
        start_block(1);
        start_block(2);
        test();
    });
}

fn start_block(number: BlockNumber) {
    System::reset_events();
    System::initialize(&number, &hash_of(number - 1), &Default::default());
    System::set_block_consumed_resources(Weight::zero(), 0);
    Accounts::on_initialize(number);
}

fn pass_to(number: BlockNumber) {
    while System::block_number() < number {
        start_block(System::block_number() + 1);
    }
}

fn extension(nonce: u32) -> TxExtension {
    (
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckMortality::from(Era::Immortal),
        frame_system::CheckNonce::from(nonce),
        frame_system::CheckWeight::new(),
        ChargeTransactionPayment::from(0).into(),
        frame_metadata_hash_extension::CheckMetadataHash::new(false),
    )
}

struct Person {
    pair: sr25519::Pair,
    name: String,
}

impl Person {
    fn of(name: &str) -> Self {
        Self {
            pair: sr25519::Pair::from_string(&format!("//{name}"), None).unwrap(),
            name: name.to_owned(),
        }
    }

    fn id(&self) -> AccountId {
        self.pair.public().into()
    }

    /// Keys of a device of theirs and proof that it has them.
    fn device(&self, device: &str, base: Version) -> (DeviceKeys, Possession) {
        let pair = |part: &str| {
            ed25519::Pair::from_string(&format!("//{}//{device}//{part}", self.name), None).unwrap()
        };
        let (signing, endpoint) = (pair("signing"), pair("endpoint"));
        let keys = DeviceKeys {
            signing: signing.public(),
            agreement: [9; 32],
            endpoint: endpoint.public(),
        };
        let statement = device_statement(&hash_of(0), &self.id(), base, &keys);
        let possession = Possession {
            signing: signing.sign(&statement),
            endpoint: endpoint.sign(&statement),
        };
        (keys, possession)
    }

    /// A registration as it travels.
    fn registers_by(&self, guard: Guard) -> Vec<u8> {
        let anchor = System::block_number() - 1;
        let (keys, possession) = self.device("phone", anchor);
        let account = self.id();
        let statement = registration_statement(&hash_of(0), &hash_of(anchor), &account, &keys);
        let registration = Registration {
            account,
            keys,
            possession,
            anchor,
        };
        let signature = Signature::from(self.pair.sign(&statement));
        registration_transaction(&registration, &guard, &signature)
    }

    fn registers_by_work(&self) -> Vec<u8> {
        let anchor = hash_of(System::block_number() - 1);
        let challenge = work_challenge(&hash_of(0), &anchor, &self.id());
        let difficulty = Accounts::registration_requirements().difficulty;
        let proof = Solver::new(PUBLIC)
            .unwrap()
            .search(&challenge, difficulty, 0, |_| true)
            .unwrap();
        self.registers_by(Guard::Work {
            nonce: proof.nonce,
            solution: proof.solution.try_into().unwrap(),
        })
    }

    /// Has an identity from this block on.
    fn settles(&self) -> &Self {
        include(read(&self.registers_by_work())).unwrap().unwrap();
        self
    }

    fn signs(&self, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
        let extension = extension(System::account_nonce(self.id()));
        let payload = SignedPayload::new(call.into(), extension).unwrap();
        let signature = payload.using_encoded(|bytes| self.pair.sign(bytes));
        let (call, extension, _) = payload.deconstruct();
        UncheckedExtrinsic::new_signed(call, Address::Id(self.id()), signature.into(), extension)
    }

    fn sends(&self, call: impl Into<RuntimeCall>) -> ApplyExtrinsicResult {
        include(self.signs(call))
    }

    fn held(&self) -> u128 {
        Balances::balance_on_hold(&HoldReason::Identity.into(), &self.id())
    }
}

/// A transaction from its bytes.
fn read(bytes: &[u8]) -> UncheckedExtrinsic {
    UncheckedExtrinsic::decode(&mut &*bytes).unwrap()
}

fn include(transaction: UncheckedExtrinsic) -> ApplyExtrinsicResult {
    Executive::apply_extrinsic(transaction)
}

/// What the pool of a node says at the end of this block.
fn offer(transaction: &UncheckedExtrinsic) -> TransactionValidity {
    with_transaction_unchecked(|| {
        TransactionOutcome::Rollback(Executive::validate_transaction(
            TransactionSource::External,
            transaction.clone(),
            hash_of(System::block_number()),
        ))
    })
}

fn transfer(to: &AccountId, value: u128) -> RuntimeCall {
    pallet_balances::Call::<Runtime>::transfer_keep_alive {
        dest: Address::Id(to.clone()),
        value,
    }
    .into()
}

fn fee_was_skipped() -> bool {
    System::events().iter().any(|record| {
        matches!(
            record.event,
            RuntimeEvent::SkipFeelessPayment(pallet_skip_feeless_payment::Event::FeeSkipped { .. })
        )
    })
}

#[test]
fn wallets_see_the_extensions_that_they_know() {
    let metadata = <TxExtension as TransactionExtension<RuntimeCall>>::metadata();
    let names: Vec<&str> = metadata.iter().map(|one| one.identifier).collect();
    assert_eq!(
        names,
        [
            "CheckNonZeroSender",
            "CheckSpecVersion",
            "CheckTxVersion",
            "CheckGenesis",
            "CheckMortality",
            "CheckNonce",
            "CheckWeight",
            "ChargeTransactionPayment",
            "CheckMetadataHash",
        ]
    );
    // Era, nonce, tip and the mode of the metadata hash: what wallets have always written.
    assert_eq!(extension(7).encode(), [0, 28, 0, 0]);
}

#[test]
fn the_documented_bytes_of_a_registration_are_the_runtimes() {
    run(|| {
        let ada = Person::of("Ada");
        let sent = ada.registers_by_work();
        let transaction = read(&sent);
        assert_eq!(transaction.encode(), sent);
        assert!(matches!(
            transaction.function,
            RuntimeCall::Accounts(pallet_accounts::Call::<Runtime>::register { .. })
        ));
        let built = UncheckedExtrinsic::new_bare(transaction.function);
        assert_eq!(built.encode(), sent);
    });
}

#[test]
fn a_newcomer_without_tokens_registers_and_changes_devices_without_a_fee() {
    run(|| {
        let ada = Person::of("Ada");
        assert!(!frame_system::Account::<Runtime>::contains_key(ada.id()));
        let issued = Balances::total_issuance();
        let registration = read(&ada.registers_by_work());
        assert!(offer(&registration).unwrap().propagate);
        assert_ok!(include(registration).unwrap());
        let base = Accounts::identity(&ada.id()).unwrap().version;

        start_block(3);
        let (keys, possession) = ada.device("laptop", base);
        let change = pallet_accounts::Call::<Runtime>::change_identity {
            base,
            changes: vec![Change::Add { keys, possession }].try_into().unwrap(),
        };
        let signed = ada.signs(change.clone());
        assert_ok!(offer(&signed));
        assert_ok!(include(signed).unwrap());
        assert!(fee_was_skipped());
        assert_eq!(Accounts::identity(&ada.id()).unwrap().devices.len(), 2);
        assert_eq!(Balances::total_issuance(), issued);
        // The same change again would fail, so it is not free, and there is nothing to pay with.
        assert_eq!(ada.sends(change), Err(InvalidTransaction::Payment.into()));
    });
}

#[test]
fn what_is_not_a_registration_needs_a_signer() {
    run(|| {
        let calls: [RuntimeCall; 3] = [
            frame_system::Call::<Runtime>::remark { remark: vec![] }.into(),
            transfer(&Person::of("Ada").id(), UNIT),
            pallet_accounts::Call::<Runtime>::remove_identity {}.into(),
        ];
        for call in calls {
            for unsigned in [
                UncheckedExtrinsic::new_bare(call.clone()),
                UncheckedExtrinsic::new_transaction(call, extension(0)),
            ] {
                assert!(offer(&unsigned).is_err());
                // An author can put a bare call into its block, as on every chain of the SDK: it comes
                // from nobody, and fails.
                assert!(!matches!(include(unsigned), Ok(Ok(()))));
            }
        }
    });
}

#[test]
fn a_registration_inside_another_call_is_refused() {
    run(|| {
        let (alice, ada) = (Person::of("Alice"), Person::of("Ada"));
        let register = read(&ada.registers_by_work()).function;
        let batch = pallet_utility::Call::<Runtime>::batch {
            calls: vec![register.clone()],
        };
        assert_ok!(alice.sends(batch).unwrap());
        assert_noop!(
            register.dispatch(RuntimeOrigin::from(RawOrigin::Signed(alice.id()))),
            DispatchError::BadOrigin
        );
        assert_eq!(Accounts::identity(&ada.id()), None);
    });
}

#[test]
fn the_first_fee_takes_the_deposit_and_the_block_makes_room_for_it() {
    run(|| {
        let (alice, bob) = (Person::of("Alice"), Person::of("Bob"));
        alice.settles();
        assert_eq!(alice.held(), 0);
        let weight_of = |sender: &Person, to: &Person| {
            let before = System::block_weight().get(DispatchClass::Normal).ref_time();
            sender.sends(transfer(&to.id(), UNIT)).unwrap().unwrap();
            System::block_weight().get(DispatchClass::Normal).ref_time() - before
        };
        let plain = weight_of(&bob, &alice);
        let first = weight_of(&alice, &bob);
        assert_eq!(alice.held(), UNIT / 10);
        let deposit = <SubstrateWeight<Runtime> as WeightInfo>::back_identity().ref_time();
        assert_eq!(first, plain + deposit);
        // Once only, and nothing is looked up for it any more.
        assert_eq!(weight_of(&alice, &bob), plain);
        assert_eq!(System::sufficients(&alice.id()), 0);
        assert_eq!(Accounts::standing(&alice.id()).unwrap().expires, None);
    });
}

#[test]
fn an_ordinary_transfer_weighs_what_its_call_and_base_weigh() {
    run(|| {
        let (alice, bob) = (Person::of("Alice"), Person::of("Bob"));
        assert_eq!(Accounts::note_payer(&alice.id()), Weight::zero());
        let call = transfer(&bob.id(), UNIT);
        let signed = alice.signs(call.clone());
        let authorization =
            <TxExtension as TransactionExtension<RuntimeCall>>::weight(&extension(0), &call);
        assert_eq!(
            signed.get_dispatch_info().total_weight(),
            call.get_dispatch_info()
                .call_weight
                .saturating_add(authorization)
        );
        // One account to look up and write beside what `base_extrinsic` covers, and the terms of issuance.
        let expected = parlance_runtime::configs::system::DbWeight::get().reads_writes(2, 1);
        assert_eq!(authorization, expected);
    });
}

#[test]
fn an_invitation_lets_a_friend_in_and_nobody_else() {
    run(|| {
        let (alice, ada, eve) = (Person::of("Alice"), Person::of("Ada"), Person::of("Eve"));
        alice.settles();
        assert_ok!(
            alice
                .sends(transfer(&Person::of("Bob").id(), UNIT))
                .unwrap()
        );
        let secret = ed25519::Pair::from_string("//invitation", None).unwrap();
        let free = Balances::free_balance(alice.id());
        let invite = pallet_accounts::Call::<Runtime>::invite {
            keys: vec![secret.public()].try_into().unwrap(),
        };
        assert_ok!(alice.sends(invite).unwrap());
        assert_eq!(Balances::free_balance(alice.id()), free, "it costs no fee");

        start_block(3);
        let guard = Guard::Invitation {
            key: secret.public(),
            signature: secret.sign(&invitation_statement(&hash_of(0), &ada.id())),
        };
        let stolen = read(&eve.registers_by(guard.clone()));
        assert_eq!(offer(&stolen), Err(InvalidTransaction::BadProof.into()));
        assert_ok!(include(read(&ada.registers_by(guard))).unwrap());
        let taken = Guard::Invitation {
            key: secret.public(),
            signature: secret.sign(&invitation_statement(&hash_of(0), &eve.id())),
        };
        assert_eq!(
            include(read(&eve.registers_by(taken))),
            Err(InvalidTransaction::Custom(6).into())
        );
    });
}

#[test]
fn an_identity_is_removed_and_its_registration_cannot_be_repeated() {
    run(|| {
        let ada = Person::of("Ada");
        let registration = ada.registers_by_work();
        assert_ok!(include(read(&registration)).unwrap());
        assert_eq!(
            include(read(&registration)),
            Err(InvalidTransaction::Custom(5).into())
        );
        pass_to(2 + genesis_window());
        let remove = || pallet_accounts::Call::<Runtime>::remove_identity {};
        assert_eq!(
            ada.sends(remove()),
            Err(InvalidTransaction::Payment.into()),
            "too young, so it is not free"
        );
        pass_to(3 + genesis_window());
        assert_ok!(ada.sends(remove()).unwrap());
        assert!(!frame_system::Account::<Runtime>::contains_key(ada.id()));
        assert_eq!(
            include(read(&registration)),
            Err(InvalidTransaction::AncientBirthBlock.into())
        );
    });
}

fn genesis_window() -> BlockNumber {
    pallet_accounts::CurrentParameters::<Runtime>::get().anchor_window
}

#[test]
fn what_is_paid_for_allowance_leaves_circulation() {
    run(|| {
        let alice = Person::of("Alice");
        alice.settles();
        let floors = pallet_accounts::Parameters::default().allowances;
        for allowance in Accounts::allowances_of(&alice.id()) {
            // Nothing is carried by anybody: a quarter of the floor for who has no deposit.
            let floor = floors[allowance.resource.index()].floor;
            assert_eq!((allowance.free, allowance.bought), (floor / 4, 0));
        }
        let issued = Balances::total_issuance();
        assert_ok!(Accounts::buy_allowance(
            RuntimeOrigin::signed(alice.id()),
            Resource::Mailbox,
            1 << 30,
            2
        ));
        let price = pallet_accounts::Parameters::default().prices[1] * 2_048;
        assert_eq!(Balances::total_issuance(), issued - price);
        System::assert_has_event(
            pallet_issuance::Event::PoolPaid {
                who: alice.id(),
                amount: price,
                // The schedule of test networks is that of `toktok`, whose pool takes nothing back.
                minable: false,
            }
            .into(),
        );
        let mailbox = Accounts::allowances_of(&alice.id())[1];
        assert_eq!(mailbox.bought, 1 << 30);
        assert_eq!(mailbox.free, floors[1].floor, "the deposit was taken first");
    });
}

#[test]
fn governance_alone_changes_the_rules_and_anchors_never_last_longer() {
    run(|| {
        let rules = pallet_accounts::CurrentParameters::<Runtime>::get();
        assert_noop!(
            Accounts::set_parameters(RuntimeOrigin::signed(genesis::account("//Alice")), rules),
            DispatchError::BadOrigin
        );
        let shorter = pallet_accounts::Parameters {
            anchor_window: rules.anchor_window - 1,
            ..rules
        };
        assert_ok!(Accounts::set_parameters(RuntimeOrigin::root(), shorter));
        assert_noop!(
            Accounts::set_parameters(RuntimeOrigin::root(), rules),
            pallet_accounts::Error::<Runtime>::InvalidParameters
        );
    });
}

#[test]
fn the_storage_key_for_proofs_is_the_runtimes() {
    let ada = Person::of("Ada").id();
    assert_eq!(
        pallet_accounts::Identities::<Runtime>::hashed_key_for(&ada),
        accounts::identity_key(&ada.encode())
    );
    assert_eq!(Accounts::index(), usize::from(accounts::wire::PALLET_INDEX));
}
