//! Every shape of type: Rust's codec, this crate's, and the written code of each language agree on the bytes.

use bitup_abi::{
    Abi, CodecError, Encoder, Value, account,
    bindings::{Language, write},
    decode_all, parse_call, parse_value,
};
use parity_scale_codec::{Compact, Encode};
use std::{path::PathBuf, process::Command};

#[rustfmt::skip]
#[allow(dead_code, unused_imports, missing_docs, reason = "written by the tool")]
#[path = "generated/shapes.rs"]
mod shapes;

use shapes::{Call, calls, events, types};

const JSON: &[u8] = include_bytes!("shapes.json");
const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

fn abi() -> Abi {
    Abi::parse(JSON).unwrap()
}

fn alice() -> [u8; 32] {
    account::parse(ALICE).unwrap().1
}

/// The call as its text in the language's own form.
const TEXT: &str = "allOf(true, \"zwölf\", -2, 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY, hex\"0a0b\", [1, -1], \
    [true, false], [7, \"x\"], Some(340_282_366_920_938_463_463_374_607_431_768_211_455), Closed, \
    [Empty, Sold(share: { perMille: 5, owner: 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY }, by: 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY), \
    Offer.Sum(0x1_0000_0000_0000_0000)], 1_073_741_824)";

fn call() -> calls::AllOf {
    let share = types::Share {
        owner: alice(),
        per_mille: 5,
    };
    calls::AllOf {
        yes: true,
        name: "zwölf".to_owned(),
        type_: -2,
        who: alice(),
        data: vec![10, 11],
        list: vec![1, -1],
        two: [true, false],
        pair: (7, "x".to_owned()),
        maybe: Some(u128::MAX),
        stage: types::Stage::Closed,
        offers: vec![
            types::Offer::Empty,
            types::Offer::Sold { by: alice(), share },
            types::Offer::Sum {
                value0: [0, 1, 0, 0],
            },
        ],
        small: Compact(1 << 30),
    }
}

fn accounts(word: &str) -> Option<[u8; 32]> {
    account::parse(word).map(|(_, id)| id)
}

fn encoded(text: &str) -> Result<Vec<u8>, CodecError> {
    let abi = abi();
    let (name, values) = parse_call(text).unwrap();
    let message = abi.message(&name).unwrap();
    let types: Vec<usize> = message.arguments.iter().map(|(_, ty)| *ty).collect();
    let encoder = Encoder {
        types: &abi.types,
        accounts: &accounts,
    };
    Ok([&message.selector[..], &encoder.encode_all(&types, &values)?].concat())
}

#[test]
fn what_people_write_becomes_the_bytes_of_rusts_codec() {
    assert_eq!(encoded(TEXT).unwrap(), call().data());
}

#[test]
fn bytes_become_the_value_they_were() {
    let abi = abi();
    let message = abi.message("allOf").unwrap();
    let bytes = call().data();
    let mut rest = &bytes[4..];
    let mut shown = Vec::new();
    for (_, ty) in &message.arguments {
        let value = bitup_abi::decode(&abi.types, *ty, &mut rest).unwrap();
        shown.push(value.shown(&|id| account::shown(42, id)));
    }
    assert!(rest.is_empty());
    let text = format!("allOf({})", shown.join(", "));
    assert_eq!(encoded(&text).unwrap(), bytes, "{text}");
}

#[test]
fn an_answer_is_read_and_a_wrong_one_refused() {
    let abi = abi();
    let message = abi.message("allOf").unwrap();
    let good: <calls::AllOf as Call>::Answer = Ok(Ok(types::Offer::Sum {
        value0: [5, 0, 0, 0],
    }));
    let bytes = good.encode();
    assert_eq!(calls::AllOf::answer(&bytes).unwrap(), good);
    let value = decode_all(&abi.types, message.result, &bytes).unwrap();
    assert_eq!(value.shown(&|_| String::new()), "Ok(Ok(Sum(5)))");
    let (ok, error) = abi.outcome(message).unwrap();
    assert_eq!(
        (
            abi.types.get(ok).unwrap().name(),
            abi.types.get(error.unwrap()).unwrap().name()
        ),
        ("Offer", "Stage")
    );
    for end in 0..bytes.len() {
        assert_eq!(
            decode_all(&abi.types, message.result, &bytes[..end]),
            Err(CodecError::Bytes)
        );
    }
    let more = [bytes, vec![0]].concat();
    assert_eq!(
        decode_all(&abi.types, message.result, &more),
        Err(CodecError::Bytes)
    );
    let lang: <calls::AllOf as Call>::Answer = Err(types::LangError::CouldNotReadInput);
    let value = decode_all(&abi.types, message.result, &lang.encode()).unwrap();
    assert_eq!(value.shown(&|_| String::new()), "Err(CouldNotReadInput)");
}

#[test]
fn a_value_of_another_type_is_refused_with_what_to_write() {
    let abi = abi();
    let encoder = Encoder {
        types: &abi.types,
        accounts: &accounts,
    };
    for (ty, text, said) in [
        (0, "256", "does not fit in a `u8`"),
        (0, "-1", "does not fit in a `u8`"),
        (3, "32768", "does not fit in an `i16`"),
        (0, "true", "is no number"),
        (1, "1", "write `true` or `false`"),
        (2, "5", "text in quotes"),
        (6, "nobody", "names no account"),
        (6, "5", "is no account"),
        (9, "[true]", "2 values are needed, 1 are given"),
        (12, "{ owner: 1 }", "2 values are needed"),
        (
            12,
            "{ owner: 1, price: 2 }",
            "there is no `price` here; there are `owner`, `perMille`",
        ),
        (
            13,
            "Sold",
            "there is no `Sold` here; there are `Open`, `Closed`",
        ),
        (13, "Open(1)", "0 values are needed, 1 are given"),
        (18, "-1", "does not fit"),
        (99, "1", "no readable type 99"),
    ] {
        let error = encoder.encode(ty, &parse_value(text).unwrap()).unwrap_err();
        assert!(error.to_string().contains(said), "{text}: {error}");
    }
    assert_eq!(
        encoder.encode(5, &parse_value(&format!("0x{}", "11".repeat(32))).unwrap()),
        Ok(vec![0x11; 32])
    );
    assert_eq!(encoder.encode(16, &Value::integer(1)).unwrap().len(), 32);
}

#[test]
fn metadata_that_is_none_is_refused() {
    let text = String::from_utf8(JSON.to_vec()).unwrap();
    for (from, to, said) in [
        ("\"version\": 5", "\"version\": 4", "version 4"),
        ("{ \"id\": 3,", "{ \"id\": 33,", "/types"),
        ("\"type\": 22 }", "\"type\": 2222 }", "/types"),
        (
            "\"selector\": \"0x9bae9d5e\"",
            "\"selector\": \"0x9b\"",
            "/spec/constructors",
        ),
        ("\"events\"", "\"event\"", "/spec/events"),
        ("{\n  \"source\"", "[\n  \"source\"", "not JSON"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Abi::parse(text.replace(from, to).as_bytes()).unwrap_err();
        assert!(error.to_string().contains(said), "{from}: {error}");
    }
}

fn path(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// With `UPDATE_SNAPSHOTS=1` in the environment the files are written, to be read in the change.
#[test]
fn the_written_code_is_the_one_that_was_read() {
    for language in [Language::Rust, Language::TypeScript, Language::Python] {
        for file in write(&abi(), language).unwrap() {
            let path = path("tests/generated").join(&file.name);
            if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
                std::fs::write(&path, &file.text).unwrap();
            }
            let known = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(
                known, file.text,
                "{}; UPDATE_SNAPSHOTS=1 writes it",
                file.name
            );
        }
    }
}

#[test]
fn the_event_of_rust_has_its_topic() {
    assert_eq!(events::Sold::TOPIC, [2; 32]);
    assert_eq!(shapes::CODE_HASH[31], 1);
    assert_eq!(calls::New::SELECTOR, [0x9b, 0xae, 0x9d, 0x5e]);
    const { assert!(calls::New::PAYABLE && !calls::AllOf::WRITES) };
}

/// Runs a program of another language, where that language is there.
fn run(program: &str, arguments: &[&str], script: &str) -> Option<String> {
    let found = Command::new(program).arg("--version").output();
    if found.is_err() {
        eprintln!("{program} is not there: its code is not run");
        return None;
    }
    let done = Command::new(program)
        .args(arguments)
        .arg(script)
        .current_dir(path("tests/generated"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{program}: {said}");
    Some(String::from_utf8(done.stdout).unwrap())
}

/// What both scripts print: the call, the answer and the event read back.
fn expected() -> String {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    format!(
        "{}\nsum 18446744073709551616\nerror Open\n1000 5\nrefused\n",
        hex(&call().data())
    )
}

fn inputs() -> [String; 4] {
    type Answer = <calls::AllOf as Call>::Answer;
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let good: Answer = Ok(Ok(types::Offer::Sum {
        value0: [0, 1, 0, 0],
    }));
    let bad: Answer = Ok(Err(types::Stage::Open));
    let event = events::Sold {
        share: types::Share {
            owner: alice(),
            per_mille: 5,
        },
        price: 1_000,
    };
    [
        hex(&alice()),
        hex(&good.encode()),
        hex(&bad.encode()),
        hex(&event.encode()),
    ]
}

#[test]
fn javascript_writes_and_reads_the_same_bytes() {
    let [alice, good, bad, event] = inputs();
    let script = format!(
        "import('./Shapes.mjs').then(({{ methods, events }}) => {{
            const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
            const alice = bytes('{alice}');
            const share = {{ owner: alice, perMille: 5 }};
            const offers = [{{ kind: 'Empty' }}, {{ kind: 'Sold', by: alice, share }}, {{ kind: 'Sum', value0: 1n << 64n }}];
            const data = methods.allOf.data(true, 'zwölf', -2, alice, bytes('0a0b'), [1, -1], [true, false], [7, 'x'],
                (1n << 128n) - 1n, 'Closed', offers, 1073741824n);
            console.log(Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join(''));
            console.log('sum', String(methods.allOf.answer(bytes('{good}')).ok.ok.value0));
            console.log('error', methods.allOf.answer(bytes('{bad}')).ok.error);
            const sold = events.Sold.read(bytes('{event}'));
            console.log(String(sold.price), sold.share.perMille);
            try {{ methods.allOf.answer(bytes('{good}00')); }} catch {{ console.log('refused'); }}
        }});"
    );
    // Node reads a file as a module by its ending.
    let folder = path("tests/generated");
    std::fs::copy(folder.join("Shapes.js"), folder.join("Shapes.mjs")).unwrap();
    let out = run("node", &["-e"], &script);
    std::fs::remove_file(folder.join("Shapes.mjs")).unwrap();
    if let Some(out) = out {
        assert_eq!(out, expected());
    }
}

#[test]
fn python_writes_and_reads_the_same_bytes() {
    let [alice, good, bad, event] = inputs();
    let script = format!(
        "import shapes
alice = bytes.fromhex('{alice}')
share = dict(owner=alice, perMille=5)
offers = [dict(kind='Empty'), dict(kind='Sold', by=alice, share=share), dict(kind='Sum', value0=1 << 64)]
print(shapes.AllOf.data(True, 'zwölf', -2, alice, bytes.fromhex('0a0b'), [1, -1], [True, False], (7, 'x'), (1 << 128) - 1, 'Closed', offers, 1 << 30).hex())
print('sum', shapes.AllOf.answer(bytes.fromhex('{good}')).value.value['value0'])
print('error', shapes.AllOf.answer(bytes.fromhex('{bad}')).value.error)
sold = shapes.SoldEvent.read(bytes.fromhex('{event}'))
print(sold['price'], sold['share']['perMille'])
try:
    shapes.AllOf.answer(bytes.fromhex('{good}00'))
except ValueError:
    print('refused')
"
    );
    if let Some(out) = run("python3", &["-B", "-c"], &script) {
        assert_eq!(out, expected());
    }
}
