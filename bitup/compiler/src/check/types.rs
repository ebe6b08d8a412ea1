//! Types.

use num_bigint::{BigInt, BigUint, Sign};

/// An integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Integer {
    /// True for `i` types.
    pub signed: bool,
    /// 8, 16, 32, 64, 128 or 256.
    pub bits: u16,
    /// True for `Balance`: 128 bits without sign that count the smallest unit of the chain's token.
    pub balance: bool,
}

/// What the types of a type parameter can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Nothing but be passed on.
    None,
    /// `extends Comparable`: `===` and `!==`.
    Comparable,
    /// `extends Integer`: all that integers can.
    Integer,
}

/// A type. Numbers of classes, enums and interfaces count in the tables of [`super::Program`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "named after the types of the language")]
pub enum Type {
    /// A finding was made; fits everything so that it is made once.
    Unknown,
    /// What a method without a result gives.
    Unit,
    Bool,
    Integer(Integer),
    Address,
    Hash,
    Bytes,
    Text,
    /// `T[]`
    Array(Box<Type>),
    /// `T[n]`
    Fixed(Box<Type>, u32),
    Option(Box<Type>),
    Map(Box<Type>, Box<Type>),
    /// A class or asset with its type arguments.
    Class(usize, Vec<Type>),
    /// An enum with its type arguments.
    Enum(usize, Vec<Type>),
    /// A contract reached through an interface.
    Handle(usize),
    /// A type parameter.
    Parameter(String, Bound),
}

/// `Balance`.
pub const BALANCE: Type = Type::Integer(Integer {
    signed: false,
    bits: 128,
    balance: true,
});

/// An unsigned integer type.
#[must_use]
pub const fn unsigned(bits: u16) -> Type {
    Type::Integer(Integer {
        signed: false,
        bits,
        balance: false,
    })
}

impl Integer {
    /// The type with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "Balance" {
            return Some(Self {
                signed: false,
                bits: 128,
                balance: true,
            });
        }
        let signed = match name.as_bytes().first()? {
            b'u' => false,
            b'i' => true,
            _ => return None,
        };
        let bits = match &name[1..] {
            "8" => 8,
            "16" => 16,
            "32" => 32,
            "64" => 64,
            "128" => 128,
            "256" => 256,
            _ => return None,
        };
        Some(Self {
            signed,
            bits,
            balance: false,
        })
    }

    /// The least and the greatest value.
    #[must_use]
    pub fn range(self) -> (BigInt, BigInt) {
        let power = |bits: u16| BigInt::from_biguint(Sign::Plus, BigUint::from(1_u8) << bits);
        if self.signed {
            let half = power(self.bits.saturating_sub(1));
            (-half.clone(), half - 1)
        } else {
            (BigInt::ZERO, power(self.bits) - 1)
        }
    }

    /// Whether a value fits.
    #[must_use]
    pub fn holds(self, value: &BigInt) -> bool {
        let (least, most) = self.range();
        *value >= least && *value <= most
    }
}

impl std::fmt::Display for Integer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.balance {
            return out.write_str("Balance");
        }
        write!(out, "{}{}", if self.signed { 'i' } else { 'u' }, self.bits)
    }
}

impl Type {
    /// A type of the language without arguments.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::Bool,
            "Address" => Self::Address,
            "Hash" => Self::Hash,
            "bytes" => Self::Bytes,
            "string" => Self::Text,
            _ => Self::Integer(Integer::named(name)?),
        })
    }

    /// True for types whose values are copied whole and need no place: no `storage` or `memory` stands in front.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        matches!(
            self,
            Self::Unknown
                | Self::Unit
                | Self::Bool
                | Self::Integer(_)
                | Self::Address
                | Self::Hash
                | Self::Handle(_)
                | Self::Parameter(..)
        )
    }

    /// True where a `Map` gives a zero value for a key that it lacks; for others such a read fails.
    #[must_use]
    pub fn has_zero(&self) -> bool {
        matches!(
            self,
            Self::Unknown
                | Self::Bool
                | Self::Integer(_)
                | Self::Bytes
                | Self::Text
                | Self::Array(_)
                | Self::Option(_)
                | Self::Map(..)
        )
    }

    /// True for types that have `===`.
    #[must_use]
    pub fn is_comparable(&self) -> bool {
        match self {
            Self::Unit | Self::Map(..) | Self::Handle(_) | Self::Class(..) => false,
            Self::Array(item) | Self::Fixed(item, _) | Self::Option(item) => item.is_comparable(),
            Self::Enum(_, arguments) => arguments.iter().all(Self::is_comparable),
            Self::Parameter(_, bound) => *bound != Bound::None,
            _ => true,
        }
    }

    /// True for types that have arithmetic.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Parameter(_, Bound::Integer))
    }

    /// True where a `Map` is in it: such a value cannot leave the storage.
    #[must_use]
    pub fn has_map(&self) -> bool {
        match self {
            Self::Map(..) => true,
            Self::Array(item) | Self::Fixed(item, _) | Self::Option(item) => item.has_map(),
            Self::Class(_, arguments) | Self::Enum(_, arguments) => {
                arguments.iter().any(Self::has_map)
            }
            _ => false,
        }
    }

    /// The type with its type parameters replaced.
    #[must_use]
    pub fn replace(&self, with: &dyn Fn(&str) -> Option<Type>) -> Self {
        let all = |types: &[Type]| types.iter().map(|one| one.replace(with)).collect();
        match self {
            Self::Parameter(name, _) => with(name).unwrap_or_else(|| self.clone()),
            Self::Array(item) => Self::Array(Box::new(item.replace(with))),
            Self::Fixed(item, length) => Self::Fixed(Box::new(item.replace(with)), *length),
            Self::Option(item) => Self::Option(Box::new(item.replace(with))),
            Self::Map(key, value) => {
                Self::Map(Box::new(key.replace(with)), Box::new(value.replace(with)))
            }
            Self::Class(number, arguments) => Self::Class(*number, all(arguments)),
            Self::Enum(number, arguments) => Self::Enum(*number, all(arguments)),
            other => other.clone(),
        }
    }

    /// Whether a value of this type can stand where `wanted` is needed. There are no conversions.
    #[must_use]
    pub fn fits(&self, wanted: &Type) -> bool {
        match (self, wanted) {
            (Self::Unknown, _) | (_, Self::Unknown) => true,
            (Self::Array(a), Self::Array(b)) | (Self::Option(a), Self::Option(b)) => a.fits(b),
            (Self::Fixed(a, n), Self::Fixed(b, m)) => n == m && a.fits(b),
            (Self::Map(a, b), Self::Map(c, d)) => a.fits(c) && b.fits(d),
            (Self::Class(n, a), Self::Class(m, b)) | (Self::Enum(n, a), Self::Enum(m, b)) => {
                n == m && a.len() == b.len() && a.iter().zip(b).all(|(one, other)| one.fits(other))
            }
            _ => self == wanted,
        }
    }
}
