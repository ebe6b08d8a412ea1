use parlance_primitives::{
    AccountId,
    accounts::DeviceId,
    relay::{LatencyClass, TicketLeaf},
};
use proptest::prelude::*;
use sp_core::ed25519;

use super::*;

fn ticket(index: u8, bytes: u64) -> Record {
    Record::Ticket(TicketLeaf {
        sender: AccountId::from([index; 32]),
        device: DeviceId([index; 16]),
        counted: bytes,
        bytes,
        latency: LatencyClass(1),
        signature: ed25519::Signature::from_raw([index; 64]),
    })
}

fn journal() -> (tempfile::TempDir, Files) {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::open(folder.path().join("claims")).unwrap();
    (folder, files)
}

#[test]
fn what_was_appended_is_read_by_the_next_process() {
    let (folder, mut files) = journal();
    files.append(7, &[ticket(1, 10), ticket(2, 20)]).unwrap();
    files.append(8, &[ticket(3, 30)]).unwrap();
    files.append(7, &[ticket(1, 11)]).unwrap();
    files.sync(7).unwrap();
    drop(files);
    let mut files = Files::open(folder.path().join("claims")).unwrap();
    assert_eq!(files.periods().unwrap(), [7, 8]);
    let all = [ticket(1, 10), ticket(2, 20), ticket(1, 11)];
    assert_eq!(files.read(7).unwrap(), all);
    files.remove(7).unwrap();
    files.remove(7).unwrap();
    assert_eq!(files.periods().unwrap(), [8]);
}

/// A write that fails may leave a part of a record, and the disk may refuse to take it back.
#[test]
fn a_journal_that_could_not_be_written_is_opened_anew() {
    let (folder, mut files) = journal();
    files.append(7, &[ticket(1, 10)]).unwrap();
    let path = folder.path().join("claims/7.claims");
    // Neither writing nor cutting succeeds, and there is a part of a record.
    files.open.insert(7, File::open(&path).unwrap());
    let mut torn = std::fs::read(&path).unwrap();
    torn.extend([1; 30]);
    std::fs::write(&path, torn).unwrap();
    let refused = files.append(7, &[ticket(2, 20)]);
    assert!(matches!(refused, Err(FilesError::Io { .. })), "{refused:?}");
    files.append(7, &[ticket(2, 20), ticket(3, 30)]).unwrap();
    let all = [ticket(1, 10), ticket(2, 20), ticket(3, 30)];
    assert_eq!(files.read(7).unwrap(), all);
}

#[test]
fn a_journal_that_is_written_anew_takes_the_place_of_the_one_before() {
    let (folder, mut files) = journal();
    files.append(7, &[ticket(1, 10), ticket(1, 11)]).unwrap();
    let beside = folder.path().join("claims/7.unfinished");
    std::fs::write(&beside, "of a process that was killed over it").unwrap();
    assert_eq!(files.periods().unwrap(), [7]);
    files.rewrite(7, &[ticket(1, 11)]).unwrap();
    assert!(!beside.exists());
    files.append(7, &[ticket(2, 20)]).unwrap();
    files.sync(7).unwrap();
    assert_eq!(files.read(7).unwrap(), [ticket(1, 11), ticket(2, 20)]);
    std::fs::write(&beside, "of another").unwrap();
    files.remove(7).unwrap();
    assert!(!beside.exists() && files.periods().unwrap().is_empty());
}

#[test]
fn files_of_others_are_left_alone() {
    let (folder, mut files) = journal();
    let path = folder.path().join("claims/9.claims");
    std::fs::write(&path, "something else altogether").unwrap();
    std::fs::write(folder.path().join("claims/notes.txt"), "x").unwrap();
    assert!(matches!(files.read(9), Err(FilesError::Foreign(_))));
    let refused = files.append(9, &[ticket(1, 1)]);
    assert!(matches!(refused, Err(FilesError::Foreign(_))));
    assert_eq!(files.periods().unwrap(), [9]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, "something else altogether");
}

proptest! {
    /// Wherever a write was torn, the records before it are read, and later ones stand behind them.
    #[test]
    fn a_torn_write_costs_the_record_it_was_of(
        sizes in proptest::collection::vec(0u64..1 << 40, 1..8),
        cut in 0usize..2_000,
        garbage in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let (folder, mut files) = journal();
        let records: Vec<Record> = sizes.iter().map(|size| ticket(1, *size)).collect();
        files.append(5, &records).unwrap();
        drop(files);
        let path = folder.path().join("claims/5.claims");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(cut);
        let whole = parse(&bytes).map_or(0, |(records, _)| records.len());
        if bytes.len() >= HEAD.len() {
            bytes.extend(&garbage);
        }
        std::fs::write(&path, &bytes).unwrap();
        let mut files = Files::open(folder.path().join("claims")).unwrap();
        prop_assert_eq!(files.read(5).unwrap(), &records[..whole]);
        files.append(5, &[ticket(2, 99)]).unwrap();
        let mut expected = records[..whole].to_vec();
        expected.push(ticket(2, 99));
        prop_assert_eq!(files.read(5).unwrap(), expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
        let _ = parse(&[HEAD, &bytes].concat());
    }
}
