//! Packages: programs of others, each in a folder of its own below [`FOLDER`].

/// The folder in the program's folder that holds packages.
pub const FOLDER: &str = "packages/";

/// The path of a file that another one imports. In a package paths count from the package's own folder, but for those of the
/// standard library and of other packages: so a package is what it was where its author wrote it.
#[must_use]
pub fn imported(from: &str, path: &str) -> String {
    if path.starts_with("std/") || path.starts_with(FOLDER) {
        return path.to_owned();
    }
    match name(from) {
        Some(package) => format!("{FOLDER}{package}/{path}"),
        None => path.to_owned(),
    }
}

/// The package that a file is of.
#[must_use]
pub fn name(file: &str) -> Option<&str> {
    let (package, _) = file.strip_prefix(FOLDER)?.split_once('/')?;
    Some(package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Source, check};

    #[test]
    fn paths_in_a_package_count_from_its_folder() {
        assert_eq!(imported("a.bit", "b.bit"), "b.bit");
        assert_eq!(
            imported("packages/token/a.bit", "b.bit"),
            "packages/token/b.bit"
        );
        assert_eq!(
            imported("packages/token/in/a.bit", "b.bit"),
            "packages/token/b.bit"
        );
        assert_eq!(imported("packages/token/a.bit", "std/math"), "std/math");
        assert_eq!(
            imported("packages/token/a.bit", "packages/other/b.bit"),
            "packages/other/b.bit"
        );
        assert_eq!(name("packages/token"), None);
    }

    #[test]
    fn a_program_uses_a_package_with_files_of_the_same_name() {
        let source = |path: &str, text: &str| Source {
            path: path.to_owned(),
            text: text.as_bytes().to_vec(),
        };
        let files = [
            source(
                "main.bit",
                "import { A } from \"packages/token/main.bit\";\nconst B: u8 = A;\n",
            ),
            source(
                "packages/token/main.bit",
                "import { C } from \"limit.bit\";\nconst A: u8 = C;\n",
            ),
            source("packages/token/limit.bit", "const C: u8 = 1;\n"),
        ];
        let checked = check(&files);
        assert!(checked.is_right(), "{:?}", checked.findings);
    }
}
