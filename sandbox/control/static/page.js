/** Shared by the parts of the control page: calls to /_control/, tables, buttons. */

export const find = (selector) => document.querySelector(selector);
export const refreshers = []; // functions that draw a part of the page from what is

export async function call(method, path, body) {
  const response = await fetch(`/_control/${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(answer.error?.message ?? `The sandbox answered ${response.status}.`);
  return answer;
}

export function cell(...content) {
  const td = document.createElement("td");
  td.append(...content);
  return td;
}

export function small(text) {
  const element = document.createElement("small");
  element.textContent = text;
  return element;
}

export function fill(table, rows) {
  const body = find(`#${table} tbody`);
  if (body.contains(document.activeElement)) return; // nothing moves under a finger
  body.replaceChildren(
    ...rows.map((cells) => {
      const tr = document.createElement("tr");
      tr.append(...cells);
      return tr;
    }),
  );
  find(`#${table}`).hidden = rows.length === 0;
}

/** An event handler that shows what went wrong, and then the page anew. */
export function handler(work) {
  return async (event) => {
    event?.preventDefault?.();
    const problem = find("#problem");
    try {
      await work(event);
      problem.hidden = true;
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
    await Promise.all(refreshers.map((refresh) => refresh())).catch(() => {});
  };
}

export function button(text, work) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.addEventListener("click", handler(work));
  return element;
}

export const shown = (moment) => new Date(moment).toISOString().replace("T", " ").slice(0, 19) + " UTC";
