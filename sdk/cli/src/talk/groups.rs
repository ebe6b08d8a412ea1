//! Which group or person is meant, and what groups look like.

use parlance_client::{
    bimp::{Account, GroupId},
    chat,
    messenger::{Group, groups::Stage},
    vault::Vault,
};
use serde_json::{Value, json};

use super::show::{Names, account_of, address};
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
