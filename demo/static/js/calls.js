/** The side panel: every request and response, grouped by what the user did. */

import { onCall } from "./api.js";
import { byId, h } from "./dom.js";

const LONGEST = 12_000; // characters of JSON shown
const MOST = 150; // calls kept
let group; // the newest step: { step, list, last }
let count = 0;

/** Widget links let their holder in once; the panel shows where they lead, not how. */
const withoutSecrets = (name, value) =>
  name === "widget_url" && typeof value === "string"
    ? `${value.split("/").slice(0, 4).join("/")}/\u2026`
    : value;

function json(value) {
  const text = JSON.stringify(value, withoutSecrets, 2);
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}\n\u2026 and more` : text;
  const parts = shown.split(/("(?:[^"\\]|\\.)*"(?=:))/);
  return h("pre", { tabindex: "0" }, h("code", {},
    parts.map((part, index) => (index % 2 ? h("b", {}, part) : part))));
}

const time = (milliseconds) =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** Lets a path break after its slashes and underscores only. */
const breakable = (path) => path.split(/(?<=[/_])/).flatMap((part) => [part, h("wbr")]);

function details(call) {
  const path = decodeURIComponent(call.path.replaceAll("+", " "));
  return [
    h("p", { class: "call-path" }, path),
    call.request && h("h4", {}, "Request"),
    call.request && json(call.request),
    h("h4", {}, call.status ? `Response ${call.status}` : "No response"),
    json(call.response),
  ];
}

function entry(call) {
  const [path] = call.path.split("?");
  const outcome = call.status >= 200 && call.status < 300 ? "good" : "bad";
  const body = h("div", { class: "call-body" });
  const element = h("details", { class: "call" },
    h("summary", {},
      h("span", { class: `method ${call.method.toLowerCase()}` }, call.method),
      h("span", { class: "path", title: path }, breakable(path.replace(/[0-9a-f-]{36}/g, "{id}"))),
      h("span", { class: "times" }),
      h("span", { class: `outcome ${outcome}` }, call.status || "failed"),
      h("span", { class: "duration" }, time(call.milliseconds))),
    body);
  element.addEventListener("toggle", () => {
    if (element.open && !body.hasChildNodes()) body.append(...details(call).filter(Boolean));
  });
  return element;
}

const tokenEntry = () => h("p", { class: "call call-note" },
  h("span", { class: "method post" }, "POST"),
  h("span", { class: "path" }, breakable("/authorization/v1/oauth/token")),
  h("small", {}, "by the back end; the secret and the token stay there"));

function groupFor(step) {
  if (group?.step === step) return group;
  const list = h("div", { class: "call-group" }, h("h3", {}, step));
  byId("call-list").prepend(list);
  group = { step, list, last: null };
  return group;
}

/** Repeated questions (waiting for data) stay one line with a counter and the newest answer. */
function add(call) {
  const target = groupFor(call.step);
  if (call.newToken) target.list.append(tokenEntry());
  const key = `${call.method} ${call.path.replace(/page=\d+/, "")} ${call.status}`;
  const earlier = call.method === "GET" ? target.list.querySelector(`[data-key="${CSS.escape(key)}"]`) : null;
  const element = entry(call);
  element.dataset.key = key;
  element.dataset.times = Number(earlier?.dataset.times ?? 0) + 1;
  if (earlier) {
    element.querySelector(".times").textContent = `\u00d7${element.dataset.times}`;
    element.open = earlier.open;
    earlier.replaceWith(element);
  } else {
    target.list.append(element);
    count += 1;
  }
  if (count > MOST) byId("call-list").lastElementChild?.remove();
}

export function watchCalls() {
  onCall(add);
  byId("clear-calls").addEventListener("click", () => {
    byId("call-list").replaceChildren();
    group = undefined;
    count = 0;
  });
}
