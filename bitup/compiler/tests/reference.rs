//! The programs of docs/bitup/reference.md are right and in the one form.

use bitup_compiler::{check_one, format::format, render};

#[test]
fn the_programs_of_the_reference_are_right() {
    let page = include_str!("../../../docs/bitup/reference.md");
    let programs: Vec<&str> = page
        .split("```bitup\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(programs.len() > 5);
    for program in programs {
        let found = check_one(program.as_bytes());
        let texts: Vec<_> = found
            .list()
            .iter()
            .map(|one| render(one, "reference.md", program.as_bytes()))
            .collect();
        assert!(texts.is_empty(), "{}", texts.join("\n"));
        assert_eq!(format(program.as_bytes()).unwrap(), program);
    }
}
