//! A contract of the language is called by its metadata alone.

use bitup_abi::{Abi, Encoder, Value, account, decode_all, parse_call};
use bitup_compiler::{Source, build};
use bitup_local::{Account, Chain, Outcome};
use num_bigint::BigInt;

const ALICE: Account = [0xaa; 32];
const BOB: Account = [0xbb; 32];
const TOKEN: Account = [0xcc; 32];

fn accounts(word: &str) -> Option<[u8; 32]> {
    match word {
        "alice" => Some(ALICE),
        "bob" => Some(BOB),
        _ => account::parse(word).map(|(_, id)| id),
    }
}

fn data(abi: &Abi, text: &str) -> (Vec<u8>, usize) {
    let (name, values) = parse_call(text).unwrap();
    let calls = abi.constructors.iter().chain(&abi.messages);
    let call = calls.into_iter().find(|call| call.label == name).unwrap();
    let types: Vec<usize> = call.arguments.iter().map(|(_, ty)| *ty).collect();
    let encoder = Encoder {
        types: &abi.types,
        accounts: &accounts,
    };
    let arguments = encoder.encode_all(&types, &values).unwrap();
    ([&call.selector[..], &arguments].concat(), call.result)
}

fn shown(value: &Value) -> String {
    value.shown(&|id| if *id == ALICE { "alice" } else { "other" }.to_owned())
}

#[test]
fn a_token_is_made_called_and_asked() {
    let source = Source {
        path: "token.bit".to_owned(),
        text: include_bytes!("../../examples/token.bit").to_vec(),
    };
    let built = build(&[source]).unwrap().swap_remove(0);
    let abi = Abi::parse(built.metadata.as_bytes()).unwrap();
    assert_eq!(abi.name, "Token");
    assert_eq!(abi.hash, bitup_compiler::metadata::blake2_256(&built.wasm));
    let mut chain = Chain::default();
    let code = chain.upload(&built.wasm).unwrap();
    let (input, _) = data(&abi, "new(1_000)");
    let made = chain.deploy(code, TOKEN, ALICE, 0, &input);
    assert!(matches!(made.outcome, Outcome::Done(_)));
    let mut call = |who: Account, text: &str| {
        let (input, result) = data(&abi, text);
        let bytes = match chain.call(TOKEN, who, 0, &input).outcome {
            Outcome::Done(bytes) | Outcome::Undone(bytes) => bytes,
            Outcome::Broken(why) => panic!("{why}"),
        };
        shown(&decode_all(&abi.types, result, &bytes).unwrap())
    };
    assert_eq!(call(ALICE, "transfer(bob, 300)"), "Ok(Ok(true))");
    assert_eq!(call(ALICE, "balanceOf(bob)"), "Ok(Ok(300))");
    assert_eq!(
        call(BOB, "transfer(alice, 301)"),
        "Ok(Err(BalanceTooLow(has: 300, needs: 301)))"
    );
    let transfer = abi
        .events
        .iter()
        .find(|event| event.label == "Transfer")
        .unwrap();
    let event = chain.state.events.last().unwrap();
    // The topics as they were handed to the chain: how many, then each.
    assert_eq!(event.topics[1..33], transfer.signature.unwrap());
    let mut bytes = &event.data[..];
    let fields: Vec<Value> = transfer
        .fields
        .iter()
        .map(|field| bitup_abi::decode(&abi.types, field.ty, &mut bytes).unwrap())
        .collect();
    assert_eq!(fields[0], Value::Account(ALICE));
    assert_eq!(fields[2], Value::Integer(BigInt::from(300)));
}
