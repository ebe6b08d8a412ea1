//! A transaction: what is signed, and what travels. Format 4, which all nodes take.

use crate::{
    key::Key,
    metadata::{Extension, Metadata},
};
use bitup_abi::{CodecError, Encoder, Shape, TypeNumber, Types, Value, codec::compact};

/// Signed transaction of format 4.
const SIGNED: u8 = 0b1000_0000 | 4;
/// Payloads longer than this are hashed before they are signed.
const HASHED_FROM: usize = 256;
/// For how many blocks a transaction counts: one that a node holds back cannot surprise its sender much later.
pub const LIFE: u64 = 64;

/// Why a transaction cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// The chain wants something that this tool does not know.
    #[error(
        "the chain's transactions have the extension `{0}`, which is not known here; use a tool that is as new as the chain"
    )]
    Extension(String),
    /// A value is not what the chain takes.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// What a signature covers besides the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The chain's first block.
    pub genesis: [u8; 32],
    /// Version of the runtime.
    pub spec_version: u32,
    /// Version of its transactions.
    pub transaction_version: u32,
    /// Number of the block from which it counts.
    pub number: u64,
    /// Hash of that block.
    pub hash: [u8; 32],
    /// How many transactions of the account came before.
    pub nonce: u64,
}

/// The bytes of a signed transaction.
///
/// # Errors
/// If the chain has a transaction extension that is not known.
pub fn signed(
    metadata: &Metadata,
    terms: &Terms,
    call: &[u8],
    key: &Key,
) -> Result<Vec<u8>, TransactionError> {
    let (extra, implicit) = around(metadata, terms)?;
    let mut payload = [call, &extra, &implicit].concat();
    if payload.len() > HASHED_FROM {
        payload = crate::blake2_256(&payload).to_vec();
    }
    let signature = key.sign(&payload);
    // `MultiAddress::Id` and `MultiSignature::Sr25519`.
    const ID: u8 = 0;
    const SR25519: u8 = 1;
    let mut body = vec![SIGNED, ID];
    body.extend(key.account());
    body.push(SR25519);
    body.extend(signature);
    body.extend(&extra);
    body.extend(call);
    let mut out = compact(body.len() as u128);
    out.extend(body);
    Ok(out)
}

/// What travels with a call, and what is signed too.
fn around(metadata: &Metadata, terms: &Terms) -> Result<(Vec<u8>, Vec<u8>), TransactionError> {
    let mut extra = Vec::new();
    let mut implicit = Vec::new();
    for extension in &metadata.extensions {
        let (front, behind) = one(metadata, extension, terms)?;
        extra.extend(front);
        implicit.extend(behind);
    }
    Ok((extra, implicit))
}

fn one(
    metadata: &Metadata,
    extension: &Extension,
    terms: &Terms,
) -> Result<(Vec<u8>, Vec<u8>), TransactionError> {
    let types = &metadata.types;
    let encoder = Encoder {
        types,
        accounts: &|_| None,
    };
    Ok(match extension.name.as_str() {
        "CheckSpecVersion" => (Vec::new(), terms.spec_version.to_le_bytes().to_vec()),
        "CheckTxVersion" => (Vec::new(), terms.transaction_version.to_le_bytes().to_vec()),
        "CheckGenesis" => (Vec::new(), terms.genesis.to_vec()),
        "CheckMortality" | "CheckEra" => (era(terms.number).to_vec(), terms.hash.to_vec()),
        "CheckNonce" => (
            encoder.encode(extension.ty, &Value::integer(terms.nonce))?,
            Vec::new(),
        ),
        // No tip.
        "ChargeTransactionPayment" => (compact(0), Vec::new()),
        "ChargeAssetTxPayment" => (vec![0, 0], Vec::new()),
        // Without the metadata's hash, which only hardware wallets need.
        "CheckMetadataHash" => (vec![0], vec![0]),
        name => {
            let nothing = |ty| nothing(types, ty, 0);
            match (nothing(extension.ty), nothing(extension.implicit)) {
                (Some(front), Some(behind)) => (front, behind),
                _ => return Err(TransactionError::Extension(name.to_owned())),
            }
        }
    })
}

/// The bytes of a type that needs none, or of an option that is left out.
fn nothing(types: &Types, number: TypeNumber, depth: usize) -> Option<Vec<u8>> {
    let ty = types.get(number).filter(|_| depth < 16)?;
    let all = |list: Vec<TypeNumber>| {
        let parts = list.into_iter().map(|ty| nothing(types, ty, depth + 1));
        Some(parts.collect::<Option<Vec<_>>>()?.concat())
    };
    match &ty.shape {
        Shape::Tuple(items) => all(items.clone()),
        Shape::Composite(fields) => all(fields.iter().map(|field| field.ty).collect()),
        Shape::Variant(_) if ty.name() == "Option" => Some(vec![0]),
        _ => None,
    }
}

/// A transaction that counts from a block for [`LIFE`] blocks.
fn era(number: u64) -> [u8; 2] {
    let phase = number % LIFE;
    let encoded = u64::from(LIFE.trailing_zeros() - 1) | (phase << 4);
    let bytes = encoded.to_le_bytes();
    [bytes[0], bytes[1]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitup_abi::{Field, Primitive, Type, Variant};

    fn ty(path: &[&str], shape: Shape) -> Type {
        Type {
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            shape,
        }
    }

    fn metadata(extensions: &[(&str, TypeNumber, TypeNumber)]) -> Metadata {
        let field = |ty| Field { name: None, ty };
        let none = Variant {
            name: "None".to_owned(),
            index: 0,
            fields: Vec::new(),
        };
        Metadata {
            types: Types::new(vec![
                ty(&[], Shape::Tuple(Vec::new())),
                ty(&[], Shape::Primitive(Primitive::Unsigned(32))),
                ty(&[], Shape::Compact(1)),
                ty(&["CheckNonce"], Shape::Composite(vec![field(2)])),
                ty(&["Option"], Shape::Variant(vec![none])),
                ty(&["Pair"], Shape::Composite(vec![field(0), field(4)])),
            ]),
            pallets: Vec::new(),
            extensions: extensions
                .iter()
                .map(|(name, ty, implicit)| Extension {
                    name: (*name).to_owned(),
                    ty: *ty,
                    implicit: *implicit,
                })
                .collect(),
            events: 0,
            contract_info: None,
            network: 42,
        }
    }

    fn terms() -> Terms {
        Terms {
            genesis: [1; 32],
            spec_version: 3,
            transaction_version: 1,
            number: 1_000,
            hash: [2; 32],
            nonce: 70,
        }
    }

    /// The chain's extensions in its order, as the SDK encodes them.
    #[test]
    fn what_stands_around_a_call_is_what_the_sdk_writes() {
        let all = metadata(&[
            ("CheckNonZeroSender", 0, 0),
            ("CheckSpecVersion", 0, 1),
            ("CheckTxVersion", 0, 1),
            ("CheckGenesis", 0, 1),
            ("CheckMortality", 1, 1),
            ("CheckNonce", 3, 0),
            ("CheckWeight", 0, 0),
            ("ChargeTransactionPayment", 2, 0),
            ("CheckMetadataHash", 1, 1),
        ]);
        let (extra, implicit) = around(&all, &terms()).unwrap();
        // 1,000 of 64 blocks is phase 40: `Era::mortal(64, 1_000).encode()` is 85 02.
        assert_eq!(extra, [0x85, 0x02, 0x19, 0x01, 0x00, 0x00]);
        let expected = [&[3, 0, 0, 0, 1, 0, 0, 0][..], &[1; 32], &[2; 32], &[0]];
        assert_eq!(implicit, expected.concat());
    }

    #[test]
    fn an_extension_that_needs_nothing_is_passed_and_another_is_named() {
        let (extra, implicit) = around(&metadata(&[("New", 5, 4)]), &terms()).unwrap();
        assert_eq!((extra, implicit), (vec![0], vec![0]));
        let error = around(&metadata(&[("New", 1, 0)]), &terms()).unwrap_err();
        assert_eq!(error, TransactionError::Extension("New".to_owned()));
        assert!(around(&metadata(&[("New", 99, 0)]), &terms()).is_err());
    }

    #[test]
    fn the_signature_covers_call_and_terms() {
        let metadata = metadata(&[("CheckGenesis", 0, 1), ("CheckNonce", 3, 0)]);
        let key = Key::read("//Alice").unwrap();
        for call in [vec![6, 7, 8], vec![9; 300]] {
            let bytes = signed(&metadata, &terms(), &call, &key).unwrap();
            let mut rest = &bytes[..];
            let length = bitup_abi::codec::take_compact(&mut rest).unwrap();
            assert_eq!(length, rest.len() as u128);
            assert_eq!(rest[..2], [SIGNED, 0]);
            assert_eq!(rest[2..34], key.account());
            assert_eq!(rest[34], 1);
            let signature: [u8; 64] = rest[35..99].try_into().unwrap();
            assert_eq!(rest[99..101], [0x19, 0x01]);
            assert_eq!(rest[101..], call);
            let mut payload = [&call[..], &[0x19, 0x01], &[1; 32]].concat();
            if payload.len() > 256 {
                payload = crate::blake2_256(&payload).to_vec();
            }
            assert!(Key::verify(&key.account(), &payload, &signature));
        }
    }
}
