//! Questions of editors and their answers.

use crate::{
    text::{self, Position, offset, range},
    workspace::{Program, Workspace, path_of},
};
use bitup_compiler::{
    Diagnostics, Source,
    analysis::{Completion, Symbol, SymbolKind, complete},
    check,
    format::format,
    lint::{self, Hint},
    package,
};
use serde_json::{Map, Value, json};

/// What the server does.
#[must_use]
pub fn capabilities() -> Value {
    /// Changes come as ranges.
    const INCREMENTAL: u8 = 2;
    json!({
        "textDocumentSync": { "openClose": true, "change": INCREMENTAL, "save": true },
        "hoverProvider": true,
        "completionProvider": { "triggerCharacters": [".", "@"] },
        "definitionProvider": true,
        "referencesProvider": true,
        "documentHighlightProvider": true,
        "documentSymbolProvider": true,
        "renameProvider": { "prepareProvider": true },
        "documentFormattingProvider": true,
    })
}

/// The answer to a question; none for questions that the server does not know.
///
/// # Errors
/// With why there is none.
pub fn answer(
    workspace: &mut Workspace,
    method: &str,
    parameters: &Value,
) -> Option<Result<Value, String>> {
    let found = match method {
        "textDocument/hover" => hover(workspace, parameters),
        "textDocument/completion" => completion(workspace, parameters),
        "textDocument/definition" => definition(workspace, parameters),
        "textDocument/references" => references(workspace, parameters),
        "textDocument/documentHighlight" => highlight(workspace, parameters),
        "textDocument/documentSymbol" => outline(workspace, parameters),
        "textDocument/prepareRename" => return Some(prepare(workspace, parameters)),
        "textDocument/rename" => return Some(rename(workspace, parameters)),
        "textDocument/formatting" => formatting(workspace, parameters),
        _ => return None,
    };
    Some(Ok(found.unwrap_or(Value::Null)))
}

/// The program, the file and the byte that a question is about.
fn asked<'w>(
    workspace: &'w mut Workspace,
    parameters: &Value,
) -> Option<(&'w Program, usize, u32)> {
    let path = path_of(parameters)?;
    let position = Position::read(parameters.get("position")?)?;
    let (program, file) = workspace.program(&path)?;
    let at = offset(&program.analysis.files.get(file)?.0.text, position);
    Some((program, file, u32::try_from(at).ok()?))
}

fn source(program: &Program, file: usize) -> &[u8] {
    let found = program.analysis.files.get(file);
    found.map_or(&[], |(source, _)| source.text.as_slice())
}

/// A declaration as Markdown.
fn told(head: &str, docs: &[String]) -> String {
    let docs = docs.join("\n");
    if docs.is_empty() {
        format!("```bitup\n{head}\n```")
    } else {
        format!("```bitup\n{head}\n```\n\n{docs}")
    }
}

fn hover(workspace: &mut Workspace, parameters: &Value) -> Option<Value> {
    let (program, file, at) = asked(workspace, parameters)?;
    let (span, symbol) = program.analysis.hover(file, at)?;
    Some(json!({
        "contents": { "kind": "markdown", "value": told(&symbol.head, &symbol.docs) },
        "range": range(source(program, file), span),
    }))
}

fn completion(workspace: &mut Workspace, parameters: &Value) -> Option<Value> {
    let path = path_of(parameters)?;
    let position = Position::read(parameters.get("position")?)?;
    let (_, sources) = workspace.closure(&path);
    let at = offset(&sources.first()?.text, position);
    let found = complete(&sources, 0, u32::try_from(at).ok()?);
    let items: Vec<Value> = found.iter().map(item).collect();
    Some(json!({ "isIncomplete": false, "items": items }))
}

/// The numbers of the protocol for kinds of completions.
fn item(one: &Completion) -> Value {
    let kind = match one.kind {
        None => 14,
        Some(SymbolKind::Contract | SymbolKind::Class | SymbolKind::Asset) => 7,
        Some(SymbolKind::Interface) => 8,
        Some(SymbolKind::Enum) => 13,
        Some(SymbolKind::Variant) => 20,
        Some(SymbolKind::Event | SymbolKind::Error) => 23,
        Some(SymbolKind::Constant) => 21,
        Some(SymbolKind::Function) => 3,
        Some(SymbolKind::Constructor) => 4,
        Some(SymbolKind::Method) => 2,
        Some(SymbolKind::Field) => 5,
        Some(SymbolKind::Parameter | SymbolKind::Local) => 6,
        Some(SymbolKind::TypeParameter) => 25,
    };
    json!({
        "label": one.label,
        "kind": kind,
        "detail": one.detail,
        "documentation": { "kind": "markdown", "value": one.docs.join("\n") },
    })
}

fn location(program: &Program, file: usize, span: bitup_compiler::Span) -> Option<Value> {
    Some(json!({
        "uri": program.uri(file)?,
        "range": range(source(program, file), span),
    }))
}

fn definition(workspace: &mut Workspace, parameters: &Value) -> Option<Value> {
    let (program, file, at) = asked(workspace, parameters)?;
    let (_, symbol) = program.analysis.hover(file, at)?;
    location(program, symbol.file, symbol.span)
}

fn references(workspace: &mut Workspace, parameters: &Value) -> Option<Value> {
    let with = parameters.pointer("/context/includeDeclaration");
    let with = with.and_then(Value::as_bool).unwrap_or(true);
    let (program, file, at) = asked(workspace, parameters)?;
    let found = program.analysis.at(file, at)?;
    let all = program.analysis.occurrences(found.symbol).into_iter();
    let wanted = all.filter(|(_, one)| with || !one.declares);
    let places = wanted.filter_map(|(file, one)| location(program, file, one.span));
    Some(places.collect())
}

fn highlight(workspace: &mut Workspace, parameters: &Value) -> Option<Value> {
    let (program, file, at) = asked(workspace, parameters)?;
    let found = program.analysis.at(file, at)?;
    let all = program.analysis.occurrences(found.symbol).into_iter();
    let here = all.filter(|(other, _)| *other == file);
    let places = here.map(|(_, one)| json!({ "range": range(source(program, file), one.span) }));
    Some(places.collect())
}

fn outline(workspace: &mut Workspace, parameters: &Value) -> Option<Value> {
    let path = path_of(parameters)?;
    let (program, file) = workspace.program(&path)?;
    Some(children(program, file, None).into())
}

fn children(program: &Program, file: usize, owner: Option<usize>) -> Vec<Value> {
    let text = source(program, file);
    let all = program.analysis.symbols.iter().enumerate();
    let own = all.filter(|(_, symbol)| symbol.file == file && symbol.owner == owner);
    own.filter_map(|(number, symbol)| {
        let kind = outline_kind(symbol)?;
        Some(json!({
            "name": symbol.name,
            "detail": symbol.head,
            "kind": kind,
            "range": range(text, symbol.whole),
            "selectionRange": range(text, symbol.span),
            "children": children(program, file, Some(number)),
        }))
    })
    .collect()
}

/// The numbers of the protocol for kinds of symbols.
fn outline_kind(symbol: &Symbol) -> Option<u8> {
    Some(match symbol.kind {
        SymbolKind::Contract | SymbolKind::Class | SymbolKind::Asset => 5,
        SymbolKind::Interface => 11,
        SymbolKind::Enum => 10,
        SymbolKind::Variant => 22,
        SymbolKind::Event | SymbolKind::Error => 24,
        SymbolKind::Constant => 14,
        SymbolKind::Function => 12,
        SymbolKind::Constructor => 9,
        SymbolKind::Method => 6,
        SymbolKind::Field => 8,
        SymbolKind::Parameter | SymbolKind::Local | SymbolKind::TypeParameter => return None,
    })
}

fn prepare(workspace: &mut Workspace, parameters: &Value) -> Result<Value, String> {
    let Some((program, file, at)) = asked(workspace, parameters) else {
        return Ok(Value::Null);
    };
    let (_, name) = program
        .analysis
        .can_rename(file, at)
        .map_err(|error| error.to_string())?;
    let found = program.analysis.at(file, at);
    let span = found.map_or_else(Default::default, |found| found.span);
    Ok(json!({ "range": range(source(program, file), span), "placeholder": name }))
}

fn rename(workspace: &mut Workspace, parameters: &Value) -> Result<Value, String> {
    let new = parameters.get("newName").and_then(Value::as_str);
    let new = new.unwrap_or_default().to_owned();
    let Some((program, file, at)) = asked(workspace, parameters) else {
        return Ok(Value::Null);
    };
    let places = program
        .analysis
        .rename(file, at, &new)
        .map_err(|error| error.to_string())?;
    let mut changes: Map<String, Value> = Map::new();
    for (file, span) in places {
        // A package is what its lock says; changing it would break that.
        let path = &program.analysis.files[file].0.path;
        if let Some(package) = package::name(path) {
            return Err(format!(
                "`{package}` is a package of others, which is not changed from here; rename in its own folder"
            ));
        }
        let Some(uri) = program.uri(file) else {
            continue;
        };
        let edit = json!({ "range": range(source(program, file), span), "newText": new });
        if let Some(list) = changes
            .entry(uri)
            .or_insert_with(|| json!([]))
            .as_array_mut()
        {
            list.push(edit);
        }
    }
    Ok(json!({ "changes": changes }))
}

/// The one form; a text that has it is not changed, nor is one with mistakes of form.
fn formatting(workspace: &mut Workspace, parameters: &Value) -> Option<Value> {
    let text = workspace.text(&path_of(parameters)?)?;
    let new = format(&text).ok()?;
    if new.as_bytes() == text {
        return Some(json!([]));
    }
    Some(json!([{ "range": text::whole(&text), "newText": new }]))
}

/// What is wrong with each open document, and hints where nothing is.
#[must_use]
pub fn all_findings(workspace: &mut Workspace) -> Vec<(String, Option<i64>, Value)> {
    let mut all = Vec::new();
    for (path, document) in workspace.documents() {
        let (_, sources) = workspace.closure(&path);
        let checked = check(&sources);
        let mut list: Vec<Value> = Vec::new();
        if let Some((source, found)) = checked.findings.first() {
            list.extend(findings(source, found, &document.uri));
        }
        if checked.is_right() {
            let hints = lint::lint(&sources).into_iter().next().unwrap_or_default();
            list.extend(hints.iter().map(|one| hint(&document.text, one)));
        }
        all.push((document.uri, document.version, list.into()));
    }
    all
}

fn findings(source: &Source, list: &Diagnostics, uri: &str) -> Vec<Value> {
    /// An error, in the numbers of the protocol.
    const ERROR: u8 = 1;
    let text = &source.text;
    let one = |one: &bitup_compiler::Diagnostic| {
        let advice = one.advice.as_ref().map(|advice| format!("\n{advice}"));
        let notes: Vec<Value> = one
            .notes
            .iter()
            .map(|(span, note)| {
                let place = json!({ "uri": uri, "range": range(text, *span) });
                json!({ "location": place, "message": note })
            })
            .collect();
        json!({
            "range": range(text, one.span),
            "severity": ERROR,
            "code": one.code.to_string(),
            "source": "bitup",
            "message": one.message.clone() + advice.as_deref().unwrap_or_default(),
            "relatedInformation": notes,
        })
    };
    list.list().iter().map(one).collect()
}

fn hint(text: &[u8], one: &Hint) -> Value {
    /// A hint, and the tag for what is not needed, in the numbers of the protocol.
    const HINT: u8 = 4;
    const UNNECESSARY: u8 = 1;
    use lint::Rule;
    let unused = matches!(
        one.rule,
        Rule::UnusedImport | Rule::UnusedLocal | Rule::UnusedMethod | Rule::UnusedField
    );
    json!({
        "range": range(text, one.span),
        "severity": HINT,
        "code": one.rule.to_string(),
        "source": "bitup lint",
        "message": format!("{}\n{}", one.message, one.advice),
        "tags": if unused { json!([UNNECESSARY]) } else { json!([]) },
    })
}
