//! Files by their paths and by the names that editors give them: `file:///folder/a%20b.bit`.

use std::path::{Path, PathBuf};

/// The path of a file.
#[must_use]
pub fn path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    // A host may stand in front of the path; only this machine's files are read.
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    let encoded = rest.starts_with('/').then_some(rest)?;
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut left = encoded.as_bytes();
    while let Some((first, rest)) = left.split_first() {
        left = rest;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digit = |at: usize| char::from(*rest.get(at)?).to_digit(16);
        bytes.push(u8::try_from(digit(0)? * 16 + digit(1)?).ok()?);
        left = &rest[2..];
    }
    let text = String::from_utf8(bytes).ok()?;
    // `/C:/folder` of other systems.
    let drive = text.as_bytes().get(2) == Some(&b':') && text.as_bytes()[1].is_ascii_alphabetic();
    Some(PathBuf::from(if drive { &text[1..] } else { &text }))
}

/// The name of a file for editors.
#[must_use]
pub fn uri(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let mut out = String::from(if text.starts_with('/') {
        "file://"
    } else {
        "file:///"
    });
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for text in ["/a/b.bit", "/a b/ü%.bit", "/a/+#?.bit"] {
            let path_ = PathBuf::from(text);
            assert_eq!(path(&uri(&path_)), Some(path_));
        }
        assert_eq!(path("file:///a%20b"), Some(PathBuf::from("/a b")));
        assert_eq!(path("file:///c%3A/b"), Some(PathBuf::from("c:/b")));
        for wrong in [
            "untitled:1",
            "file:///a%2",
            "file:///a%zz",
            "file://other/a",
            "file:///%ff",
            "",
        ] {
            assert_eq!(path(wrong), None, "{wrong}");
        }
    }
}
