//! Contracts are made, called and asked on a chain that is known by its metadata alone.

mod chain;

use bitup_abi::{Abi, Value, parse_call};
use bitup_compiler::{Source, build};
use bitup_node_client::{
    Client, ClientError, Key, Limits, blake2_256,
    contracts::{self, Budget, Outcome, Weight},
};
use chain::{Chain, NEEDED, types};
use parity_scale_codec::Decode;

fn token() -> (Abi, Vec<u8>) {
    let source = Source {
        path: "token.bit".to_owned(),
        text: include_bytes!("../../examples/token.bit").to_vec(),
    };
    let built = build(&[source]).unwrap().swap_remove(0);
    (Abi::parse(built.metadata.as_bytes()).unwrap(), built.wasm)
}

fn key(path: &str) -> Key {
    Key::read(path).unwrap()
}

struct Scene {
    chain: Chain,
    abi: Abi,
    wasm: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        let (abi, wasm) = token();
        let chain = Chain::new(&[key("//Alice").account(), key("//Bob").account()]);
        Self { chain, abi, wasm }
    }

    fn client(&self) -> Client<&Chain> {
        Client::connect(&self.chain).unwrap()
    }

    fn deploy(&self) -> [u8; 32] {
        let values = [Value::integer(1_000)];
        let client = self.client();
        let made = client.deploy(
            &self.abi,
            &self.wasm,
            &key("//Alice"),
            ("new", &values),
            b"salt",
            &Limits::default(),
        );
        made.unwrap().contract
    }

    fn call(
        &self,
        contract: &[u8; 32],
        who: &str,
        text: &str,
        limits: &Limits,
    ) -> Result<bitup_node_client::Done, ClientError> {
        let (name, values) = parse_call(text).unwrap();
        self.client()
            .call(&self.abi, contract, &key(who), (&name, &values), limits)
    }

    fn query(&self, contract: &[u8; 32], text: &str) -> String {
        let (name, values) = parse_call(text).unwrap();
        let client = self.client();
        let (_, value) = client
            .query(&self.abi, contract, &[0; 32], 0, (&name, &values))
            .unwrap();
        value.shown(&|id| client.address(id))
    }
}

#[test]
fn a_token_is_made_called_and_asked() {
    let scene = Scene::new();
    let contract = scene.deploy();
    assert_eq!(scene.query(&contract, "balanceOf(//Alice)"), "Ok(Ok(1000))");
    let done = scene
        .call(
            &contract,
            "//Alice",
            "transfer(//Bob, 300)",
            &Limits::default(),
        )
        .unwrap();
    assert_eq!(scene.query(&contract, "balanceOf(//Bob)"), "Ok(Ok(300))");
    let [event] = done.events.as_slice() else {
        panic!("{:?}", done.events);
    };
    assert_eq!(event.contract, contract);
    let (name, fields) = event.event.as_ref().unwrap();
    assert_eq!(name, "Transfer");
    assert_eq!(
        fields[1],
        ("to".to_owned(), Value::Account(key("//Bob").account()))
    );
    assert_eq!(fields[2], ("amount".to_owned(), Value::integer(300)));
    assert_eq!(done.dry_run.deposit.charge(), 55);
    // The limit is what the dry run needed and a tenth more.
    let limits = scene.chain.limits();
    assert_eq!(limits.last().unwrap().ref_time, NEEDED + NEEDED / 10 + 1);
    let client = scene.client();
    assert_eq!(
        client.code_hash(&contract).unwrap(),
        Some(blake2_256(&scene.wasm))
    );
    assert_eq!(client.code_hash(&[1; 32]).unwrap(), None);
    assert_eq!(client.metadata().network, 1_284);
}

#[test]
fn a_final_block_is_waited_for() {
    let scene = Scene::new();
    let contract = scene.deploy();
    let limits = Limits {
        finalized: true,
        ..Limits::default()
    };
    let done = scene
        .call(&contract, "//Alice", "approve(//Bob, 5)", &limits)
        .unwrap();
    assert_eq!(done.events[0].event.as_ref().unwrap().0, "Approval");
}

#[test]
fn a_call_that_would_fail_is_not_sent() {
    let scene = Scene::new();
    let contract = scene.deploy();
    let before = scene.chain.sent();
    let refused = |who: &str, text: &str, limits: &Limits| {
        scene
            .call(&contract, who, text, limits)
            .unwrap_err()
            .to_string()
    };
    let said = refused("//Bob", "transfer(//Alice, 1)", &Limits::default());
    assert!(said.contains("BalanceTooLow(has: 0, needs: 1)"), "{said}");
    let said = refused("//Bob", "transfer(//Alice, true)", &Limits::default());
    assert!(said.contains("`true` is no number"), "{said}");
    let said = refused("//Bob", "mint(1)", &Limits::default());
    assert!(said.contains("has no `mint`; it has `transfer`"), "{said}");
    let pays = Limits {
        value: 5,
        ..Limits::default()
    };
    assert!(refused("//Alice", "transfer(//Bob, 1)", &pays).contains("takes no tokens"));
    let nowhere = scene
        .call(
            &[7; 32],
            "//Alice",
            "transfer(//Bob, 1)",
            &Limits::default(),
        )
        .unwrap_err();
    assert!(
        nowhere.to_string().contains("Contracts.ContractNotFound"),
        "{nowhere}"
    );
    assert_eq!(scene.chain.sent(), before);
}

#[test]
fn what_fails_in_its_block_or_comes_into_none_is_told() {
    let scene = Scene::new();
    let contract = scene.deploy();
    scene.chain.spoil();
    let failed = scene
        .call(
            &contract,
            "//Alice",
            "transfer(//Bob, 1)",
            &Limits::default(),
        )
        .unwrap_err();
    assert!(
        matches!(&failed, ClientError::Failed { reason, .. } if reason == "Contracts.ContractReverted"),
        "{failed}"
    );
    scene.chain.fill();
    let lost = scene
        .call(
            &contract,
            "//Alice",
            "transfer(//Bob, 1)",
            &Limits::default(),
        )
        .unwrap_err();
    assert!(matches!(lost, ClientError::NotIncluded(_)), "{lost}");
}

#[test]
fn a_question_that_fails_is_answered_with_the_error() {
    let scene = Scene::new();
    let contract = scene.deploy();
    let client = scene.client();
    let bob = key("//Bob").account();
    let values = [Value::Account(bob), Value::integer(1)];
    let (run, value) = client
        .query(&scene.abi, &contract, &bob, 0, ("transfer", &values))
        .unwrap();
    assert!(matches!(
        run.outcome,
        Outcome::Returned { reverted: true, .. }
    ));
    assert!(value.shown(&|_| String::new()).contains("BalanceTooLow"));
}

#[test]
fn calls_are_what_the_chains_own_types_read() {
    let metadata = Chain::metadata();
    for deposit in [None, Some(0), Some(u128::MAX)] {
        let budget = Budget {
            value: 1 << 100,
            weight: Weight {
                ref_time: u64::MAX,
                proof_size: 3,
            },
            deposit,
        };
        let bytes = contracts::call(&metadata, &[5; 32], &budget, &[1, 2, 3]).unwrap();
        assert_eq!(bytes[0], 9);
        let expected = types::ContractsCall::call {
            dest: types::MultiAddress::Id(types::AccountId32([5; 32])),
            value: 1 << 100,
            gas_limit: types::Weight {
                ref_time: u64::MAX,
                proof_size: 3,
            },
            storage_deposit_limit: deposit.map(parity_scale_codec::Compact),
            data: vec![1, 2, 3],
        };
        assert_eq!(
            types::ContractsCall::decode(&mut &bytes[1..]).unwrap(),
            expected
        );
        let bytes = contracts::make(&metadata, &budget, &[4; 20_000], &[1], &[]).unwrap();
        let made = types::ContractsCall::decode(&mut &bytes[1..]).unwrap();
        assert!(
            matches!(made, types::ContractsCall::instantiate_with_code { code, salt, .. } if code.len() == 20_000 && salt.is_empty())
        );
    }
}

#[test]
fn metadata_that_is_none_is_refused() {
    use bitup_node_client::{Metadata, MetadataError};
    for bytes in [&b""[..], b"meta", b"nonsense that is longer"] {
        assert!(matches!(
            Metadata::read(bytes),
            Err(MetadataError::Unreadable(_))
        ));
    }
    let metadata = Chain::metadata();
    assert!(metadata.call("Nothing", "call").is_err());
    assert!(metadata.call("Contracts", "nothing").is_err());
    assert_eq!(metadata.error(9, 3), "Contracts.OutOfGas");
    assert_eq!(metadata.error(9, 200), "error 200 of pallet 9");
}
