//! What the tab key adds.

use super::typed::NAMES;

/// Words that can be completed.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Names of contacts.
    pub people: Vec<String>,
}

/// What becomes of what stands before the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Letters to be added.
    pub more: String,
    /// What is possible, if that is more than one thing and nothing was added.
    pub choices: Vec<String>,
}

impl Words {
    /// Completes a command at the beginning of a line, and a contact's name everywhere else.
    pub fn complete(&self, before: &str) -> Completion {
        let start = before.rfind(char::is_whitespace).map_or(0, |place| {
            let space = before.get(place..).and_then(|rest| rest.chars().next());
            place.saturating_add(space.map_or(0, char::len_utf8))
        });
        let word = before.get(start..).unwrap_or_default();
        let commands = || NAMES.iter().map(|name| format!("/{name}"));
        let mut found: Vec<String> = match word.starts_with('/') && start == 0 {
            true => commands().filter(|name| name.starts_with(word)).collect(),
            false if word.is_empty() => Vec::new(),
            false => self
                .people
                .iter()
                .filter(|name| name.starts_with(word))
                .cloned()
                .collect(),
        };
        found.sort();
        found.dedup();
        let Some(first) = found.first() else {
            return Completion::default();
        };
        let same = found.iter().skip(1).fold(first.clone(), |same, name| {
            let letters = same.chars().zip(name.chars());
            letters
                .take_while(|(one, other)| one == other)
                .map(|it| it.0)
                .collect()
        });
        let mut more: String = same.get(word.len()..).unwrap_or_default().to_owned();
        if found.len() == 1 {
            more.push(' ');
        }
        let choices = match more.is_empty() {
            true => found,
            false => Vec::new(),
        };
        Completion { more, choices }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(before: &str) -> (String, Vec<String>) {
        let people = ["bert", "berta", "zoé"].map(String::from).to_vec();
        let Completion { more, choices } = Words { people }.complete(before);
        (more, choices)
    }

    fn adds(before: &str, more: &str) {
        assert_eq!(complete(before), (more.to_owned(), Vec::new()), "{before}");
    }

    #[test]
    fn one_way_is_taken_and_several_are_shown() {
        adds("/rea", "ct ");
        adds("/open z", "oé ");
        adds("hello b", "ert");
        adds("x\u{2003}z", "oé ");
        let both = ["bert", "berta"].map(String::from).to_vec();
        assert_eq!(complete("/open bert"), (String::new(), both));
        let commands = ["/reply", "/react", "/receipts", "/red"];
        let mut commands = commands.map(String::from).to_vec();
        commands.sort();
        assert_eq!(complete("/re"), (String::new(), commands));
    }

    #[test]
    fn nothing_is_added_where_nothing_fits() {
        for before in ["", "hello ", "/nothing", "say /re", "x", "/open "] {
            adds(before, "");
        }
    }
}
