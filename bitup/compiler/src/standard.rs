//! The standard library, written in bitUp.

/// Paths and texts of its files.
pub const FILES: &[(&str, &str)] = &[
    ("std/ownable", include_str!("../../std/ownable.bit")),
    ("std/roles", include_str!("../../std/roles.bit")),
    ("std/math", include_str!("../../std/math.bit")),
];

/// The text of a file.
#[must_use]
pub fn source(path: &str) -> Option<&'static str> {
    FILES
        .iter()
        .find(|(known, _)| *known == path)
        .map(|(_, text)| *text)
}
