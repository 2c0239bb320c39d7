/** Calls to the sandbox in the name of this session. */

import { config } from "./messages.js";

const DEADLINE = 20_000; // milliseconds

export async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`/md/connect/session/${path}`, {
      method,
      headers: { "X-Session": config.key, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE),
    });
  } catch {
    throw new Error("The sandbox is not answering. Is it still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error?.message ?? "The sandbox is not answering.");
  return answer;
}

export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
