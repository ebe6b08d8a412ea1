//! F1-F11.

use super::*;
use parlance_messenger::{FileNews, FileStage};

/// Bytes that look like nothing.
pub fn bytes(length: usize) -> Vec<u8> {
    let mut rng = ChaCha20Rng::seed_from_u64(length as u64);
    let mut bytes = vec![0; length];
    rand_core::Rng::fill_bytes(&mut rng, &mut bytes);
    bytes
}

fn send(room: &mut Room, n: usize, conversation: Account, bytes: &[u8]) -> ContentId {
    let clock = room.clock();
    let command = FileCommand::Send {
        conversation,
        name: "picture.png".into(),
        media_type: "image/png".into(),
        bytes: bytes.to_vec(),
    };
    room.engine(n).file(clock, command).unwrap().unwrap()
}

fn accept(room: &mut Room, n: usize, conversation: Account, id: ContentId) {
    let clock = room.clock();
    let command = FileCommand::Accept { conversation, id };
    room.engine(n).file(clock, command).unwrap();
}

fn read(room: &mut Room, n: usize, with: Account, id: &ContentId) -> Result<Vec<u8>, Error> {
    room.engine(n).read_file(&with, id)
}

fn stage(room: &mut Room, n: usize, with: Account, id: &ContentId) -> (FileStage, u32) {
    let file = room.engine(n).file_of(&with, id).unwrap();
    (file.stage, file.held)
}

fn news(room: &Room, n: usize, wanted: FileNews) -> usize {
    room.heard(
        n,
        |event| matches!(event, Event::File { news, .. } if *news == wanted),
    )
}

#[test]
fn a_file_is_whole_on_all_devices_of_both_and_texts_do_not_wait_for_it() {
    let mut room = Room::new(&[(ANNA, 1), (ANNA, 2), (BEN, 5), (BEN, 6)]);
    room.pass(1_000);
    room.say(0, BEN, "before");
    room.pass(1_000);
    let file = bytes(1_000_003);
    let id = send(&mut room, 0, BEN, &file);
    assert!(room.engine(0).is_sending(&BEN, &id));
    room.say(0, BEN, "behind");
    room.pass(3_000);
    for (n, with) in [(0, BEN), (1, BEN), (2, ANNA), (3, ANNA)] {
        assert_eq!(read(&mut room, n, with, &id).unwrap(), file, "device {n}");
        assert_eq!(room.texts(n, with), ["before", "", "behind"]);
        assert_eq!(room.engine(n).waiting(), 0);
    }
    assert!(!room.engine(0).is_sending(&BEN, &id));
    assert!(!room.engine(0).sends_files());
    assert_eq!(news(&room, 0, FileNews::Sent), 1);
    for n in 1..4 {
        assert_eq!(news(&room, n, FileNews::Here), 1);
        assert_eq!(news(&room, n, FileNews::Arriving { held: 17, of: 17 }), 1);
    }
    // What came once more changes nothing.
    room.deliver_again(2);
    room.pass(1_000);
    assert_eq!(news(&room, 2, FileNews::Here), 1);
}

#[test]
fn files_of_all_lengths_around_chunks_and_pieces_come_back() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let piece = limits::FILE_PIECE;
    for length in [0, 1, 65_536, 65_537, piece - 16, piece, 2 * piece + 1] {
        let file = bytes(length);
        let id = send(&mut room, 0, BEN, &file);
        room.pass(500);
        assert_eq!(read(&mut room, 1, ANNA, &id).unwrap(), file, "{length}");
    }
}

#[test]
fn a_large_file_comes_when_it_is_accepted_to_the_device_that_did_and_no_larger_one_leaves() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5), (BEN, 6)]);
    room.pass(1_000);
    let file = bytes(limits::PUSHED as usize + 1);
    let id = send(&mut room, 0, BEN, &file);
    room.pass(5_000);
    assert_eq!(news(&room, 1, FileNews::Offered), 1);
    let of = 70;
    let nothing = Err(Error::FileNotHere { held: 0, of });
    assert_eq!(read(&mut room, 1, ANNA, &id), nothing);
    accept(&mut room, 1, ANNA, id);
    room.pass(5_000);
    assert_eq!(read(&mut room, 1, ANNA, &id).unwrap(), file);
    assert_eq!(read(&mut room, 2, ANNA, &id), nothing);
    // One beyond what relays carry is refused, and nothing is said.
    let (clock, length) = (room.clock(), limits::MAX_FILE + 1);
    let command = FileCommand::Send {
        conversation: BEN,
        name: "film".into(),
        media_type: String::new(),
        bytes: vec![0; length as usize],
    };
    let limit = limits::MAX_FILE;
    let refused = room.engine(0).file(clock, command);
    assert_eq!(refused, Err(Error::FileTooLarge { length, limit }));
    assert_eq!(room.texts(0, BEN).len(), 1);
}

#[test]
fn a_small_file_is_kept_and_not_given_out_until_it_is_accepted() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let clock = room.clock();
    let (most, strangers) = (100, true);
    let command = FileCommand::Automatic {
        bytes: most,
        strangers,
    };
    room.engine(1).file(clock, command).unwrap();
    let file = bytes(200_000);
    let id = send(&mut room, 0, BEN, &file);
    room.pass(2_000);
    assert_eq!(news(&room, 1, FileNews::Offered), 1);
    assert_eq!(news(&room, 1, FileNews::Here), 0);
    accept(&mut room, 1, ANNA, id);
    room.pass(100);
    assert_eq!(news(&room, 1, FileNews::Here), 1);
    assert_eq!(read(&mut room, 1, ANNA, &id).unwrap(), file);
}

#[test]
fn a_stranger_fills_nobodys_folder() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let (clock, most, strangers) = (room.clock(), limits::AUTOMATIC, false);
    let command = FileCommand::Automatic {
        bytes: most,
        strangers,
    };
    room.engine(1).file(clock, command).unwrap();
    let first = send(&mut room, 0, BEN, &bytes(10_000));
    room.pass(2_000);
    assert_eq!(news(&room, 1, FileNews::Offered), 1);
    assert_eq!(news(&room, 1, FileNews::Here), 0);
    room.say(1, ANNA, "who are you?");
    room.pass(1_000);
    let second = send(&mut room, 0, BEN, &bytes(20_000));
    room.pass(2_000);
    assert_eq!(news(&room, 1, FileNews::Offered), 1);
    assert_eq!(news(&room, 1, FileNews::Here), 1);
    let accepted = |room: &mut Room, id| room.engine(1).file_of(&ANNA, &id).unwrap().accepted;
    assert!(!accepted(&mut room, first) && accepted(&mut room, second));
}

#[test]
fn both_may_end_at_any_time_and_go_on_where_they_were() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let file = bytes(3_000_000);
    room.holds = true;
    let id = send(&mut room, 0, BEN, &file);
    let mut before = 0;
    for round in 0..40 {
        room.pass(100);
        // What was not answered is asked again by who comes back.
        let held = std::mem::take(&mut room.held);
        for (n, ask, relay, request) in held {
            let answer = room.answer(n, relay, request);
            if round % 3 != 2 {
                room.input(n, Input::Answered { ask, answer });
            }
        }
        room.restart(round % 2);
        if let Some(file) = room.engine(1).file_of(&ANNA, &id) {
            assert!(file.held >= before);
            before = file.held;
        }
    }
    assert!(before > 10);
    room.holds = false;
    room.pass(70_000);
    assert_eq!(read(&mut room, 1, ANNA, &id).unwrap(), file);
    room.restart(1);
    assert_eq!(read(&mut room, 1, ANNA, &id).unwrap(), file);
}

#[test]
fn pieces_that_were_lost_are_asked_for_and_only_they_come_again() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let file = bytes(2_000_000);
    room.holds = true;
    let id = send(&mut room, 0, BEN, &file);
    room.pass(100);
    room.holds = false;
    room.release();
    // Relays say that they have them, and lose them.
    let before = room.engine(1).file_of(&ANNA, &id).map(|it| it.held);
    assert_eq!(before, Some(34));
    let id = {
        room.holds = true;
        let id = send(&mut room, 0, BEN, &file);
        room.pass(50);
        let held = std::mem::take(&mut room.held);
        for (number, (n, ask, relay, request)) in held.into_iter().enumerate() {
            // The message itself comes.
            room.loses = number > 2 && number % 2 == 0;
            let answer = room.answer(n, relay, request);
            room.input(n, Input::Answered { ask, answer });
        }
        (room.holds, room.loses) = (false, false);
        room.pass(2_000);
        id
    };
    let (known, held) = stage(&mut room, 1, ANNA, &id);
    assert_eq!(known, FileStage::Lacking);
    assert!((28..34).contains(&held), "{held}");
    let sent = room.sent.len();
    room.pass(limits::FILE_PATIENCE + 2_000);
    assert_eq!(read(&mut room, 1, ANNA, &id).unwrap(), file);
    // The question, the pieces that lacked, and little besides.
    assert!(room.sent.len() - sent < 12, "{}", room.sent.len() - sent);
}

#[test]
fn pieces_that_come_before_the_message_are_kept_for_it() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "hello");
    room.pass(1_000);
    let file = bytes(300_000);
    room.holds = true;
    let id = send(&mut room, 0, BEN, &file);
    room.pass(50);
    room.held.reverse();
    let message = room.held.pop().unwrap();
    room.release();
    assert!(room.engine(1).file_of(&ANNA, &id).is_none());
    let unnamed = room.engine(1).files().map(|file| file.held).sum::<u32>();
    assert!(unnamed >= 5, "{unnamed}");
    room.held.push(message);
    room.release();
    room.pass(2_000);
    assert_eq!(read(&mut room, 1, ANNA, &id).unwrap(), file);
}

#[test]
fn bytes_that_are_not_the_files_are_thrown_away_and_never_given_out() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.holds = true;
    let id = send(&mut room, 0, BEN, &bytes(1_000_000));
    let disk = room.disks[0].clone();
    let file = room.engine(0).file_of(&BEN, &id).unwrap().file;
    // Those of the window are on their way as they were.
    for number in limits::FILE_WINDOW as u32..17 {
        let row = Row::FilePiece(ANNA, file, number);
        let mut piece: Vec<u8> = disk.read(&row).unwrap();
        piece[7] ^= 1;
        disk.put(row, piece.encode());
    }
    room.holds = false;
    room.restart(0);
    for _ in 0..8 {
        room.pass(limits::FILE_PATIENCE * 2);
        assert!(read(&mut room, 1, ANNA, &id).is_err());
    }
    assert_eq!(read(&mut room, 1, ANNA, &id), Err(Error::FileBroken));
    assert_eq!(news(&room, 1, FileNews::Broken), 1);
    assert_eq!(news(&room, 1, FileNews::Here), 0);
    assert_eq!(room.disks[1].count(Table::FilePieces), 0);
}

#[test]
fn a_message_that_is_taken_back_takes_its_file_along() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let id = send(&mut room, 0, BEN, &bytes(500_000));
    room.pass(2_000);
    let disks = room.disks.clone();
    assert!(disks.iter().all(|disk| disk.count(Table::FilePieces) == 9));
    room.body(0, BEN, Body::Delete(Delete { of: id }));
    room.pass(2_000);
    for (n, with) in [(0, BEN), (1, ANNA)] {
        assert_eq!(disks[n].count(Table::FilePieces), 0);
        assert_eq!(disks[n].count(Table::Files), 0);
        assert_eq!(read(&mut room, n, with, &id), Err(Error::NoSuchFile));
    }
}

#[test]
fn a_file_that_disappears_leaves_no_pieces() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let lifetime = Some(10);
    room.body(0, BEN, Body::Timer(Timer { lifetime }));
    room.pass(1_000);
    let id = send(&mut room, 0, BEN, &bytes(100_000));
    room.pass(2_000);
    assert!(read(&mut room, 1, ANNA, &id).is_ok());
    let (conversation, up_to) = (ANNA, u64::MAX);
    room.command(
        1,
        Command::Read {
            conversation,
            up_to,
        },
    )
    .unwrap();
    room.pass(12_000);
    for disk in &room.disks {
        assert_eq!(disk.count(Table::FilePieces), 0);
        assert_eq!(disk.count(Table::Files), 0);
    }
}

#[test]
fn a_device_that_has_a_file_no_more_says_so() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let id = send(&mut room, 0, BEN, &bytes(limits::PUSHED as usize + 1));
    room.pass(2_000);
    room.now += limits::FILE_LIFE + limits::FILE_PASS;
    room.pass(5_000);
    assert_eq!(read(&mut room, 0, BEN, &id), Err(Error::NoSuchFile));
    accept(&mut room, 1, ANNA, id);
    room.pass(70_000);
    assert_eq!(news(&room, 1, FileNews::Gone), 1);
    assert_eq!(read(&mut room, 1, ANNA, &id), Err(Error::NoSuchFile));
}

#[test]
fn a_device_that_cannot_be_reached_holds_nobody_elses_file() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5), (BEN, 6)]);
    room.prekeys.remove(&(BEN, 6));
    room.engines[2] = None;
    room.pass(1_000);
    let file = bytes(2_000_000);
    let id = send(&mut room, 0, BEN, &file);
    room.pass(5_000);
    assert_eq!(read(&mut room, 1, ANNA, &id).unwrap(), file);
    room.start(2);
    room.pass(30_000);
    assert_eq!(read(&mut room, 2, ANNA, &id).unwrap(), file);
}

#[test]
fn few_pieces_are_on_their_way_at_a_time() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "hello");
    room.pass(1_000);
    room.holds = true;
    send(&mut room, 0, BEN, &bytes(4_000_000));
    room.pass(300);
    // The message, and the window.
    assert_eq!(room.held.len(), 1 + limits::FILE_WINDOW);
}
