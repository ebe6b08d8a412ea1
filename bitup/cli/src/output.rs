//! What the tool prints.

use bitup_compiler::{
    Built, Code, Diagnostics, Source,
    diagnostic::{position, render_hint},
    lint::{Hint, Rule},
    render,
};
use bitup_tester::{Answer, Report};
use serde_json::{Value, json};

/// All findings of a file as a person reads them.
pub fn text(source: &Source, list: &Diagnostics) -> String {
    let mut out = String::new();
    for one in list.list() {
        out += &render(one, &source.path, &source.text);
        out.push('\n');
    }
    if list.left_out() > 0 {
        out += &format!(
            "{}: {} more findings are not shown\n",
            source.path,
            list.left_out()
        );
    }
    out
}

fn of_file(source: &Source, list: &Diagnostics) -> Vec<Value> {
    let place = |offset: u32| {
        let place = position(&source.text, offset);
        json!({ "line": place.line, "column": place.column, "offset": offset })
    };
    let one = |one: &bitup_compiler::Diagnostic| {
        let notes: Vec<Value> = one
            .notes
            .iter()
            .map(|(span, text)| json!({ "start": place(span.start), "end": place(span.end), "text": text }))
            .collect();
        json!({
            "code": one.code.to_string(),
            "file": source.path,
            "start": place(one.span.start),
            "end": place(one.span.end),
            "message": one.message,
            "advice": one.advice,
            "notes": notes,
        })
    };
    list.list().iter().map(one).collect()
}

/// All findings as JSON.
pub fn findings(findings: &[(Source, Diagnostics)]) -> Value {
    let all: Vec<Value> = findings
        .iter()
        .flat_map(|(source, list)| of_file(source, list))
        .collect();
    let left_out: usize = findings.iter().map(|(_, list)| list.left_out()).sum();
    json!({ "findings": all, "leftOut": left_out })
}

/// What `fmt` did as JSON.
pub fn formatted(changed: &[String], broken: &[(Source, Diagnostics)]) -> Value {
    let mut out = findings(broken);
    out["changed"] = json!(changed);
    out
}

/// Codes with their explanations as JSON.
pub fn codes(codes: &[Code], rules: &[Rule]) -> Value {
    let one = |code: &Code| json!({ "code": code.to_string(), "title": code.title(), "explanation": code.explanation() });
    let rule = |rule: &Rule| json!({ "code": rule.to_string(), "title": rule.title(), "explanation": rule.explanation() });
    let all = codes.iter().map(one).chain(rules.iter().map(rule));
    json!({ "codes": all.collect::<Vec<_>>() })
}

/// Hints of a file as a person reads them.
pub fn hint_text(source: &Source, hints: &[Hint]) -> String {
    let mut out = String::new();
    for hint in hints {
        out += &render_hint(hint, &source.path, &source.text);
        out.push('\n');
    }
    out
}

/// All hints as JSON, in the form of findings.
pub fn hints(sources: &[Source], hints: &[Vec<Hint>]) -> Value {
    let mut all = Vec::new();
    for (source, list) in sources.iter().zip(hints) {
        let place = |offset: u32| {
            let place = position(&source.text, offset);
            json!({ "line": place.line, "column": place.column, "offset": offset })
        };
        for hint in list {
            all.push(json!({
                "code": hint.rule.to_string(),
                "file": source.path,
                "start": place(hint.span.start),
                "end": place(hint.span.end),
                "message": hint.message,
                "advice": hint.advice,
            }));
        }
    }
    json!({ "hints": all })
}

/// The metadata with the code in it, as wallets and explorers take it.
pub fn bundle(contract: &Built) -> String {
    let Ok(mut whole) = serde_json::from_str::<Value>(&contract.metadata) else {
        return contract.metadata.clone();
    };
    let code: String = contract
        .wasm
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    whole["source"]["wasm"] = json!(format!("0x{code}"));
    whole.to_string()
}

/// What was built as JSON.
pub fn built(contracts: &[Built]) -> Value {
    let one = |contract: &Built| json!({ "name": contract.name, "bytes": contract.wasm.len() });
    json!({ "contracts": contracts.iter().map(one).collect::<Vec<_>>() })
}

fn place_of(sources: &[Source], place: Option<(usize, bitup_compiler::Span)>) -> Option<String> {
    let (file, span) = place?;
    let source = sources.get(file)?;
    let at = position(&source.text, span.start);
    Some(format!("{}:{}:{}", source.path, at.line, at.column))
}

/// What came of a test, for a person.
pub fn report(sources: &[Source], report: &Report) -> String {
    let Some(failure) = &report.failure else {
        let runs = match report.runs {
            1 => String::new(),
            runs => format!("{runs} runs, "),
        };
        return format!("ok      {} ({runs}{} gas)\n", report.title, report.gas);
    };
    let mut out = format!("FAILED  {}\n", report.title);
    let place = place_of(sources, failure.place).unwrap_or_default();
    out += &format!("        {place}: {}\n", failure.reason);
    for (name, value) in &failure.arguments {
        out += &format!("        {name} = {value}\n");
    }
    out
}

/// What came of all tests as JSON.
pub fn reports(sources: &[Source], reports: &[Report], seed: u64) -> Value {
    let one = |report: &Report| {
        let failure = report.failure.as_ref().map(|failure| {
            let arguments: Vec<Value> = failure
                .arguments
                .iter()
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect();
            json!({
                "place": place_of(sources, failure.place),
                "reason": failure.reason,
                "arguments": arguments,
            })
        });
        json!({
            "title": report.title,
            "file": sources.get(report.file).map(|source| source.path.clone()),
            "runs": report.runs,
            "gas": report.gas,
            "failure": failure,
        })
    };
    json!({ "seed": seed, "tests": reports.iter().map(one).collect::<Vec<_>>() })
}

/// What a call gave, for a person.
pub fn answer(call: &str, answer: &Answer) -> String {
    let mut out = match &answer.result {
        Ok(result) if result.is_empty() => format!("{call} ({} gas)\n", answer.gas),
        Ok(result) => format!("{call} = {result} ({} gas)\n", answer.gas),
        Err(error) => format!("{call} fails with {error} ({} gas)\n", answer.gas),
    };
    for event in &answer.events {
        out += &format!("    {event}\n");
    }
    out
}

/// What calls gave as JSON.
pub fn answers(answers: &[(String, Answer)]) -> Value {
    let one = |(call, answer): &(String, Answer)| {
        json!({
            "call": call,
            "result": answer.result.as_ref().ok(),
            "error": answer.result.as_ref().err(),
            "gas": answer.gas,
            "events": answer.events,
        })
    };
    json!({ "calls": answers.iter().map(one).collect::<Vec<_>>() })
}
