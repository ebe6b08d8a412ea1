//! The commands for chains in a tool that was built without them.

use super::Question;
use crate::{arguments::Send, artifact::Artifact, error::ToolError};
use bitup_abi::Value;
use std::{path::Path, process::ExitCode};

/// Not in this tool.
pub fn deploy(
    _: &Path,
    _: Option<&str>,
    _: &str,
    _: &str,
    _: &Send,
) -> Result<ExitCode, ToolError> {
    Err(ToolError::WithoutNode)
}

/// Not in this tool.
pub fn send_new(
    _: &Artifact,
    _: &[u8],
    _: (&str, &[Value]),
    _: &str,
    _: &Send,
) -> Result<ExitCode, ToolError> {
    Err(ToolError::WithoutNode)
}

/// Not in this tool.
pub fn call(_: &Path, _: Option<&str>, _: &str, _: &str, _: &Send) -> Result<ExitCode, ToolError> {
    Err(ToolError::WithoutNode)
}

/// Not in this tool.
pub fn query(_: &Path, _: Option<&str>, _: &Question<'_>) -> Result<ExitCode, ToolError> {
    Err(ToolError::WithoutNode)
}

/// Not in this tool.
pub fn code_hash(_: &str, _: &str) -> Result<[u8; 32], ToolError> {
    Err(ToolError::WithoutNode)
}
