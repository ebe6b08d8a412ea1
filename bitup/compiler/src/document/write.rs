//! Entries as text.

use super::Entry;

/// Entries as Markdown; the text of the authors stands as it is.
#[must_use]
pub fn markdown(title: &str, entries: &[Entry]) -> String {
    let mut out = format!("# {title}\n");
    for entry in entries {
        out += &format!("\n## {} {}\n", entry.kind.word(), entry.name);
        body(entry, &mut out);
        for (heading, list) in &entry.parts {
            out += &format!("\n### {heading}\n");
            for one in list {
                out += &format!("\n#### {}\n", one.name);
                body(one, &mut out);
            }
        }
    }
    out
}

fn body(entry: &Entry, out: &mut String) {
    *out += &format!("\n```bitup\n{}\n```\n", entry.head);
    if let Some(from) = &entry.from {
        *out += &format!("\nFrom `{from}`.\n");
    }
    if !entry.docs.is_empty() {
        *out += &format!("\n{}\n", entry.docs.join("\n").trim());
    }
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{background:#f4f4f4;padding:.6rem;overflow-x:auto}\
a{color:#0b57d0}@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#181818}pre{background:#242424}a{color:#8ab4f8}}";

/// Entries as one page without scripts; the text of the authors is shown, never run.
#[must_use]
pub fn html(title: &str, entries: &[Entry]) -> String {
    let title = escaped(title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n<nav>\n<ul>\n"
    );
    for entry in entries {
        let (kind, name) = (entry.kind.word(), escaped(&entry.name));
        out += &format!("<li><a href=\"#{name}\">{kind} {name}</a></li>\n");
    }
    out += "</ul>\n</nav>\n";
    for entry in entries {
        let (kind, name) = (entry.kind.word(), escaped(&entry.name));
        out += &format!("<h2 id=\"{name}\">{kind} {name}</h2>\n");
        html_body(entry, &mut out);
        for (heading, list) in &entry.parts {
            out += &format!("<h3>{heading}</h3>\n");
            for one in list {
                let part = escaped(&one.name);
                out += &format!("<h4 id=\"{name}.{part}\">{part}</h4>\n");
                html_body(one, &mut out);
            }
        }
    }
    out + "</html>\n"
}

fn html_body(entry: &Entry, out: &mut String) {
    *out += &format!("<pre><code>{}</code></pre>\n", escaped(&entry.head));
    if let Some(from) = &entry.from {
        *out += &format!("<p>From <code>{}</code>.</p>\n", escaped(from));
    }
    let text = entry.docs.join("\n");
    for paragraph in text.split("\n\n").filter(|one| !one.trim().is_empty()) {
        *out += &format!("<p>{}</p>\n", with_code(paragraph.trim()));
    }
}

/// Text in which what stands between backquotes is code.
fn with_code(text: &str) -> String {
    let mut out = String::new();
    let parts: Vec<&str> = text.split('`').collect();
    for (number, part) in parts.iter().enumerate() {
        let closed = number + 1 < parts.len();
        match (number % 2 == 1, closed) {
            (true, true) => out += &format!("<code>{}</code>", escaped(part)),
            (true, false) => out += &format!("`{}", escaped(part)),
            (false, _) => out += &escaped(part),
        }
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '"' => out += "&quot;",
            other => out.push(other),
        }
    }
    out
}
