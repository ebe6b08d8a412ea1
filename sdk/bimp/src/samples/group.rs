//! The operations of groups.

use crate::{
    Accepted, Answer, Ballot, Bounded, GroupAccepted, GroupBase, GroupChange, GroupEnter,
    GroupExtent, GroupGrown, GroupId, GroupOffer, GroupOrder, GroupPart, GroupPlaced, GroupPost,
    GroupRead, GroupRecord, GroupSend, GroupSync, GroupVote, GroupVoted, List, Mailbox, Message,
    MessageId, Offered, Piece, Push, RelayId, Request, Vote,
};
use std::{boxed::Box, vec, vec::Vec};

const GROUP: GroupId = GroupId([0x60; 32]);
const EXPIRES: u64 = 1_700_000_000_000;

pub fn post() -> GroupPost {
    GroupPost {
        group: GROUP,
        position: 6,
        ciphertext: Bounded::new(vec![0x6C; 40]).unwrap(),
        mentioned: List::new(vec![Mailbox([0xB0; 32])]).unwrap(),
        everybody: false,
        signature: [0x53; 64],
    }
}

pub fn part() -> Message {
    Message::Part {
        group: GROUP,
        bytes: Bounded::new(vec![0x7A; 30]).unwrap(),
    }
}

pub fn enter() -> GroupEnter {
    GroupEnter {
        group: GROUP,
        position: 6,
        signature: [0x54; 64],
    }
}

pub fn change() -> GroupChange {
    GroupChange {
        key: [0xAC; 32],
        size: 30,
        parts: List::new(vec![MessageId::of_part(&GROUP, &[0x7A; 30])]).unwrap(),
        joined: List::new(vec![Mailbox([0xB1; 32])]).unwrap(),
        left: List::new(vec![Mailbox([0xB2; 32])]).unwrap(),
    }
}

fn record() -> GroupRecord {
    GroupRecord {
        expires: EXPIRES,
        relays: List::new(vec![RelayId([0x4E; 32]), RelayId([0x4F; 32])]).unwrap(),
        offered: Some(Offered {
            change: change(),
            signature: [0x55; 64],
            possession: [0x56; 64],
        }),
    }
}

fn settled() -> GroupRecord {
    GroupRecord {
        offered: None,
        ..record()
    }
}

fn ballot(round: u64) -> Ballot {
    Ballot {
        round,
        relay: RelayId([0x4E; 32]),
    }
}

fn sync() -> GroupSync {
    GroupSync {
        group: GROUP,
        next: 9,
        votes_from: 3,
        base: Some(GroupBase {
            position: 7,
            key: ([0xAC; 32], 6),
            until: EXPIRES,
            relays: List::new(vec![RelayId([0x4E; 32])]).unwrap(),
            mailboxes: List::new(vec![Mailbox([0xB0; 32])]).unwrap(),
        }),
        from: 7,
        records: List::new(vec![record(), settled()]).unwrap(),
    }
}

pub fn send() -> Request {
    Request::GroupSend(GroupSend {
        post: post(),
        ticket: Bounded::new(b"ticket".to_vec()).unwrap(),
        keep: 0,
    })
}

pub fn accepted(id: MessageId, expires: u64) -> Answer {
    Answer::GroupSend(GroupAccepted {
        id,
        relays: 3,
        expires,
    })
}

/// Of members, then of relays.
pub fn requests() -> Vec<Request> {
    let vote = |record| {
        Request::GroupVote(GroupVote {
            group: GROUP,
            position: 7,
            ballot: ballot(3),
            record,
        })
    };
    vec![
        Request::GroupEnter(enter()),
        Request::GroupPart(GroupPart {
            group: GROUP,
            bytes: Bounded::new(vec![0x7A; 30]).unwrap(),
        }),
        Request::GroupOffer(GroupOffer {
            group: GROUP,
            position: 7,
            change: change(),
            signature: [0x55; 64],
            possession: [0x56; 64],
        }),
        Request::GroupRead(GroupRead {
            group: GROUP,
            from: 7,
            offset: 65_536,
        }),
        vote(None),
        vote(Some(Box::new(record()))),
        Request::GroupSync(sync()),
    ]
}

/// In the same order.
pub fn answers() -> Vec<Answer> {
    let voted = |vote| {
        Answer::GroupVote(GroupVoted {
            group: GROUP,
            position: 7,
            ballot: ballot(3),
            vote,
        })
    };
    vec![
        Answer::GroupEnter(GroupExtent { first: 2, next: 7 }),
        Answer::GroupPart(Accepted {
            id: MessageId::of_part(&GROUP, &[0x7A; 30]),
            relays: 3,
            expires: EXPIRES,
        }),
        Answer::GroupOffer(GroupPlaced {
            position: 7,
            next: 8,
        }),
        Answer::GroupRead(GroupOrder {
            first: 2,
            next: 8,
            pieces: List::new(vec![Piece {
                position: 7,
                record: record(),
                offset: 0,
                bytes: Bounded::new(vec![0x7A; 30]).unwrap(),
            }])
            .unwrap(),
        }),
        voted(Vote::Promised(None)),
        voted(Vote::Promised(Some(Box::new((ballot(2), record()))))),
        voted(Vote::Accepted),
        voted(Vote::Outbid(ballot(4))),
        voted(Vote::Decided(Box::new(settled()))),
        voted(Vote::Behind(5)),
        voted(Vote::Lacks(List::new(vec![MessageId([1; 32])]).unwrap())),
        voted(Vote::Abstains),
        Answer::GroupSync(sync()),
    ]
}

pub fn grown() -> Push {
    Push::Grown(GroupGrown {
        group: GROUP,
        next: 8,
    })
}
