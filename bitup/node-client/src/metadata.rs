//! What a chain says about itself, in the metadata of version 14 that every node gives.

use bitup_abi::{Field, Primitive, Shape, Type, TypeNumber, Types, Variant};
use frame_metadata::{
    RuntimeMetadata, RuntimeMetadataPrefixed,
    v14::{PalletMetadata, RuntimeMetadataV14, SignedExtensionMetadata, StorageEntryType},
};
use parity_scale_codec::Decode;
use scale_info::{PortableRegistry, TypeDef, TypeDefPrimitive, form::PortableForm};

/// Why a chain's metadata is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Not readable.
    #[error("the chain's metadata cannot be read: {0}; use a tool that is as new as the node")]
    Unreadable(String),
    /// Another version.
    #[error(
        "the chain's metadata has version {0}, here version 14 is read; use a tool that is as new as the node"
    )]
    Version(u32),
    /// A part that is needed is not there.
    #[error("the chain has no {0}; use a node of a chain with contracts")]
    Missing(String),
}

/// A transaction extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// What travels.
    pub ty: TypeNumber,
    /// What is signed too.
    pub implicit: TypeNumber,
}

/// A pallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pallet {
    /// Its name.
    pub name: String,
    /// The byte that stands for it.
    pub index: u8,
    /// The type of its calls.
    pub calls: Option<TypeNumber>,
    /// The type of its errors.
    pub errors: Option<TypeNumber>,
}

/// What is known about a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Its types.
    pub types: Types,
    /// Its pallets.
    pub pallets: Vec<Pallet>,
    /// What stands around each transaction, in order.
    pub extensions: Vec<Extension>,
    /// The type of the list of a block's events.
    pub events: TypeNumber,
    /// The type of what is kept about a contract.
    pub contract_info: Option<TypeNumber>,
    /// The number of the network in addresses.
    pub network: u16,
}

fn missing(what: &str) -> MetadataError {
    MetadataError::Missing(what.to_owned())
}

impl Metadata {
    /// Reads a chain's metadata.
    ///
    /// # Errors
    /// If it is not of version 14, or lacks what every chain has.
    pub fn read(mut bytes: &[u8]) -> Result<Self, MetadataError> {
        let whole = RuntimeMetadataPrefixed::decode(&mut bytes)
            .map_err(|error| MetadataError::Unreadable(error.to_string()))?;
        match whole.1 {
            RuntimeMetadata::V14(metadata) => Self::of(&metadata),
            other => Err(MetadataError::Version(other.version())),
        }
    }

    fn of(metadata: &RuntimeMetadataV14) -> Result<Self, MetadataError> {
        let system = metadata
            .pallets
            .iter()
            .find(|pallet| pallet.name == "System");
        let system = system.ok_or_else(|| missing("pallet `System`"))?;
        let entries = system.storage.as_ref().map(|storage| &storage.entries);
        let events = entries
            .into_iter()
            .flatten()
            .find(|entry| entry.name == "Events")
            .ok_or_else(|| missing("storage of events"))?;
        let StorageEntryType::Plain(events) = &events.ty else {
            return Err(missing("plain list of events"));
        };
        let prefix = system.constants.iter().find(|one| one.name == "SS58Prefix");
        let network = prefix.and_then(|one| u16::decode(&mut &one.value[..]).ok());
        let pallet = |one: &PalletMetadata<PortableForm>| Pallet {
            name: one.name.clone(),
            index: one.index,
            calls: one.calls.as_ref().map(|calls| calls.ty.id as usize),
            errors: one.error.as_ref().map(|error| error.ty.id as usize),
        };
        let extension = |one: &SignedExtensionMetadata<PortableForm>| Extension {
            name: one.identifier.clone(),
            ty: one.ty.id as usize,
            implicit: one.additional_signed.id as usize,
        };
        Ok(Self {
            types: types(&metadata.types)?,
            pallets: metadata.pallets.iter().map(pallet).collect(),
            extensions: metadata
                .extrinsic
                .signed_extensions
                .iter()
                .map(extension)
                .collect(),
            events: events.id as usize,
            contract_info: contract_info(metadata),
            network: network.unwrap_or(42),
        })
    }

    /// The byte of a pallet and the variant of one of its calls.
    ///
    /// # Errors
    /// If the chain has no such pallet or call.
    pub fn call(&self, pallet: &str, call: &str) -> Result<(u8, &Variant), MetadataError> {
        let found = self.pallets.iter().find(|one| one.name == pallet);
        let found = found.ok_or_else(|| missing(&format!("pallet `{pallet}`")))?;
        let ty = found.calls.and_then(|number| self.types.get(number));
        let variant = match ty.map(|ty| &ty.shape) {
            Some(Shape::Variant(variants)) => variants.iter().find(|one| one.name == call),
            _ => None,
        };
        let variant = variant.ok_or_else(|| missing(&format!("call `{pallet}.{call}`")))?;
        Ok((found.index, variant))
    }

    /// The name of an error of a pallet.
    #[must_use]
    pub fn error(&self, pallet: u8, error: u8) -> String {
        let found = self.pallets.iter().find(|one| one.index == pallet);
        let named = found.and_then(|pallet| {
            let Shape::Variant(variants) = &self.types.get(pallet.errors?)?.shape else {
                return None;
            };
            let variant = variants.iter().find(|one| one.index == error)?;
            Some(format!("{}.{}", pallet.name, variant.name))
        });
        named.unwrap_or_else(|| format!("error {error} of pallet {pallet}"))
    }
}

/// What `Contracts.ContractInfoOf` maps to.
fn contract_info(metadata: &RuntimeMetadataV14) -> Option<TypeNumber> {
    let mut pallets = metadata.pallets.iter();
    let storage = pallets
        .find(|one| one.name == "Contracts")?
        .storage
        .as_ref()?;
    let entry = storage
        .entries
        .iter()
        .find(|one| one.name == "ContractInfoOf")?;
    match &entry.ty {
        StorageEntryType::Map { value, .. } => Some(value.id as usize),
        StorageEntryType::Plain(_) => None,
    }
}

/// The types of the registry in the form of this tool.
fn types(registry: &PortableRegistry) -> Result<Types, MetadataError> {
    let mut list = Vec::with_capacity(registry.types.len());
    for (number, one) in registry.types.iter().enumerate() {
        if one.id as usize != number {
            return Err(MetadataError::Unreadable(
                "the types are not numbered one by one".to_owned(),
            ));
        }
        list.push(Type {
            path: one.ty.path.segments.clone(),
            shape: shape(&one.ty.type_def),
        });
    }
    Ok(Types::new(list))
}

fn fields(list: &[scale_info::Field<PortableForm>]) -> Vec<Field> {
    let one = |field: &scale_info::Field<PortableForm>| Field {
        name: field.name.clone(),
        ty: field.ty.id as usize,
    };
    list.iter().map(one).collect()
}

fn shape(def: &TypeDef<PortableForm>) -> Shape {
    match def {
        TypeDef::Composite(one) => Shape::Composite(fields(&one.fields)),
        TypeDef::Variant(one) => {
            let variant = |variant: &scale_info::Variant<PortableForm>| Variant {
                name: variant.name.clone(),
                index: variant.index,
                fields: fields(&variant.fields),
            };
            Shape::Variant(one.variants.iter().map(variant).collect())
        }
        TypeDef::Sequence(one) => Shape::Sequence(one.type_param.id as usize),
        TypeDef::Array(one) => Shape::Array(one.len, one.type_param.id as usize),
        TypeDef::Tuple(one) => Shape::Tuple(one.fields.iter().map(|ty| ty.id as usize).collect()),
        TypeDef::Compact(one) => Shape::Compact(one.type_param.id as usize),
        TypeDef::BitSequence(_) => Shape::Bits,
        TypeDef::Primitive(one) => Shape::Primitive(match one {
            TypeDefPrimitive::Bool => Primitive::Bool,
            TypeDefPrimitive::Char => Primitive::Char,
            TypeDefPrimitive::Str => Primitive::Str,
            TypeDefPrimitive::U8 => Primitive::Unsigned(8),
            TypeDefPrimitive::U16 => Primitive::Unsigned(16),
            TypeDefPrimitive::U32 => Primitive::Unsigned(32),
            TypeDefPrimitive::U64 => Primitive::Unsigned(64),
            TypeDefPrimitive::U128 => Primitive::Unsigned(128),
            TypeDefPrimitive::U256 => Primitive::Unsigned(256),
            TypeDefPrimitive::I8 => Primitive::Signed(8),
            TypeDefPrimitive::I16 => Primitive::Signed(16),
            TypeDefPrimitive::I32 => Primitive::Signed(32),
            TypeDefPrimitive::I64 => Primitive::Signed(64),
            TypeDefPrimitive::I128 => Primitive::Signed(128),
            TypeDefPrimitive::I256 => Primitive::Signed(256),
        }),
    }
}
