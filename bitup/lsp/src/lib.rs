//! The editors' server, over the Language Server Protocol.
//!
//! What a program means is told by the compiler's `analysis`; here is only the protocol: texts and their positions
//! ([`text`]), documents and the programs they are of ([`workspace`]), questions and answers ([`answer`]).
//!
//! The messages of the protocol are few, so they are read and written as JSON, without a library of all types of the protocol.

pub mod answer;
pub mod place;
pub mod text;
pub mod workspace;

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use serde_json::{Value, json};
use workspace::Workspace;

/// Why the server ended.
#[derive(Debug, thiserror::Error)]
pub enum LspError {
    /// The editor does not keep to the protocol.
    #[error(
        "the editor's messages are not those of a language client: {0}; start `bitup lsp` from an editor"
    )]
    Protocol(String),
    /// The channel to the editor broke.
    #[error("the channel to the editor broke: {0}; start the editor's language server again")]
    Channel(String),
}

/// Serves an editor over standard input and output, until it says goodbye.
///
/// # Errors
/// If the editor goes without a word or does not speak the protocol.
pub fn serve_stdio() -> Result<(), LspError> {
    let (connection, threads) = Connection::stdio();
    serve(&connection)?;
    drop(connection);
    threads
        .join()
        .map_err(|error| LspError::Channel(error.to_string()))
}

/// Serves an editor.
///
/// # Errors
/// If the editor goes without a word or does not speak the protocol.
pub fn serve(connection: &Connection) -> Result<(), LspError> {
    let protocol = |error: lsp_server::ProtocolError| LspError::Protocol(error.to_string());
    let (id, parameters) = connection.initialize_start().map_err(protocol)?;
    let hello = json!({
        "capabilities": answer::capabilities(),
        "serverInfo": { "name": "bitup", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, hello).map_err(protocol)?;
    let mut server = Server {
        connection,
        workspace: Workspace::new(&parameters),
    };
    for message in &connection.receiver {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request).map_err(protocol)? {
                    return Ok(());
                }
                server.answer(request)?;
            }
            Message::Notification(notification) => server.hear(&notification)?,
            Message::Response(_) => {}
        }
    }
    Err(LspError::Channel("it closed without a goodbye".to_owned()))
}

struct Server<'c> {
    connection: &'c Connection,
    workspace: Workspace,
}

impl Server<'_> {
    fn send(&self, message: impl Into<Message>) -> Result<(), LspError> {
        self.connection
            .sender
            .send(message.into())
            .map_err(|error| LspError::Channel(error.to_string()))
    }

    fn answer(&mut self, request: Request) -> Result<(), LspError> {
        let response = match answer::answer(&mut self.workspace, &request.method, &request.params) {
            Some(Ok(value)) => Response::new_ok(request.id, value),
            Some(Err(why)) => Response::new_err(request.id, ErrorCode::InvalidParams as i32, why),
            None => Response::new_err(
                request.id,
                ErrorCode::MethodNotFound as i32,
                format!("`{}` is not answered here", request.method),
            ),
        };
        self.send(response)
    }

    fn hear(&mut self, notification: &Notification) -> Result<(), LspError> {
        let parameters = &notification.params;
        let workspace = &mut self.workspace;
        match notification.method.as_str() {
            "textDocument/didOpen" => workspace.open(parameters),
            "textDocument/didChange" => workspace.change(parameters),
            "textDocument/didClose" => {
                if let Some(uri) = workspace.close(parameters) {
                    self.publish(&uri, None, &json!([]))?;
                }
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => workspace.forget(),
            _ => return Ok(()),
        }
        for (uri, version, list) in answer::all_findings(&mut self.workspace) {
            self.publish(&uri, version, &list)?;
        }
        Ok(())
    }

    fn publish(&self, uri: &str, version: Option<i64>, list: &Value) -> Result<(), LspError> {
        let mut parameters = json!({ "uri": uri, "diagnostics": list });
        if let Some(version) = version {
            parameters["version"] = json!(version);
        }
        self.send(Notification::new(
            "textDocument/publishDiagnostics".to_owned(),
            parameters,
        ))
    }
}
