//! The line that is being typed, from the bytes that a terminal sends.

/// Longest line, bytes: what fits into a message.
const MAX_LINE: usize = 48 * 1_024;
/// Lines that come back with the arrows.
const MAX_BEFORE: usize = 100;

/// What a byte led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing that is seen.
    None,
    /// The line looks different.
    Changed,
    /// It is complete.
    Entered(String),
    /// What stands before the place is to be completed.
    Complete,
    /// The user wants to end.
    End,
}

/// Where a sequence of bytes stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    Escape,
    Sequence,
}

/// A line with a place in it.
#[derive(Debug, Default)]
pub struct Editor {
    line: Vec<char>,
    place: usize,
    state: State,
    letter: Vec<u8>,
    before: Vec<Vec<char>>,
    /// How far back the arrows went.
    back: usize,
}

impl Editor {
    /// Takes a byte.
    pub fn byte(&mut self, byte: u8) -> Act {
        match self.state {
            State::Escape => {
                let sequence = matches!(byte, b'[' | b'O');
                self.state = match sequence {
                    true => State::Sequence,
                    false => State::Ground,
                };
                Act::None
            }
            State::Sequence => match byte {
                0x40..=0x7e => {
                    self.state = State::Ground;
                    self.arrow(byte)
                }
                _ => Act::None,
            },
            State::Ground => self.ground(byte),
        }
    }

    fn ground(&mut self, byte: u8) -> Act {
        match byte {
            0x1b => {
                self.state = State::Escape;
                Act::None
            }
            b'\r' | b'\n' => self.enter(),
            0x03 if self.line.is_empty() => Act::End,
            0x03 => self.replace(Vec::new()),
            0x04 if self.line.is_empty() => Act::End,
            0x04 => Act::None,
            0x01 => self.go(0),
            0x05 => self.go(self.line.len()),
            0x02 => self.arrow(b'D'),
            0x06 => self.arrow(b'C'),
            0x08 | 0x7f => self.erase(1),
            0x15 => self.erase(self.place),
            0x17 => self.erase(self.word()),
            0x0c => Act::Changed,
            b'\t' => Act::Complete,
            0x00..=0x1f => Act::None,
            _ => self.letter(byte),
        }
    }

    fn enter(&mut self) -> Act {
        let line: String = self.line.iter().collect();
        if !line.trim().is_empty() && self.before.last() != Some(&self.line) {
            self.before.push(self.line.clone());
            if self.before.len() > MAX_BEFORE {
                self.before.remove(0);
            }
        }
        self.back = 0;
        self.replace(Vec::new());
        Act::Entered(line)
    }

    fn letter(&mut self, byte: u8) -> Act {
        self.letter.push(byte);
        let found = match std::str::from_utf8(&self.letter) {
            Ok(text) => text.chars().next(),
            // The beginning of a letter.
            Err(error) if error.error_len().is_none() && self.letter.len() < 4 => return Act::None,
            Err(_) => None,
        };
        self.letter.clear();
        let length: usize = self.line.iter().map(|letter| letter.len_utf8()).sum();
        match found.filter(|letter| !letter.is_control()) {
            Some(letter) if length.saturating_add(letter.len_utf8()) <= MAX_LINE => {
                self.line.insert(self.place, letter);
                self.place = self.place.saturating_add(1);
                Act::Changed
            }
            _ => Act::None,
        }
    }

    fn arrow(&mut self, last: u8) -> Act {
        match last {
            b'D' => self.go(self.place.saturating_sub(1)),
            b'C' => self.go(self.place.saturating_add(1)),
            b'H' => self.go(0),
            b'F' => self.go(self.line.len()),
            b'A' => self.recall(self.back.saturating_add(1)),
            b'B' => self.recall(self.back.saturating_sub(1)),
            _ => Act::None,
        }
    }

    fn go(&mut self, place: usize) -> Act {
        self.place = place.min(self.line.len());
        Act::Changed
    }

    /// Lines of before; zero is an empty one.
    fn recall(&mut self, back: usize) -> Act {
        if back == 0 {
            self.back = 0;
            return self.replace(Vec::new());
        }
        let index = self.before.len().checked_sub(back);
        let Some(line) = index.and_then(|index| self.before.get(index)).cloned() else {
            return Act::None;
        };
        self.back = back;
        self.replace(line)
    }

    fn replace(&mut self, line: Vec<char>) -> Act {
        self.place = line.len();
        self.line = line;
        Act::Changed
    }

    /// So many letters before the place.
    fn erase(&mut self, count: usize) -> Act {
        let from = self.place.saturating_sub(count);
        self.line.drain(from..self.place);
        self.place = from;
        Act::Changed
    }

    /// Letters of the word before the place, and of the room behind it.
    fn word(&self) -> usize {
        let before = self.line.get(..self.place).unwrap_or_default();
        let room = before.iter().rev().take_while(|it| it.is_whitespace());
        let room = room.count();
        let word = before.iter().rev().skip(room);
        let word = word.take_while(|it| !it.is_whitespace()).count();
        room.saturating_add(word)
    }

    /// What stands before the place.
    pub fn before_place(&self) -> String {
        let before = self.line.get(..self.place).unwrap_or_default();
        before.iter().collect()
    }

    /// Puts letters in at the place.
    pub fn insert(&mut self, letters: &str) {
        let mut bytes = [0; 4];
        for letter in letters.chars().filter(|letter| !letter.is_control()) {
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                self.letter(byte);
            }
        }
    }

    /// Whether something is typed that is no command.
    pub fn is_saying(&self) -> bool {
        self.line.first().is_some_and(|letter| *letter != '/')
    }

    /// What fits into so many columns around the place, and how many of them are before it.
    pub fn shown(&self, columns: usize) -> (String, usize) {
        let wide = |letter: &char| if u32::from(*letter) < 0x1100 { 1 } else { 2 };
        let (before, after) = self.line.split_at(self.place.min(self.line.len()));
        let (mut left, mut start) = (0_usize, before.len());
        for letter in before.iter().rev() {
            let next = left.saturating_add(wide(letter));
            if next >= columns {
                break;
            }
            left = next;
            start = start.saturating_sub(1);
        }
        let mut shown: String = before.get(start..).unwrap_or_default().iter().collect();
        let mut all = left;
        for letter in after {
            all = all.saturating_add(wide(letter));
            if all > columns {
                break;
            }
            shown.push(*letter);
        }
        (shown, left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(editor: &mut Editor, bytes: &[u8]) -> Vec<String> {
        let acts = bytes.iter().map(|byte| editor.byte(*byte));
        let entered = acts.filter_map(|act| match act {
            Act::Entered(line) => Some(line),
            _ => None,
        });
        entered.collect()
    }

    fn line(bytes: &[u8]) -> String {
        let mut editor = Editor::default();
        let mut entered = type_in(&mut editor, bytes);
        entered.extend(type_in(&mut editor, b"\r"));
        assert_eq!(entered.len(), 1);
        entered.remove(0)
    }

    #[test]
    fn letters_are_put_in_and_taken_out() {
        assert_eq!(line("grün 👍".as_bytes()), "grün 👍");
        assert_eq!(line("grün👍\x7f\x7f!".as_bytes()), "grü!");
        assert_eq!(line(b"one two  \x17three"), "one three");
        assert_eq!(line(b"one two\x15x"), "x");
        assert_eq!(line(b"ac\x1b[Db"), "abc");
        assert_eq!(line(b"bc\x1b[Ha\x1b[Fd"), "abcd");
        assert_eq!(line(b"bc\x01a\x05d"), "abcd");
        assert_eq!(line(b"\x1b[D\x7f\x17\x15\x1b[C\x1bx\x1b[1;5Ca"), "a");
        assert_eq!(line(b"old\x03new"), "new");
        // Bytes that are no letter.
        assert_eq!(line(b"a\xff\xfe\xc3b\x80c"), "ac");
    }

    #[test]
    fn the_tab_key_asks_and_what_is_added_stands_at_the_place() {
        let mut editor = Editor::default();
        type_in(&mut editor, b"say z!\x1b[D");
        assert_eq!(editor.byte(b'\t'), Act::Complete);
        assert_eq!(editor.before_place(), "say z");
        editor.insert("o\u{e9} ");
        assert_eq!(type_in(&mut editor, b"\r"), ["say zo\u{e9} !"]);
    }

    #[test]
    fn lines_of_before_come_back() {
        let mut editor = Editor::default();
        type_in(&mut editor, b"one\rtwo\rtwo\r");
        assert_eq!(type_in(&mut editor, b"\x1b[A\x1b[A\r"), ["one"]);
        assert_eq!(
            type_in(&mut editor, b"\x1b[A\x1b[A\x1b[A\x1b[A\x1b[B\r"),
            ["two"]
        );
        assert_eq!(type_in(&mut editor, b"\x1b[A\x1b[B\r"), [""]);
    }

    #[test]
    fn an_empty_line_ends_and_another_one_does_not() {
        assert_eq!(Editor::default().byte(0x04), Act::End);
        assert_eq!(Editor::default().byte(0x03), Act::End);
        let mut editor = Editor::default();
        editor.byte(b'a');
        assert_eq!(editor.byte(0x04), Act::None);
        assert_eq!(editor.byte(0x03), Act::Changed);
        assert_eq!(editor.byte(0x03), Act::End);
    }

    #[test]
    fn what_is_shown_fits_and_holds_the_place() {
        let mut editor = Editor::default();
        type_in(&mut editor, b"0123456789");
        assert_eq!(editor.shown(20), ("0123456789".into(), 10));
        assert_eq!(editor.shown(6), ("56789".into(), 5));
        type_in(&mut editor, b"\x01");
        assert_eq!(editor.shown(6), ("012345".into(), 0));
        assert!(editor.is_saying());
        let mut editor = Editor::default();
        type_in(&mut editor, "👍👍👍".as_bytes());
        assert_eq!(editor.shown(5), ("👍👍".into(), 4));
        assert_eq!(editor.shown(0), (String::new(), 0));
    }

    #[test]
    fn no_bytes_break_it_and_it_does_not_grow_without_end() {
        let mut editor = Editor::default();
        let mut state: u32 = 1;
        for _ in 0..50_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            editor.byte((state >> 24) as u8);
            editor.shown((state >> 16) as usize % 100);
            assert!(editor.place <= editor.line.len());
        }
        for _ in 0..MAX_LINE + 10 {
            editor.byte(b'a');
        }
        assert!(editor.line.len() <= MAX_LINE);
    }
}
