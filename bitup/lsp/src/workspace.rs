//! Documents that are open, files on the disk, and the programs they are of.

use crate::{place, text};
use bitup_compiler::{Source, analysis::Analysis, ast, package, parse, standard};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Most files that are read of a folder.
const MOST_FILES: usize = 2_000;
/// Folders within each other.
const DEEPEST: usize = 32;
/// Longest file that is read, as the compiler has it.
const LONGEST: u64 = 1 << 20;

/// A document in an editor.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its name for the editor.
    pub uri: String,
    /// Its version.
    pub version: Option<i64>,
    /// Its text.
    pub text: Vec<u8>,
}

/// A program with the folder from which its paths count.
#[derive(Clone, Debug)]
pub struct Program {
    /// The folder.
    pub folder: PathBuf,
    /// What stands where in it.
    pub analysis: Analysis,
}

impl Program {
    /// The name that an editor knows a file by; none for the standard library.
    #[must_use]
    pub fn uri(&self, file: usize) -> Option<String> {
        let (source, _) = self.analysis.files.get(file)?;
        if standard::source(&source.path).is_some() {
            return None;
        }
        Some(place::uri(&self.folder.join(&source.path)))
    }
}

/// What the editor has open, and what lies around it.
#[derive(Debug, Default)]
pub struct Workspace {
    roots: Vec<PathBuf>,
    documents: BTreeMap<PathBuf, Document>,
    /// Files of the roots; read when they are asked for.
    files: Option<BTreeSet<PathBuf>>,
    programs: BTreeMap<PathBuf, Program>,
}

impl Workspace {
    /// With the folders that the editor names.
    #[must_use]
    pub fn new(parameters: &Value) -> Self {
        let folders = parameters.get("workspaceFolders").and_then(Value::as_array);
        let named = folders.into_iter().flatten().map(|one| one.get("uri"));
        let all = named.chain([parameters.get("rootUri")]);
        let mut roots: Vec<PathBuf> = all.filter_map(|uri| place::path(uri?.as_str()?)).collect();
        roots.sort();
        roots.dedup();
        Self {
            roots,
            ..Self::default()
        }
    }

    /// The documents that are open.
    #[must_use]
    pub fn documents(&self) -> Vec<(PathBuf, Document)> {
        let all = self.documents.iter();
        all.map(|(path, one)| (path.clone(), one.clone())).collect()
    }

    /// Reads everything anew when it is asked for.
    pub fn forget(&mut self) {
        self.files = None;
        self.programs.clear();
    }

    /// Takes a document that was opened.
    pub fn open(&mut self, parameters: &Value) {
        let document = || {
            let one = parameters.get("textDocument")?;
            let uri = one.get("uri")?.as_str()?.to_owned();
            let document = Document {
                version: one.get("version").and_then(Value::as_i64),
                text: one.get("text")?.as_str()?.as_bytes().to_vec(),
                uri: uri.clone(),
            };
            Some((place::path(&uri)?, document))
        };
        if let Some((path, document)) = document() {
            self.documents.insert(path, document);
            self.forget();
        }
    }

    /// Changes a document.
    pub fn change(&mut self, parameters: &Value) {
        let Some(path) = path_of(parameters) else {
            return;
        };
        let Some(document) = self.documents.get_mut(&path) else {
            return;
        };
        let version = parameters.pointer("/textDocument/version");
        document.version = version.and_then(Value::as_i64).or(document.version);
        let changes = parameters.get("contentChanges").and_then(Value::as_array);
        for change in changes.into_iter().flatten() {
            let new = change.get("text").and_then(Value::as_str).unwrap_or("");
            match change.get("range") {
                None | Some(Value::Null) => document.text = new.as_bytes().to_vec(),
                Some(range) => {
                    if let Some(covered) = text::covered(&document.text, range) {
                        document.text.splice(covered, new.bytes());
                    }
                }
            }
        }
        self.programs.clear();
    }

    /// Forgets a document that was closed, and gives its name.
    pub fn close(&mut self, parameters: &Value) -> Option<String> {
        let document = self.documents.remove(&path_of(parameters)?)?;
        self.forget();
        Some(document.uri)
    }

    /// The text of a file: as it is open, or else as it lies on the disk.
    #[must_use]
    pub fn text(&self, path: &Path) -> Option<Vec<u8>> {
        if let Some(document) = self.documents.get(path) {
            return Some(document.text.clone());
        }
        let short =
            std::fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() <= LONGEST);
        std::fs::read(path).ok().filter(|_| short)
    }

    fn exists(&self, path: &Path) -> bool {
        self.documents.contains_key(path) || path.is_file()
    }

    fn files(&mut self) -> BTreeSet<PathBuf> {
        if self.files.is_none() {
            let mut found = BTreeSet::new();
            for root in &self.roots {
                collect(root, 0, &mut found);
            }
            self.files = Some(found);
        }
        let mut files = self.files.clone().unwrap_or_default();
        files.extend(self.documents.keys().cloned());
        files
    }

    /// What a file imports, without the standard library.
    fn imports(&self, path: &Path) -> Vec<String> {
        let text = self.text(path).unwrap_or_default();
        let imports = ast::lower(&parse(&text).tree).imports;
        let own = imports.into_iter().map(|import| import.path);
        own.filter(|path| standard::source(path).is_none() && !path.starts_with("std/"))
            .collect()
    }

    /// The folder from which a file's imports are all found, the furthest above it.
    fn folder(&self, path: &Path) -> Option<PathBuf> {
        let imports = self.imports(path);
        if imports.is_empty() {
            return None;
        }
        let root = self.roots.iter().find(|root| path.starts_with(root));
        let above: Vec<&Path> = path
            .ancestors()
            .skip(1)
            .take_while(|folder| root.is_none_or(|root| folder.starts_with(root)))
            .take(DEEPEST)
            .collect();
        let leads = |folder: &&&Path| {
            let own = path.strip_prefix(folder).unwrap_or(path).to_string_lossy();
            imports.iter().all(|import| {
                let inside = !import.contains("..") && !Path::new(import).is_absolute();
                inside && self.exists(&folder.join(package::imported(&own, import)))
            })
        };
        above
            .iter()
            .rev()
            .find(leads)
            .map(|folder| folder.to_path_buf())
    }

    /// The folder of the program that a file is of: from which its imports are found, or those of a file that imports it,
    /// or else its own.
    fn program_folder(&mut self, path: &Path) -> PathBuf {
        if let Some(folder) = self.folder(path) {
            return folder;
        }
        for other in self.files() {
            let Some(folder) = self.folder(&other) else {
                continue;
            };
            let own = other
                .strip_prefix(&folder)
                .unwrap_or(&other)
                .to_string_lossy()
                .into_owned();
            let mut imports = self.imports(&other).into_iter();
            if imports.any(|import| folder.join(package::imported(&own, &import)) == path) {
                return folder;
            }
        }
        path.parent().unwrap_or(path).to_owned()
    }

    /// The sources below a folder; the wanted file first.
    fn sources(&mut self, folder: &Path, first: &Path) -> Vec<Source> {
        let mut paths = vec![first.to_owned()];
        paths.extend(
            self.files()
                .into_iter()
                .filter(|path| path.starts_with(folder) && path != first),
        );
        let mut sources = Vec::new();
        for path in paths {
            let name = path.strip_prefix(folder).unwrap_or(&path);
            if let Some(text) = self.text(&path) {
                sources.push(Source {
                    path: name.to_string_lossy().replace('\\', "/"),
                    text,
                });
            }
        }
        sources
    }

    /// A file with all that it imports, as the tool on the command line reads it.
    #[must_use]
    pub fn closure(&mut self, path: &Path) -> (PathBuf, Vec<Source>) {
        let folder = self.program_folder(path);
        let name = |path: &Path| {
            let name = path.strip_prefix(&folder).unwrap_or(path);
            name.to_string_lossy().replace('\\', "/")
        };
        let mut sources: Vec<Source> = Vec::new();
        let mut open = vec![path.to_owned()];
        while let Some(next) = open.pop() {
            let own = name(&next);
            if sources.len() >= MOST_FILES || sources.iter().any(|known| known.path == own) {
                continue;
            }
            let Some(text) = self.text(&next) else {
                continue;
            };
            for import in self.imports(&next) {
                let inside = !import.contains("..") && !Path::new(&import).is_absolute();
                if inside {
                    open.push(folder.join(package::imported(&own, &import)));
                }
            }
            sources.push(Source { path: own, text });
        }
        (folder, sources)
    }

    /// The program that a file is of, and the file's number in it.
    pub fn program(&mut self, path: &Path) -> Option<(&Program, usize)> {
        self.text(path)?;
        let folder = self.program_folder(path);
        let name = path.strip_prefix(&folder).unwrap_or(path);
        let name = name.to_string_lossy().replace('\\', "/");
        let known = self
            .programs
            .get(&folder)
            .is_some_and(|program| program.analysis.file(&name).is_some());
        if !known {
            let sources = self.sources(&folder, path);
            let analysis = Analysis::new(&sources);
            let program = Program {
                folder: folder.clone(),
                analysis,
            };
            self.programs.insert(folder.clone(), program);
        }
        let program = self.programs.get(&folder)?;
        Some((program, program.analysis.file(&name)?))
    }
}

/// The file that a question is about.
#[must_use]
pub fn path_of(parameters: &Value) -> Option<PathBuf> {
    place::path(parameters.pointer("/textDocument/uri")?.as_str()?)
}

/// All `.bit` files below a folder; hidden folders, links and what cannot be read are left out.
fn collect(folder: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let path = entry.path();
        if hidden || found.len() >= MOST_FILES {
            continue;
        }
        let heavy = ["target", "node_modules"];
        if kind.is_dir() && depth < DEEPEST && !heavy.iter().any(|name| path.ends_with(name)) {
            collect(&path, depth + 1, found);
        } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "bit") {
            found.insert(path);
        }
    }
}
