use super::*;

fn source(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.as_bytes().to_vec(),
    }
}

/// The program without its mark `|`, and where that stood.
fn marked(text: &str) -> (String, u32) {
    let at = text.find('|').unwrap();
    (text.replacen('|', "", 1), u32::try_from(at).unwrap())
}

const TOKEN: &str = "import { Ownable as Owned } from \"std/ownable\";

enum Stage { Open, Closed(by: Address) }

interface Paid { pay(amount: u64): bool; }

/// Counts.
/// Twice.
contract Base extends Owned implements Paid {
    /// How many.
    storage total: u64;
    storage stage: Stage;
    event Paying(amount: u64);
    error TooMuch(most: u64);

    @anyone pay(amount: u64): bool {
        const before = this.total;
        require(amount < before, TooMuch(before));
        this.total = twice(amount);
        emit Paying(amount);
        return true;
    }
}

contract Upper extends Base {
    @anyone override pay(amount: u64): bool {
        return super.pay(amount);
    }

    @only(owner) ask(other: Address) {
        const done = Paid.at(other).pay(1);
        require(done);
        match (this.stage) {
            Open => {}
            Closed(by) => {
                require(by === other);
            }
        }
    }
}

pure twice(x: u64): u64 { return x + x; }
";

/// All places of the `nth` text, as line and text.
fn places(text: &str, needle: &str, nth: usize) -> Vec<(usize, String)> {
    let analysis = Analysis::new(&[source("main.bit", text)]);
    let (at, _) = text.match_indices(needle).nth(nth).unwrap();
    let found = analysis.at(0, u32::try_from(at).unwrap());
    let Some(found) = found else {
        return Vec::new();
    };
    let all = analysis.occurrences(found.symbol);
    let line = |span: Span| text[..span.start as usize].matches('\n').count() + 1;
    all.into_iter()
        .filter(|(file, _)| *file == 0)
        .map(|(file, one)| (line(one.span), analysis.text(file, one.span)))
        .collect()
}

#[test]
fn the_program_of_these_tests_is_right() {
    let analysis = Analysis::new(&[source("main.bit", TOKEN)]);
    for (source, list) in &analysis.files {
        assert!(list.is_empty(), "{}: {list:?}", source.path);
    }
}

#[test]
fn a_name_is_found_wherever_it_stands() {
    let lines = |needle, nth| -> Vec<usize> {
        places(TOKEN, needle, nth)
            .iter()
            .map(|(line, _)| *line)
            .collect()
    };
    assert_eq!(lines("total", 0), [11, 17, 19], "a field");
    assert_eq!(lines("before", 0), [17, 18, 18], "a local");
    assert_eq!(lines("twice", 0), [19, 42], "a function");
    assert_eq!(lines("TooMuch", 1), [14, 18], "an error");
    assert_eq!(lines("Paying", 1), [13, 20], "an event");
    assert_eq!(lines("Closed", 1), [3, 35], "a variant");
    assert_eq!(lines("by)", 0), [35, 36], "a binding");
    assert_eq!(
        lines("pay(", 3),
        [5, 16, 26, 27, 31],
        "a method and all it overrides"
    );
    assert_eq!(lines("Base", 0), [9, 25], "a contract");
    assert_eq!(lines("Owned", 0), [1, 1, 9], "an import under another name");
    assert_eq!(lines("owner", 0), [30], "a field of the library");
    assert_eq!(
        lines("storage", 0),
        Vec::<usize>::new(),
        "a word of the language"
    );
}

#[test]
fn a_declaration_is_told_with_its_documentation() {
    let analysis = Analysis::new(&[source("main.bit", TOKEN)]);
    let told = |needle: &str, nth: usize| {
        let (at, _) = TOKEN.match_indices(needle).nth(nth).unwrap();
        let (_, symbol) = analysis.hover(0, u32::try_from(at).unwrap()).unwrap();
        (symbol.head.clone(), symbol.docs.join(" "))
    };
    let owned = |head: &str, docs: &str| (head.to_owned(), docs.to_owned());
    assert_eq!(told("total", 1), owned("storage total: u64", "How many."));
    assert_eq!(
        told("Base", 1),
        owned(
            "contract Base extends Owned implements Paid",
            "Counts. Twice."
        )
    );
    assert_eq!(told("before", 1), owned("const before: u64", ""));
    assert_eq!(told("by ===", 0), owned("const by: Address", ""));
    assert_eq!(told("twice", 0), owned("pure twice(x: u64): u64", ""));
    assert_eq!(told("pay(1", 0), owned("pay(amount: u64): bool", ""));
    assert_eq!(told("amount)", 0), owned("amount: u64", ""));
}

fn renamed(text: &str, needle: &str, nth: usize, new: &str) -> Result<String, RenameError> {
    let analysis = Analysis::new(&[source("main.bit", text)]);
    let (at, _) = text.match_indices(needle).nth(nth).unwrap();
    let mut places = analysis.rename(0, u32::try_from(at).unwrap(), new)?;
    places.sort();
    let mut out = text.to_owned();
    for (file, span) in places.into_iter().rev() {
        assert_eq!(file, 0);
        out.replace_range(span.start as usize..span.end as usize, new);
    }
    Ok(out)
}

#[test]
fn a_new_name_changes_the_name_everywhere_and_nothing_else() {
    let out = renamed(TOKEN, "pay(", 0, "settle").unwrap();
    assert_eq!(out.matches("settle(").count(), 5);
    assert_eq!(out.replace("settle", "pay"), TOKEN);
    let out = renamed(TOKEN, "Owned", 0, "Kept").unwrap();
    assert!(out.starts_with("import { Ownable as Kept }"), "{out}");
    assert!(out.contains("contract Base extends Kept"), "{out}");
}

#[test]
fn a_name_that_would_change_the_program_is_refused() {
    let why = |needle: &str, nth: usize, new: &str| renamed(TOKEN, needle, nth, new).unwrap_err();
    assert!(matches!(why("total", 0, "stage"), RenameError::Changes(_)));
    assert!(matches!(
        why("before", 0, "amount"),
        RenameError::Changes(_)
    ));
    for name in ["let", "u8", "1a", "", "a b", "msg", "a: u8 = 1; const b"] {
        assert!(
            matches!(why("total", 0, name), RenameError::NotAName(_)),
            "{name}"
        );
    }
    assert!(matches!(why("owner", 0, "boss"), RenameError::Given(_)));
    assert!(matches!(why("storage", 0, "x"), RenameError::NoName));
}

#[test]
fn names_are_followed_into_other_files() {
    let one = source(
        "a.bit",
        "const LIMIT: u8 = 3;\npure f(): u8 { return LIMIT; }\n",
    );
    let two = source(
        "b.bit",
        "import { LIMIT, f as g } from \"a.bit\";\npure h(): u8 { return LIMIT + g(); }\n",
    );
    let analysis = Analysis::new(&[one, two]);
    let limit = analysis.at(1, 10).unwrap().symbol;
    assert_eq!(analysis.symbols[limit].file, 0);
    assert_eq!(analysis.occurrences(limit).len(), 4);
    let places = analysis.rename(0, 6, "MOST").unwrap();
    assert_eq!(places.len(), 4);
    let f = analysis.rename(0, 26, "first").unwrap();
    assert_eq!(f.len(), 2, "the other file's own name for it stays");
}

fn labels(text: &str) -> Vec<String> {
    let (text, at) = marked(text);
    let list = complete(&[source("main.bit", &text)], 0, at);
    list.into_iter().map(|one| one.label).collect()
}

#[test]
fn what_can_stand_behind_a_dot_is_known_while_the_line_is_not_finished() {
    let with = |line: &str| {
        labels(&TOKEN.replace(
            "        return super.pay(amount);",
            &format!("        {line}\n        return true;"),
        ))
    };
    let own = with("this.|");
    for name in [
        "total", "stage", "owner", "pay", "ask", "balance", "address",
    ] {
        assert!(own.iter().any(|one| one == name), "{name} in {own:?}");
    }
    assert_eq!(with("const a = this.to|;"), ["total"]);
    assert_eq!(with("const s = Stage.|"), ["Closed", "Open"]);
    assert_eq!(with("const s = msg.|"), ["sender", "value"]);
    assert_eq!(with("const s = u8.m|"), ["max", "min"]);
    assert_eq!(with("Paid.at(msg.sender).|"), ["pay", "address"]);
    assert_eq!(with("Paid.|"), ["at"]);
    assert_eq!(with("super.p|"), ["pay"]);
    assert_eq!(with("emit |"), ["OwnerChanged", "Paying"]);
    assert_eq!(with("throw Too|"), ["TooMuch"]);
}

#[test]
fn what_can_stand_alone_is_known() {
    let at = |line: &str| labels(&TOKEN.replace("const before = this.total;", line));
    let values = at("const before = |;");
    for name in ["amount", "twice", "this", "msg", "Stage", "mulDiv"] {
        assert!(values.iter().any(|one| one == name), "{name} in {values:?}");
    }
    assert!(!values.iter().any(|one| one == "account"), "tests only");
    let types = at("const before: | = 1;");
    assert!(types.iter().any(|one| one == "Stage") && types.iter().any(|one| one == "u64"));
    assert_eq!(labels(&TOKEN.replace("@only(owner)", "@on|")), ["only"]);
    assert_eq!(
        labels(&TOKEN.replace("@only(owner)", "@only(ow|)")),
        ["owner"]
    );
    assert_eq!(
        labels(&TOKEN.replace("{ Ownable as", "{ O| as")),
        ["Ownable"]
    );
    assert!(labels("con|").contains(&"contract".to_owned()));
    assert!(labels("contract A { st| }").contains(&"storage".to_owned()));
    assert!(labels("|").contains(&"import".to_owned()));
}
