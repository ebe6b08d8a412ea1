// Starts `bitup lsp` and hands it to the editor. All that is known about the language is in the server.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const command = vscode.workspace.getConfiguration("bitup").get("path") || "bitup";
  const server = { command, args: ["lsp"] };
  client = new LanguageClient(
    "bitup",
    "bitUp",
    { run: server, debug: server },
    {
      documentSelector: [{ scheme: "file", language: "bitup" }],
      synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.bit") },
    },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const advice = "install the tool `bitup`, or set `bitup.path` to where it is";
    vscode.window.showErrorMessage(`\`${command} lsp\` cannot be started: ${error.message}; ${advice}`);
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running) await running.stop();
}

async function activate(context) {
  const again = async () => {
    await stop();
    await start();
  };
  context.subscriptions.push(
    vscode.commands.registerCommand("bitup.restart", again),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("bitup.path")) again();
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
