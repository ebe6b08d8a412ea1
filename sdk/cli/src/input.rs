//! What comes on standard input, line by line, while other things happen.

use std::{
    io::{BufRead, stdin},
    thread,
};

use tokio::sync::mpsc;

/// Longest line that is taken, bytes: a text of the longest kind, in JSON with each letter escaped once.
pub const MAX_LINE: usize = 128 * 1_024;
/// Lines that nobody has taken: what is more waits in the pipe.
const LINES: usize = 16;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// As it is, without its end.
    Text(String),
    /// A longer one than [`MAX_LINE`]; it was passed over.
    TooLong,
    /// One that is not UTF-8.
    NotText,
}

/// Reads lines in a thread of its own, which ends with the program: nothing ends a read that waits. `None` at the end of
/// the input.
pub fn lines() -> mpsc::Receiver<Line> {
    let (tell, lines) = mpsc::channel(LINES);
    thread::spawn(move || {
        let mut input = stdin().lock();
        while let Ok(Some(line)) = next(&mut input)
            && tell.blocking_send(line).is_ok()
        {}
    });
    lines
}

/// Reads what is typed at a terminal as it comes, in a thread like that of [`lines`].
pub fn bytes() -> mpsc::Receiver<Vec<u8>> {
    let (tell, keys) = mpsc::channel(LINES);
    thread::spawn(move || {
        let mut input = stdin().lock();
        while let Ok(read) = input.fill_buf()
            && !read.is_empty()
        {
            let bytes = read.to_vec();
            input.consume(bytes.len());
            if tell.blocking_send(bytes).is_err() {
                break;
            }
        }
    });
    keys
}

/// The next line.
fn next(input: &mut impl BufRead) -> std::io::Result<Option<Line>> {
    let (mut line, mut long, mut any) = (Vec::new(), false, false);
    loop {
        let read = input.fill_buf()?;
        if read.is_empty() {
            break;
        }
        any = true;
        let end = read.iter().position(|byte| *byte == b'\n');
        let part = read.get(..end.unwrap_or(read.len())).unwrap_or(read);
        long |= line.len().saturating_add(part.len()) > MAX_LINE;
        if !long {
            line.extend_from_slice(part);
        }
        let taken = end.map_or(read.len(), |end| end.saturating_add(1));
        input.consume(taken);
        if end.is_some() {
            break;
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(any.then(|| match (long, String::from_utf8(line)) {
        (true, _) => Line::TooLong,
        (_, Ok(text)) => Line::Text(text),
        (_, Err(_)) => Line::NotText,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn all(bytes: &[u8], buffer: usize) -> Vec<Line> {
        let mut input = BufReader::with_capacity(buffer, bytes);
        let mut lines = Vec::new();
        while let Some(line) = next(&mut input).unwrap() {
            lines.push(line);
        }
        lines
    }

    fn text(text: &str) -> Line {
        Line::Text(text.into())
    }

    #[test]
    fn lines_are_read_whatever_comes_at_a_time() {
        for buffer in [1, 2, 3, 1_000] {
            let lines = all(b"one\n\ntwo\r\nthree", buffer);
            assert_eq!(lines, [text("one"), text(""), text("two"), text("three")]);
            assert_eq!(all(b"", buffer), []);
            assert_eq!(all(b"\xff\nx\n", buffer), [Line::NotText, text("x")]);
        }
    }

    #[test]
    fn a_line_without_end_is_passed_over_and_takes_no_memory() {
        let mut bytes = vec![b'a'; MAX_LINE];
        assert_eq!(all(&bytes, 4_096).len(), 1);
        assert!(matches!(&all(&bytes, 4_096)[0], Line::Text(text) if text.len() == MAX_LINE));
        bytes.extend_from_slice(&[b'a'; 10_000]);
        bytes.extend_from_slice(b"\nnext\n");
        assert_eq!(all(&bytes, 4_096), [Line::TooLong, text("next")]);
    }
}
