/** Calls to the sandbox in the name of this session. */
import { config } from "./messages.js";

export async function call(method, path, body) {
  const response = await fetch(`/md/connect/session/${path}`, {
    method,
    headers: { "X-Session": config.key, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error?.message ?? "The sandbox is not answering.");
  return answer;
}
