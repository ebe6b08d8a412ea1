//! Charts as SVG and tables in pages, from the pallets' own code. For examples that write documentation and for the
//! tests that compare it with what they would write: every machine draws the same bytes.

mod areas;
mod frame;
mod lines;

use std::path::PathBuf;

pub use areas::{Areas, Grid, Layer};
pub use lines::{Axis, Line, Lines, Point};

/// A file as an example would write it.
pub struct Document {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub content: String,
}

impl Document {
    /// Writes them, and says so.
    pub fn write_all(documents: &[Self]) -> std::io::Result<()> {
        for document in documents {
            std::fs::write(&document.path, &document.content)?;
            println!("wrote {}", document.path.display());
        }
        Ok(())
    }

    /// Fails with `remedy` when one of them is not what is on disk.
    ///
    /// # Panics
    ///
    /// When one differs or cannot be read, as an assertion does.
    pub fn assert_committed(documents: &[Self], remedy: &str) {
        for document in documents {
            let path = document.path.display();
            let committed = std::fs::read_to_string(&document.path)
                .unwrap_or_else(|error| panic!("{path}: {error}"));
            assert!(
                committed == document.content,
                "{path} is out of date: {remedy}"
            );
        }
    }
}

/// Puts `table` between the marks of `name`; the page keeps everything else.
///
/// # Panics
///
/// When the page has not both marks.
pub fn replace(page: &str, name: &str, table: &str) -> String {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = page
        .split_once(&open)
        .unwrap_or_else(|| panic!("no mark {open}"));
    let (_, after) = rest
        .split_once(&close)
        .unwrap_or_else(|| panic!("no mark {close}"));
    format!("{before}{open}{table}{close}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_changes_and_the_page_around_it_does_not() {
        let page = "before\n<!-- a -->\nold\n<!-- /a -->\nafter\n";
        let changed = "before\n<!-- a -->\nnew\n<!-- /a -->\nafter\n";
        assert_eq!(replace(page, "a", "new\n"), changed);
    }

    #[test]
    fn a_point_is_where_its_numbers_say() {
        let frame = frame::Frame { height: 308 };
        assert_eq!(
            (frame.x(0, 7).as_str(), frame.x(7, 7).as_str()),
            ("84.0", "936.0")
        );
        assert_eq!(
            (frame.y(0, 9).as_str(), frame.y(9, 9).as_str()),
            ("176.0", "76.0")
        );
        assert_eq!(frame.y(1_000, 9), "76.0");
        assert_eq!(frame.y(u64::MAX, u64::MAX), "76.0");
    }
}
