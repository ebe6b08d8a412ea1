//! A loss of power tears the end of the log.

use crate::model::{Disk, batches, content, open};
use parlance_relay_core::Storage;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn logs(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut logs: Vec<PathBuf> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "log"))
        .collect();
    logs.sort();
    logs
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// D1, D2: exactly the batches that are whole are there, each of them whole.
    #[test]
    fn of_a_torn_log_the_whole_batches_are_there(
        batches in batches(), cut in any::<prop::sample::Index>(), garbage in 0usize..64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        let log = match logs(folder.path()).as_slice() {
            [log] => log.clone(),
            more => panic!("{more:?}"),
        };
        let size = || std::fs::metadata(&log).unwrap().len();
        let mut ends = vec![size()];
        for batch in &batches {
            store.commit_durable(batch).unwrap();
            ends.push(size());
        }
        drop(store);
        let whole = std::fs::read(&log).unwrap();
        prop_assert_eq!(whole.len() as u64, ends[ends.len() - 1]);
        // Not into the record of the format, without which there is nothing to read.
        let first = ends[0] as usize;
        let cut = first + cut.index(whole.len() - first + 1);
        let mut torn = whole[..cut].to_vec();
        torn.extend(std::iter::repeat_n(0xA5, garbage));
        std::fs::write(&log, torn).unwrap();

        let mut disk = Disk::new(false);
        for (batch, end) in batches.iter().zip(&ends[1..]) {
            if *end as usize <= cut {
                disk.commit_durable(batch).unwrap();
            }
        }
        let mut store = open(folder.path());
        prop_assert_eq!(content(&store).unwrap(), content(&disk).unwrap());
        // And it goes on from there.
        for batch in &batches {
            store.commit_durable(batch).unwrap();
            disk.commit_durable(batch).unwrap();
        }
        drop(store);
        prop_assert_eq!(content(&open(folder.path())).unwrap(), content(&disk).unwrap());
    }
}
