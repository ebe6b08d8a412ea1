//! Operations of groups, drawn from a seed.

use super::{below, bytes, id, list};
use parlance_bimp::{
    Accepted, Answer, Ballot, Bounded, GroupAccepted, GroupBase, GroupChange, GroupEnter,
    GroupExtent, GroupGrown, GroupId, GroupOffer, GroupOrder, GroupPart, GroupPlaced, GroupPost,
    GroupRead, GroupRecord, GroupSend, GroupSync, GroupVote, GroupVoted, List, Mailbox, MessageId,
    Offered, Piece, Push, RelayId, Request, Vote,
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;

fn signature(rng: &mut ChaCha20Rng) -> [u8; 64] {
    let mut signature = [0; 64];
    rng.fill_bytes(&mut signature);
    signature
}

fn change(rng: &mut ChaCha20Rng) -> GroupChange {
    GroupChange {
        key: id(rng),
        size: rng.next_u32(),
        parts: list(rng, |rng| MessageId(id(rng))),
        joined: list(rng, |rng| Mailbox(id(rng))),
        left: list(rng, |rng| Mailbox(id(rng))),
    }
}

fn record(rng: &mut ChaCha20Rng) -> GroupRecord {
    GroupRecord {
        expires: rng.next_u64(),
        relays: list(rng, |rng| RelayId(id(rng))),
        offered: (below(rng, 3) > 0).then(|| Offered {
            change: change(rng),
            signature: signature(rng),
            possession: signature(rng),
        }),
    }
}

fn ballot(rng: &mut ChaCha20Rng) -> Ballot {
    Ballot {
        round: rng.next_u64(),
        relay: RelayId(id(rng)),
    }
}

fn sync(rng: &mut ChaCha20Rng) -> GroupSync {
    GroupSync {
        group: GroupId(id(rng)),
        next: rng.next_u64(),
        votes_from: rng.next_u64(),
        base: (below(rng, 2) == 0).then(|| GroupBase {
            position: rng.next_u64(),
            key: (id(rng), rng.next_u64()),
            until: rng.next_u64(),
            relays: list(rng, |rng| RelayId(id(rng))),
            mailboxes: list(rng, |rng| Mailbox(id(rng))),
        }),
        from: rng.next_u64(),
        records: list(rng, record),
    }
}

fn piece(rng: &mut ChaCha20Rng) -> Piece {
    let mut part = vec![0; below(rng, 500)];
    rng.fill_bytes(&mut part);
    Piece {
        position: rng.next_u64(),
        record: record(rng),
        offset: rng.next_u32(),
        bytes: Bounded::new(part).unwrap(),
    }
}

pub fn send(rng: &mut ChaCha20Rng) -> Request {
    Request::GroupSend(GroupSend {
        post: GroupPost {
            group: GroupId(id(rng)),
            position: rng.next_u64(),
            ciphertext: bytes(rng),
            mentioned: list(rng, |rng| Mailbox(id(rng))),
            everybody: below(rng, 2) == 0,
            signature: signature(rng),
        },
        ticket: bytes(rng),
        keep: rng.next_u64(),
    })
}

pub fn request(which: usize, rng: &mut ChaCha20Rng) -> Request {
    let group = GroupId(id(rng));
    let position = rng.next_u64();
    match which {
        0 => Request::GroupEnter(GroupEnter {
            group,
            position,
            signature: signature(rng),
        }),
        1 => Request::GroupPart(GroupPart {
            group,
            bytes: bytes(rng),
        }),
        2 => Request::GroupOffer(GroupOffer {
            group,
            position,
            change: change(rng),
            signature: signature(rng),
            possession: signature(rng),
        }),
        3 => Request::GroupRead(GroupRead {
            group,
            from: position,
            offset: rng.next_u32(),
        }),
        4 => Request::GroupVote(GroupVote {
            group,
            position,
            ballot: ballot(rng),
            record: (below(rng, 2) == 0).then(|| Box::new(record(rng))),
        }),
        _ => Request::GroupSync(sync(rng)),
    }
}

pub fn answer(request: &Request, rng: &mut ChaCha20Rng) -> Answer {
    let accepted = Accepted {
        id: MessageId(id(rng)),
        relays: 3,
        expires: rng.next_u64(),
    };
    let (position, next) = (rng.next_u64(), rng.next_u64());
    match request {
        Request::GroupSend(_) => Answer::GroupSend(GroupAccepted {
            id: accepted.id,
            relays: 4,
            expires: next,
        }),
        Request::GroupEnter(_) => Answer::GroupEnter(GroupExtent {
            first: position,
            next,
        }),
        Request::GroupPart(_) => Answer::GroupPart(accepted),
        Request::GroupOffer(_) => Answer::GroupOffer(GroupPlaced { position, next }),
        Request::GroupRead(_) => Answer::GroupRead(GroupOrder {
            first: position,
            next,
            pieces: list(rng, piece),
        }),
        Request::GroupVote(asked) => Answer::GroupVote(GroupVoted {
            group: asked.group,
            position: asked.position,
            ballot: asked.ballot,
            vote: vote(rng),
        }),
        _ => Answer::GroupSync(sync(rng)),
    }
}

fn vote(rng: &mut ChaCha20Rng) -> Vote {
    match below(rng, 7) {
        0 => Vote::Promised((below(rng, 2) == 0).then(|| Box::new((ballot(rng), record(rng))))),
        1 => Vote::Accepted,
        2 => Vote::Outbid(ballot(rng)),
        3 => Vote::Decided(Box::new(record(rng))),
        4 => Vote::Behind(rng.next_u64()),
        5 => Vote::Lacks(List::new(vec![MessageId(id(rng))]).unwrap()),
        _ => Vote::Abstains,
    }
}

pub fn grown(rng: &mut ChaCha20Rng) -> Push {
    Push::Grown(GroupGrown {
        group: GroupId(id(rng)),
        next: rng.next_u64(),
    })
}
