/* Shows how far an export has come, and saves the file only if it is whole. Without this script the
 * form downloads the file by itself.
 */
"use strict";

const form = document.getElementById("export");
const statusLine = document.getElementById("export-status");
const progress = document.getElementById("export-progress");
const cancel = document.getElementById("export-cancel");
const LINE_END = 13; // "\r", which only ends a record; see csv_files.py

function save(pieces, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(pieces, { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function receive(response) {
  const total = Number(response.headers.get("X-Row-Count"));
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition"))[1];
  const pieces = [];
  let lines = 0;
  progress.max = total;
  progress.hidden = false;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      break;
    }
    pieces.push(value);
    lines += value.reduce((count, byte) => count + (byte === LINE_END), 0);
    const rows = Math.max(lines - 1, 0); // the first line has the names
    progress.value = rows;
    statusLine.textContent = `${rows.toLocaleString("en")} of ${total.toLocaleString("en")} rows`;
  }
  save(pieces, name);
  return Math.max(lines - 1, 0);
}

async function run(signal) {
  const body = new FormData(form);
  const response = await fetch(location.href, { method: "POST", body, redirect: "error", signal });
  if (!response.ok) {
    throw new Error(`The server answered ${response.status}.`);
  }
  const rows = await receive(response);
  statusLine.textContent = `Done: ${rows.toLocaleString("en")} rows are saved.`;
}

if (form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const controller = new AbortController();
    const button = form.querySelector("button[type=submit]");
    cancel.onclick = () => controller.abort();
    cancel.hidden = false;
    button.disabled = true;
    statusLine.textContent = "Begun.";
    try {
      await run(controller.signal);
    } catch (error) {
      statusLine.textContent = controller.signal.aborted
        ? "Canceled. Nothing is saved."
        : `The export ended early, so nothing is saved. ${error.message} Try it again.`;
    } finally {
      cancel.hidden = true;
      button.disabled = false;
      progress.hidden = true;
    }
  });
}
