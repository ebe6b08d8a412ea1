//! Types by number.

use serde_json::Value as Json;

/// Counts in [`Types`].
pub type TypeNumber = usize;

/// Most types of one contract or chain.
pub const MOST_TYPES: usize = 100_000;

/// A type of the encoding itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "named after the types")]
pub enum Primitive {
    Bool,
    Char,
    Str,
    /// Without sign, by its bits.
    Unsigned(u16),
    /// With sign, by its bits.
    Signed(u16),
}

impl Primitive {
    /// The primitive with the name that metadata gives it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::Bool,
            "char" => Self::Char,
            "str" => Self::Str,
            _ => {
                let bits = match name.get(1..)? {
                    "8" => 8,
                    "16" => 16,
                    "32" => 32,
                    "64" => 64,
                    "128" => 128,
                    "256" => 256,
                    _ => return None,
                };
                match name.as_bytes().first()? {
                    b'u' => Self::Unsigned(bits),
                    b'i' => Self::Signed(bits),
                    _ => return None,
                }
            }
        })
    }
}

/// A field of a composite or variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its type.
    pub ty: TypeNumber,
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// The byte that stands for it.
    pub index: u8,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// What a type is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after the shapes of metadata")]
pub enum Shape {
    Primitive(Primitive),
    Composite(Vec<Field>),
    Variant(Vec<Variant>),
    Sequence(TypeNumber),
    Array(u32, TypeNumber),
    Tuple(Vec<TypeNumber>),
    Compact(TypeNumber),
    /// Bits, which contracts do not use.
    Bits,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// Its path; empty for types without a name.
    pub path: Vec<String>,
    /// What it is made of.
    pub shape: Shape,
}

impl Type {
    /// The last part of its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

/// Types by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Types(Vec<Type>);

impl Types {
    /// Types in the order of their numbers.
    #[must_use]
    pub fn new(list: Vec<Type>) -> Self {
        Self(list)
    }

    /// A type.
    #[must_use]
    pub fn get(&self, number: TypeNumber) -> Option<&Type> {
        self.0.get(number)
    }

    /// All types in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (TypeNumber, &Type)> {
        self.0.iter().enumerate()
    }

    /// The type of bytes of a fixed number: an array of `u8`, or something that is nothing but one.
    #[must_use]
    pub fn fixed_bytes(&self, number: TypeNumber) -> Option<u32> {
        match &self.get(number)?.shape {
            Shape::Array(length, item) if self.is_byte(*item) => Some(*length),
            _ => None,
        }
    }

    /// True for `u8`.
    #[must_use]
    pub fn is_byte(&self, number: TypeNumber) -> bool {
        self.get(number)
            .is_some_and(|ty| ty.shape == Shape::Primitive(Primitive::Unsigned(8)))
    }

    /// True for accounts: 32 bytes under one of the names that accounts have.
    #[must_use]
    pub fn is_account(&self, number: TypeNumber) -> bool {
        self.wraps_32(number, &["AccountId", "AccountId32"])
    }

    /// True for hashes: 32 bytes under one of the names that hashes have.
    #[must_use]
    pub fn is_hash(&self, number: TypeNumber) -> bool {
        self.wraps_32(number, &["Hash", "H256"])
    }

    /// True for integers of 256 bits.
    #[must_use]
    pub fn is_wide(&self, number: TypeNumber) -> bool {
        // A class of a contract could have the name, but has no path in front of it.
        self.get(number)
            .is_some_and(|ty| ty.path.len() > 1 && ty.name() == "U256")
    }

    fn wraps_32(&self, number: TypeNumber, names: &[&str]) -> bool {
        let Some(ty) = self.get(number) else {
            return false;
        };
        match &ty.shape {
            Shape::Composite(fields) => {
                names.contains(&ty.name())
                    && matches!(fields.as_slice(), [one] if self.fixed_bytes(one.ty) == Some(32))
            }
            _ => false,
        }
    }

    /// The list of types of a contract's metadata.
    pub(crate) fn from_json(list: &Json) -> Option<Self> {
        let list = list.as_array().filter(|list| list.len() <= MOST_TYPES)?;
        let mut types = Vec::with_capacity(list.len());
        for (number, one) in list.iter().enumerate() {
            // Numbers that are left out would move all that follow.
            if one.get("id")?.as_u64()? != u64::try_from(number).ok()? {
                return None;
            }
            types.push(type_(one.get("type")?)?);
        }
        Some(Self(types))
    }
}

fn number(value: &Json) -> Option<TypeNumber> {
    usize::try_from(value.as_u64()?).ok()
}

fn list<T>(value: Option<&Json>, one: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    match value {
        None | Some(Json::Null) => Some(Vec::new()),
        Some(value) => value.as_array()?.iter().map(one).collect(),
    }
}

fn text(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn field(value: &Json) -> Option<Field> {
    Some(Field {
        name: value.get("name").and_then(text),
        ty: number(value.get("type")?)?,
    })
}

fn variant(value: &Json) -> Option<Variant> {
    Some(Variant {
        name: text(value.get("name")?)?,
        index: u8::try_from(value.get("index")?.as_u64()?).ok()?,
        fields: list(value.get("fields"), field)?,
    })
}

fn type_(value: &Json) -> Option<Type> {
    let (kind, def) = value.get("def")?.as_object()?.iter().next()?;
    let shape = match kind.as_str() {
        "primitive" => Shape::Primitive(Primitive::named(def.as_str()?)?),
        "composite" => Shape::Composite(list(def.get("fields"), field)?),
        "variant" => Shape::Variant(list(def.get("variants"), variant)?),
        "sequence" => Shape::Sequence(number(def.get("type")?)?),
        "array" => Shape::Array(
            u32::try_from(def.get("len")?.as_u64()?).ok()?,
            number(def.get("type")?)?,
        ),
        "tuple" => Shape::Tuple(list(Some(def), number)?),
        "compact" => Shape::Compact(number(def.get("type")?)?),
        "bitsequence" => Shape::Bits,
        _ => return None,
    };
    Some(Type {
        path: list(value.get("path"), text)?,
        shape,
    })
}
