//! The tests on the pages of the language are in the one form, and hold.

use bitup_compiler::{Source, format::format, test_program};
use bitup_tester::{Options, run};

#[test]
fn the_tests_of_the_pages_hold() {
    let pages = [
        include_str!("../../../docs/bitup/testing.md"),
        include_str!("../../../docs/bitup/reference.md"),
    ];
    let blocks = pages
        .iter()
        .flat_map(|page| page.split("```bitup\n").skip(1));
    let programs = blocks.filter_map(|rest| rest.split("```").next());
    let mut count = 0;
    for program in programs.filter(|text| text.contains("\ntest \"")) {
        assert_eq!(format(program.as_bytes()).unwrap(), program);
        let source = Source {
            path: "page.bit".to_owned(),
            text: program.as_bytes().to_vec(),
        };
        let built = test_program(&[source]).unwrap_or_else(|findings| {
            panic!(
                "{:?}",
                findings.iter().map(|one| &one.1).collect::<Vec<_>>()
            )
        });
        for report in run(&built, &Options::default()).unwrap() {
            assert_eq!(report.failure, None, "{}", report.title);
            count += 1;
        }
    }
    assert!(count >= 3);
}
