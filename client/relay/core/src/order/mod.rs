//! The order of a group's changes: what its relays agree on, position by position.
//!
//! A group's relays give out positions 0, 1, 2, ... (rules O13-O20 of BIMP). Each position gets one record, which stays. That is
//! decided by single-decree Paxos (Lamport, "Paxos Made Simple", 2001) for each group and position; relays that crash, restart, are cut
//! off, or hear messages late, twice, in any order or not at all, never tell two records for one position.
//!
//! - **P1** *Who decides.* Position `p` is decided by the relays that record `p - 1` names, position 0 by the set of the group's place. They
//!   *vote*; more than half of them are a *majority*. Since the relays follow from what was decided before, all know
//!   the same ones, however different their lists of relays are.
//! - **P2** *Judging.* A relay votes on a position only if it knows all records before it. So it can check a record: its change is
//!   signed by the access key of the record before, and by the one that it names if that is another, it names the mailboxes that were, and the relay has the whole handshake on disk.
//!   A relay that lacks parts says so and gets them. What is decided can therefore be read wherever a majority is.
//! - **P3** *Promising.* Asked for a promise with ballot `b`, a relay that has promised nothing higher promises to accept nothing lower, and says
//!   what it has accepted last.
//! - **P4** *Accepting.* Asked to accept a record with ballot `b`, a relay that has promised nothing higher accepts it.
//! - **P5** *Durably.* A promise and an acceptance leave when they are on disk (B1); they survive restarts.
//! - **P6** *Attempting.* Who attempts takes a ballot above all that it has promised or heard, and begins to ask for acceptance when it has the
//!   promises of a majority *and its own is on its disk*. So a ballot, which names its relay, has one record, also across restarts.
//!   The record is the one accepted with the highest ballot among the promises; only if there is none, its own.
//! - **P7** *Decided* is what a majority has accepted with one ballot. Whoever sees that tells the others (O20), who check it as in P2.
//! - **P8** *Without memory.* A relay that has nothing of a group on its disk, because it joined or lost its disk, might have voted before. It takes over
//!   what others know, and votes from position `h + 2` on, where `h` is the highest free position that it has heard, since then, of
//!   as many other relays of the group as a majority cannot do without: `n - majority + 1` of the `n - 1` others. Relays that vote see to it
//!   that the order grows so far, by records without a change.
//! - **P9** *Moving.* When a relay that votes sees that the list of relays names another set for the group's place, it places a record that names
//!   that set, as soon as more than half of that set vote; the order grows for those that join, as in P8. Old relays hand order and key over to the new ones, and forget the group when a majority of these has it all.
//!
//! # Why no position has two records
//!
//! Say `v` was accepted by a majority with ballot `b`, and a record is proposed with a higher ballot `c`. Its relay had promises from a
//! majority; one relay of that majority also accepted `v` (two majorities of the same relays, P1, have one in common). It accepted
//! first and promised then, or it would not have accepted (P4); so it told of `v`, or of something accepted with a ballot between `b` and `c`
//! (P3, P5). By induction over the ballots what was proposed with these is `v`; with one ballot only one record is
//! proposed (P6). So the record proposed with `c` is `v`.
//!
//! The induction needs relays that remember (P5) or do not vote (P8). Why P8 is enough: let a relay have voted at position `s` before it lost its
//! disk. Then it knew `s - 1` to be decided, so a majority had accepted that, of which at least `majority - 1` are others. Of `n - 1` others, any
//! `n - majority + 1` include one of these, and its free position is at least `s - 1`. So `s <= h + 1`, and at `h + 2` and beyond it has
//! not voted.
//!
//! Not covered: position 0 has no record before it. Two relays that disagree on more than two of the five relays nearest to the
//! place could make the same group twice at the same moment (docs/bimp-protocol.md); and a group whose majority lost its disks
//! at once is over. Relays that have not accepted the first record count as such until they vote (P8).
//!
//! # Why it goes on
//!
//! A relay with a majority in reach decides in two round trips. Attempts that outbid each other wait longer each time, by the relay's
//! rank, so that one of them comes through. A record that was accepted and is not known to be decided is attempted again by relays that
//! have accepted it, after a while that depends on their rank. A record that came second is not tried again: its position is
//! taken, and the member makes it anew.

mod attempt;
mod group;
mod standing;

#[cfg(test)]
mod tests;

pub use attempt::{Attempt, Step};
pub use group::{Group, Votes};
pub use standing::{Standing, Unfit, is_signed, names_own_key};

/// Relays of `count` that decide.
pub fn majority(count: usize) -> usize {
    count / 2 + 1
}

/// Others that must be heard before a relay without memory votes (P8).
pub fn witnesses(count: usize) -> usize {
    count.saturating_sub(majority(count)).saturating_add(1)
}
