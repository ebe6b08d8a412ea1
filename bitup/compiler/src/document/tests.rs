use super::*;
use crate::check::Source;

const TEXT: &str = "import { Ownable } from \"std/ownable\";

/// A bell, with `<b>`.
contract Bell extends Ownable {
    storage rung: u32;

    /// It rang.
    event Rang(times: u32);
    error Broken();

    /// Takes the first count.
    constructor(first: u32) {
        this.rung = first;
    }

    /// Rings.
    ///
    /// More than once.
    @anyone ring(times: u32) {
        require(times > 0, Broken());
        this.rung += times;
        emit Rang(times);
    }

    view count(): u32 {
        return this.hidden();
    }

    private view hidden(): u32 {
        return this.rung;
    }
}

enum Tone {
    Low,
    High(by: u8),
}
";

fn entries() -> Vec<Entry> {
    let source = Source {
        path: "bell.bit".to_owned(),
        text: TEXT.as_bytes().to_vec(),
    };
    let analysis = Analysis::new(&[source]);
    assert!(
        analysis.files.iter().all(|(_, list)| list.is_empty()),
        "{:?}",
        analysis.files
    );
    describe(&analysis, 0)
}

#[test]
fn what_others_can_call_is_told_and_nothing_else() {
    let text = markdown("bell.bit", &entries());
    let start = "# bell.bit

## contract Bell

```bitup
contract Bell extends Ownable
```

A bell, with `<b>`.

### Made with

#### constructor

```bitup
constructor(first: u32)
```

Takes the first count.

### Calls

#### ring

```bitup
@anyone ring(times: u32)
```

Rings.

More than once.
";
    assert!(text.starts_with(start), "{text}");
    for part in [
        "view count(): u32",
        "From `Ownable`.",
        "event Rang(times: u32)",
        "It rang.",
        "error Broken()",
        "## enum Tone",
        "High(by: u8)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for part in ["hidden", "storage", "return"] {
        assert!(!text.contains(part), "{part}: {text}");
    }
}

#[test]
fn nothing_of_the_author_becomes_part_of_the_page() {
    let page = html("bell.bit", &entries());
    assert!(
        page.contains("<p>A bell, with <code>&lt;b&gt;</code>.</p>"),
        "{page}"
    );
    assert!(page.contains("<h4 id=\"Bell.ring\">ring</h4>"));
    assert!(!page.contains("<b>"));
    assert!(!page.contains("<script"));
}
