//! Where something stands in a source file.

/// Bytes `start..end` of one source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end`; an end before the start counts as empty.
    #[must_use]
    pub fn new(start: u32, end: u32) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }

    /// The empty span at `offset`.
    #[must_use]
    pub fn at(offset: u32) -> Self {
        Self {
            start: offset,
            end: offset,
        }
    }

    /// Number of bytes.
    #[must_use]
    pub fn length(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// True where no byte is covered.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The bytes of `source` that the span covers; what lies outside of the source is left out.
    #[must_use]
    pub fn of(self, source: &[u8]) -> &[u8] {
        let end = (self.end as usize).min(source.len());
        let start = (self.start as usize).min(end);
        &source[start..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_never_reads_outside_of_the_source() {
        assert_eq!(Span::new(1, 3).of(b"abcd"), b"bc");
        assert_eq!(Span::new(3, 9).of(b"abcd"), b"d");
        assert_eq!(Span::new(8, 9).of(b"abcd"), b"");
        assert!(Span::new(5, 2).is_empty());
        assert_eq!(Span::new(1, 2).to(Span::new(4, 6)), Span::new(1, 6));
        assert_eq!(Span::new(1, 6).length(), 5);
    }
}
