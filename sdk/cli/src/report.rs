//! Results, for people and as JSON.

use serde::Serialize;
use serde_json::Value;

/// What a command has to say.
pub struct Report {
    lines: Vec<String>,
    value: Value,
}

impl Report {
    /// With what programs read.
    pub fn new(value: Value) -> Self {
        Self {
            lines: Vec::new(),
            value,
        }
    }

    /// Nothing more than was printed already.
    pub fn silent() -> Self {
        Self::new(Value::Null)
    }

    /// Text as it is, for people and programs alike.
    pub fn text(text: String) -> Self {
        Self {
            value: Value::String(text.clone()),
            lines: vec![text],
        }
    }

    /// A line for people.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// A name and what it stands for, for people.
    #[must_use]
    pub fn field(self, name: &str, value: impl std::fmt::Display) -> Self {
        self.line(format!("{name:<14} {value}"))
    }

    /// Prints it on standard output.
    pub fn print(&self, json: bool) {
        match &self.value {
            Value::String(text) => println!("{text}"),
            Value::Null => {}
            value if json => println!("{value}"),
            _ => self.lines.iter().for_each(|line| println!("{line}")),
        }
    }
}

/// Anything as JSON.
pub fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}
