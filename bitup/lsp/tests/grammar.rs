//! The colours of editors know every word of the language.

use bitup_compiler::kind::KEYWORDS;
use serde_json::Value;
use std::collections::BTreeMap;

const GRAMMAR: &str = include_str!("../../editors/vscode/syntaxes/bitup.tmLanguage.json");
const PACKAGE: &str = include_str!("../../editors/vscode/package.json");

/// The words that patterns list, with the name they get.
fn words(grammar: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let parts = grammar["repository"].as_object().unwrap().values();
    for pattern in parts.flat_map(|part| part["patterns"].as_array().unwrap()) {
        let Some(list) = pattern["match"]
            .as_str()
            .and_then(|text| text.strip_prefix("\\b(?:")?.strip_suffix(")\\b"))
        else {
            continue;
        };
        for word in list.split('|') {
            let name = pattern["name"].as_str().unwrap().to_owned();
            let before = found.insert(word.to_owned(), name);
            assert_eq!(before, None, "`{word}` is listed twice");
        }
    }
    found
}

#[test]
fn every_keyword_has_a_colour_and_nothing_else_is_called_one() {
    let grammar: Value = serde_json::from_str(GRAMMAR).unwrap();
    let words = words(&grammar);
    for (_, keyword) in KEYWORDS {
        assert!(words.contains_key(*keyword), "`{keyword}` has no colour");
    }
    let in_places = ["from", "of", "indexed"];
    for (word, name) in &words {
        let given = name.starts_with("support.type")
            || word == "msg"
            || word == "block"
            || word.starts_with(['0', '[']);
        let known = KEYWORDS.iter().any(|(_, keyword)| keyword == word);
        assert!(
            known || given || in_places.contains(&word.as_str()),
            "`{word}` is no keyword"
        );
    }
}

#[test]
fn the_extension_names_files_that_are_there() {
    let package: Value = serde_json::from_str(PACKAGE).unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../editors/vscode/");
    for pointer in [
        "/main",
        "/contributes/grammars/0/path",
        "/contributes/languages/0/configuration",
    ] {
        let path = package.pointer(pointer).unwrap().as_str().unwrap();
        assert!(std::path::Path::new(folder).join(path).is_file(), "{path}");
    }
    let configuration = std::fs::read(format!("{folder}language-configuration.json")).unwrap();
    serde_json::from_slice::<Value>(&configuration).unwrap();
    assert_eq!(
        package["contributes"]["languages"][0]["extensions"][0],
        ".bit"
    );
}
