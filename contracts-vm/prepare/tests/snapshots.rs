//! What is written into contracts, to be read: `fixtures/prepared` has texts, and beside each what becomes of it.
//! `VM_BLESS=1` writes the latter anew; whoever changes it reads what changed, and thinks of a new version of the rules.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use parlance_vm_prepare::{Age, Rules, prepare};
use std::{env, fs, path::Path};

#[test]
fn prepared_modules_read_as_they_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/prepared");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "wat") {
            continue;
        }
        let code = wat::parse_str(fs::read_to_string(&path).unwrap()).unwrap();
        let prepared = prepare(&code, Age::New, &Rules::V1).unwrap();
        let text = wasmprinter::print_bytes(&prepared.code).unwrap();
        let expected = path.with_extension("prepared");
        if env::var_os("VM_BLESS").is_some() {
            fs::write(&expected, &text).unwrap();
        }
        let read = fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(text, read, "{}: VM_BLESS=1 accepts it", path.display());
        seen += 1;
    }
    assert!(seen >= 4);
}
