//! How values are held and encoded.

use crate::check::{Integer, Program, Type};
use std::sync::Arc;

/// Parts that a shape may have, all counted: generic types can double at each level.
const MOST_PARTS: u32 = 1_024;
/// How deep shapes may stand in each other.
const DEEPEST: u32 = 32;
/// The most bytes that a value takes in memory, what its lists hold aside.
const MOST_ROOM: u32 = 8_192;
/// What a list, a text or bytes take in memory: length, capacity, and where the items lie.
pub const LIST_ROOM: u32 = 12;
/// What the number of a variant takes in memory.
pub const TAG_ROOM: u32 = 4;

/// How a value is held and encoded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Nothing.
    Unit,
    /// One byte, 0 or 1.
    Bool,
    /// An integer of at most 64 bits, in a register.
    Narrow(Integer),
    /// 16 or 32 bytes in memory: a longer unsigned integer, or an address or hash.
    Wide {
        /// Its bytes.
        bytes: u32,
        /// True for integers.
        number: bool,
    },
    /// The number of one of so many variants without fields, in a register.
    Choice(u16),
    /// Any number of bytes; UTF-8 where it is a text.
    Bytes {
        /// True for `string`.
        text: bool,
    },
    /// Any number of items.
    List(Arc<Shape>),
    /// So many items.
    Row(Arc<Shape>, u32),
    /// The fields of an object.
    Record(Arc<[Shape]>),
    /// One of several variants with its fields.
    Union {
        /// The fields of each variant.
        variants: Arc<[Vec<Shape>]>,
        /// True for `Option`: `None`, then `Some`.
        option: bool,
    },
}

/// An account's address.
pub const ADDRESS: Shape = Shape::Wide {
    bytes: 32,
    number: false,
};
/// `Balance` and `u128`.
pub const TOKENS: Shape = Shape::Wide {
    bytes: 16,
    number: true,
};
/// Lengths and places in lists.
pub const INDEX: Shape = Shape::Narrow(Integer {
    signed: false,
    bits: 32,
    balance: false,
});

impl Shape {
    /// The shape of a type; none for types that cannot be built yet or are too large.
    #[must_use]
    pub fn of(program: &Program, ty: &Type) -> Option<Self> {
        let mut left = MOST_PARTS;
        let shape = of(program, ty, &mut left, DEEPEST)?;
        (shape.room() <= MOST_ROOM).then_some(shape)
    }

    /// The length of its encoding (SCALE, little-endian), where all values have the same.
    #[must_use]
    pub fn fixed(&self) -> Option<u32> {
        self.is_flat().then(|| self.room())
    }

    /// The least length of its encoding.
    #[must_use]
    pub fn least(&self) -> u32 {
        match self {
            Self::Bytes { .. } | Self::List(_) => 1,
            Self::Row(item, count) => item.least().saturating_mul(*count),
            Self::Record(fields) => fields.iter().map(Self::least).fold(0, u32::saturating_add),
            Self::Union { .. } => 1,
            _ => self.room(),
        }
    }

    /// The bytes that a value takes in memory.
    #[must_use]
    pub fn room(&self) -> u32 {
        match self {
            Self::Unit => 0,
            Self::Bool | Self::Choice(_) => 1,
            Self::Narrow(integer) => u32::from(integer.bits / 8),
            Self::Wide { bytes, .. } => *bytes,
            Self::Bytes { .. } | Self::List(_) => LIST_ROOM,
            Self::Row(item, count) => item.room().saturating_mul(*count),
            Self::Record(fields) => all_room(fields),
            Self::Union { variants, .. } => {
                let largest = variants.iter().map(|fields| all_room(fields)).max();
                TAG_ROOM.saturating_add(largest.unwrap_or(0))
            }
        }
    }

    /// True where the encoding is what lies in memory.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        match self {
            Self::Bytes { .. } | Self::List(_) | Self::Union { .. } => false,
            Self::Row(item, _) => item.is_flat(),
            Self::Record(fields) => fields.iter().all(Self::is_flat),
            _ => true,
        }
    }

    /// True where any bytes, as many as it takes, are a value.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        match self {
            Self::Bool | Self::Choice(_) => false,
            Self::Row(item, _) => item.is_plain(),
            Self::Record(fields) => fields.iter().all(Self::is_plain),
            _ => self.is_flat(),
        }
    }

    /// True where items lie outside of the value itself.
    #[must_use]
    pub fn has_list(&self) -> bool {
        match self {
            Self::Bytes { .. } | Self::List(_) => true,
            Self::Row(item, _) => item.has_list(),
            Self::Record(fields) => fields.iter().any(Self::has_list),
            Self::Union { variants, .. } => variants.iter().flatten().any(Self::has_list),
            _ => false,
        }
    }

    /// True for what is passed by its address.
    #[must_use]
    pub fn in_memory(&self) -> bool {
        matches!(self, Self::Wide { .. }) || self.is_whole()
    }

    /// True for what is made of parts.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(
            self,
            Self::Bytes { .. }
                | Self::List(_)
                | Self::Row(..)
                | Self::Record(_)
                | Self::Union { .. }
        )
    }

    /// True for types of which a missing entry of a map is a value: zero, `false`, empty or `None`.
    #[must_use]
    pub fn has_zero(&self) -> bool {
        match self {
            Self::Wide { number, .. } => *number,
            Self::Choice(_) | Self::Row(..) | Self::Record(_) => false,
            Self::Union { option, .. } => *option,
            _ => true,
        }
    }

    /// The shape of the items of a list, and how many there are where that is fixed.
    #[must_use]
    pub fn items(&self) -> Option<(Shape, Option<u32>)> {
        match self {
            Self::Bytes { .. } => Some((BYTE, None)),
            Self::List(item) => Some(((**item).clone(), None)),
            Self::Row(item, count) => Some(((**item).clone(), Some(*count))),
            _ => None,
        }
    }

    /// Where a field of an object lies, and its shape.
    #[must_use]
    pub fn field(&self, number: usize) -> Option<(u32, Shape)> {
        match self {
            Self::Record(fields) => part(fields, number, 0),
            _ => None,
        }
    }

    /// Where a field of a variant lies, and its shape.
    #[must_use]
    pub fn payload(&self, variant: usize, number: usize) -> Option<(u32, Shape)> {
        match self {
            Self::Union { variants, .. } => part(variants.get(variant)?, number, TAG_ROOM),
            _ => None,
        }
    }
}

/// The items of bytes.
pub const BYTE: Shape = Shape::Narrow(Integer {
    signed: false,
    bits: 8,
    balance: false,
});

fn all_room(fields: &[Shape]) -> u32 {
    let rooms = fields.iter().map(Shape::room);
    rooms.fold(0, u32::saturating_add)
}

fn part(fields: &[Shape], number: usize, start: u32) -> Option<(u32, Shape)> {
    let before = fields.get(..number)?;
    Some((start + all_room(before), fields.get(number)?.clone()))
}

fn of(program: &Program, ty: &Type, left: &mut u32, deep: u32) -> Option<Shape> {
    *left = left.checked_sub(1)?;
    let deep = deep.checked_sub(1)?;
    Some(match ty {
        Type::Unit => Shape::Unit,
        Type::Bool => Shape::Bool,
        Type::Integer(integer) if integer.bits <= 64 => Shape::Narrow(*integer),
        Type::Integer(integer) if !integer.signed => Shape::Wide {
            bytes: u32::from(integer.bits / 8),
            number: true,
        },
        Type::Address | Type::Hash | Type::Handle(_) => ADDRESS,
        Type::Bytes => Shape::Bytes { text: false },
        Type::Text => Shape::Bytes { text: true },
        Type::Array(item) => {
            let item = of(program, item, left, deep)?;
            // Items without bytes could be any number, and cost nothing.
            (item.least() > 0).then_some(())?;
            Shape::List(Arc::new(item))
        }
        Type::Fixed(item, count) => {
            let item = of(program, item, left, deep)?;
            (item.least() > 0).then_some(())?;
            Shape::Row(Arc::new(item), *count)
        }
        Type::Option(item) => {
            let item = of(program, item, left, deep)?;
            Shape::Union {
                variants: Arc::new([Vec::new(), vec![item]]),
                option: true,
            }
        }
        Type::Class(number, _) => {
            let info = program.classes.get(*number)?;
            let types = info.fields.iter().map(|slot| &slot.placed.ty);
            let fields: Option<Vec<Shape>> = types
                .map(|one| of(program, &program.filled(ty, one), left, deep))
                .collect();
            Shape::Record(fields?.into())
        }
        Type::Enum(number, _) => {
            let variants = &program.enums.get(*number)?.variants;
            let count = u16::try_from(variants.len())
                .ok()
                .filter(|count| (1..=256).contains(count))?;
            if variants.iter().all(|(_, fields)| fields.is_empty()) {
                return Some(Shape::Choice(count));
            }
            let mut all = Vec::new();
            for (_, fields) in variants {
                let types = fields.iter().map(|slot| &slot.placed.ty);
                let fields: Option<Vec<Shape>> = types
                    .map(|one| of(program, &program.filled(ty, one), left, deep))
                    .collect();
                all.push(fields?);
            }
            Shape::Union {
                variants: all.into(),
                option: false,
            }
        }
        _ => return None,
    })
}
