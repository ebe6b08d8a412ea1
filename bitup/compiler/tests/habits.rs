//! docs/bitup/javascript-habits.md is made from the compiler's table.

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use bitup_compiler::habits::HABITS;

const HEAD: &str = "\
# bitUp for people who write JavaScript

bitUp looks like JavaScript and is not JavaScript. It has static types, no conversions, no missing values, and every
operation on numbers is checked. What the hand writes out of habit, the compiler answers with what to write instead. This page is
made from the compiler's own table by `UPDATE_SNAPSHOTS=1 cargo test --test habits`; each line is tested.

| JavaScript | bitUp | why | code |
| --- | --- | --- | --- |
";

#[test]
fn the_page_says_what_the_compiler_says() {
    let mut page = HEAD.to_owned();
    for habit in HABITS {
        let cell = |text: &str| text.replace('|', "\\|");
        let (javascript, bitup, advice) = (
            cell(habit.javascript),
            cell(habit.bitup),
            cell(habit.advice),
        );
        page += &format!(
            "| `{javascript}` | `{bitup}` | {}; {advice} | {} |\n",
            habit.message, habit.code
        );
    }
    support::snapshot("../../docs/bitup/javascript-habits.md", &page);
}
