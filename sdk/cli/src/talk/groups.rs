//! Which group or person is meant, and what groups look like.

use parlance_client::{
    bimp::{Account, GroupId},
    chat,
    e2ee::{
        Body, List,
        content::{Mention, MentionRange, WrittenText},
    },
    messenger::{Group, groups::Stage},
    vault::Vault,
};
use serde_json::{Value, json};

use super::{
    body,
    show::{Names, account_of, address},
};
use crate::{context::Context, failure::Failure};

/// Digits of an id that are enough.
const DIGITS: usize = 8;

/// The conversation that a name stands for: a contact, an address, or a group. '+' before a name says that it is a group's.
pub fn conversation(context: &Context, vault: &Vault, name: &str) -> Result<Account, Failure> {
    if name.starts_with('+') {
        return Ok(named(vault, name)?.conversation());
    }
    match context.account(Some(vault), name) {
        Ok(account) => Ok(account_of(&account)),
        Err(nobody) => match named(vault, name) {
            Ok(group) => Ok(group.conversation()),
            Err(Failure::NoGroup { .. }) => Err(nobody),
            Err(error) => Err(error),
        },
    }
}

/// The group of a name.
pub fn named(vault: &Vault, name: &str) -> Result<Group, Failure> {
    pick(chat::groups(vault)?, name)
}

fn pick(all: Vec<Group>, name: &str) -> Result<Group, Failure> {
    let (wanted, sure) = match name.strip_prefix('+') {
        Some(rest) => (rest, true),
        None => (name, false),
    };
    let is = |group: &Group| {
        let by_id = sure && wanted.len() >= DIGITS && id(&group.id).starts_with(wanted);
        group.name == wanted || by_id
    };
    let mut found: Vec<Group> = all.into_iter().filter(is).collect();
    // Of two with one name, the one that people are in.
    if found
        .iter()
        .filter(|group| group.stage != Stage::Out)
        .count()
        == 1
    {
        found.retain(|group| group.stage != Stage::Out);
    }
    let count = found.len();
    match (found.pop(), count) {
        (Some(group), 1) => Ok(group),
        (Some(group), _) => Err(Failure::GroupUnclear {
            name: group.name,
            count,
        }),
        (None, _) => Err(Failure::NoGroup {
            name: wanted.into(),
        }),
    }
}

/// A text; in a group '@' before a contact's name mentions them, and wakes their devices.
pub fn text(words: &str, conversation: &Account, names: &Names) -> Result<Body, Failure> {
    let plain = body::text(words)?;
    if !names.is_group(conversation) {
        return Ok(plain);
    }
    let ranges = mentions(words, names.contacts());
    match (plain, List::new(ranges, "mentions")) {
        (Body::Text(WrittenText { text }), Ok(ranges)) if !ranges.as_slice().is_empty() => {
            Ok(Body::Mention(Mention { text, ranges }))
        }
        // More than a text can carry are mentioned by the words alone.
        (plain, _) => Ok(plain),
    }
}

/// Where a text names people: the longest name that stands there whole.
fn mentions<'a>(
    words: &str,
    people: impl Iterator<Item = (&'a Account, &'a String)> + Clone,
) -> Vec<MentionRange> {
    let mut found = Vec::new();
    for (start, _) in words.match_indices('@') {
        let Some((_, rest)) = words.split_at_checked(start.saturating_add(1)) else {
            continue;
        };
        let whole = |name: &str| {
            let next = rest.strip_prefix(name).map(|rest| rest.chars().next());
            next.is_some_and(|next| next.is_none_or(|next| !next.is_alphanumeric()))
        };
        let named = people.clone().filter(|(_, name)| whole(name));
        let Some((account, name)) = named.max_by_key(|(_, name)| name.len()) else {
            continue;
        };
        let length = name.len().saturating_add(1);
        if let (Ok(start), Ok(length)) = (u32::try_from(start), u32::try_from(length)) {
            found.push(MentionRange {
                start,
                length,
                account: account.0,
            });
        }
    }
    found
}

/// A group's id, in hexadecimal.
pub fn id(group: &GroupId) -> String {
    hex::encode(group.0)
}

/// How far this account is in a group.
pub fn stage(group: &Group) -> &'static str {
    match group.stage {
        Stage::Invited {
            accepted: false, ..
        } => "invited",
        Stage::Invited { accepted: true, .. } => "joining",
        Stage::Member if group.lost || group.rejoin.is_some() => "joining-anew",
        Stage::Member => "member",
        Stage::Leaving => "leaving",
        Stage::Out => "out",
    }
}

/// A group, for programs.
pub fn object(group: &Group, names: &Names) -> Value {
    let person =
        |account: &Account| json!({"name": names.of(account), "account": address(account)});
    let by = match &group.stage {
        Stage::Invited { by, .. } => Some(person(&Account(by.account))),
        _ => None,
    };
    let members: Vec<Value> = group.members.iter().map(person).collect();
    json!({
        "name": group.name,
        "id": id(&group.id),
        "stage": stage(group),
        "invitedBy": by,
        "members": members,
        "changes": group.wishes.len(),
    })
}

/// People, as a line names them.
pub fn people(accounts: &[Account], names: &Names) -> String {
    let own = names.own();
    let name = |it: &Account| match it == own {
        true => "you".to_owned(),
        false => names.of(it),
    };
    let all: Vec<String> = accounts.iter().map(name).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(first: u8, name: &str, stage: Stage) -> Group {
        let mut id = [0; 32];
        id[0] = first;
        Group::new(GroupId(id), name.into(), stage)
    }

    #[test]
    fn people_are_mentioned_where_their_name_stands_whole() {
        let people = [
            (Account([1; 32]), "ben".to_string()),
            (Account([2; 32]), "ben smith".to_string()),
            (Account([3; 32]), "grün".to_string()),
        ];
        let found = |words: &str| -> Vec<(u32, u32, u8)> {
            let people = people.iter().map(|(account, name)| (account, name));
            let ranges = mentions(words, people).into_iter();
            ranges
                .map(|it| (it.start, it.length, it.account[0]))
                .collect()
        };
        assert_eq!(found("@ben, and @grün: hi"), [(0, 4, 1), (10, 6, 3)]);
        assert_eq!(found("hello @ben smith"), [(6, 10, 2)]);
        for words in ["@benny", "ben", "@", "a@b", "@nobody", "", "@ ben"] {
            assert!(found(words).is_empty(), "{words}");
        }
    }

    #[test]
    fn a_group_is_found_by_name_and_by_the_beginning_of_its_id() {
        let all = || {
            vec![
                group(0xab, "walkers", Stage::Member),
                group(0xcd, "walkers", Stage::Out),
                group(0xef, "twins", Stage::Member),
                group(0xfe, "twins", Stage::Member),
            ]
        };
        assert_eq!(pick(all(), "walkers").unwrap().id.0[0], 0xab);
        assert_eq!(pick(all(), "+walkers").unwrap().id.0[0], 0xab);
        assert_eq!(pick(all(), "+cd000000").unwrap().id.0[0], 0xcd);
        let unclear = pick(all(), "twins").unwrap_err();
        assert!(matches!(unclear, Failure::GroupUnclear { count: 2, .. }));
        assert_eq!(pick(all(), "+ef000000").unwrap().id.0[0], 0xef);
        for name in ["climbers", "+cd00", "cd000000", ""] {
            let none = pick(all(), name).unwrap_err();
            assert!(matches!(none, Failure::NoGroup { .. }), "{name}");
        }
    }
}
