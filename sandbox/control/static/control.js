/** The control page: shows what is, and sends orders to /_control/. */

import { button, call, cell, fill, find, handler, refreshers, shown, small } from "./page.js";
import "./bank.js";

const rules = find("#rules");
const opened = new Set(); // deliveries whose payload is unfolded; tables are drawn anew

/** A status and the button that applies it: arrow keys alone must not change a member. */
function statusPicker(member, statuses) {
  const select = document.createElement("select");
  select.ariaLabel = `Connection status of ${member.guid}`;
  select.append(...statuses.map((one) => new Option(one, one, false, one === member.connection_status)));
  const apply = button("Apply", () => {
    document.activeElement.blur();
    return call("PUT", `members/${member.guid}`, { connection_status: select.value });
  });
  return [select, " ", apply];
}

function payload(delivery) {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = delivery.payload.member_guid ?? "show";
  const text = document.createElement("pre");
  text.textContent = JSON.stringify(delivery.payload, null, 2);
  details.append(summary, text);
  details.open = opened.has(delivery.id);
  details.addEventListener("toggle", () => (details.open ? opened.add(delivery.id) : opened.delete(delivery.id)));
  return details;
}

function attempts(delivery) {
  const last = delivery.attempts.at(-1);
  return last ? `${delivery.attempts.length}, last: ${last.status ?? last.error}` : "none yet";
}

async function refresh() {
  const [clock, faults, members, webhooks, deliveries, billing] = await Promise.all(
    ["clock", "faults", "members", "webhooks", "deliveries", "billing"].map((path) => call("GET", path)),
  );
  find("#now").textContent = shown(clock.now);
  find("#running").textContent = clock.is_running ? "" : "(stopped)";
  find("#stop").textContent = clock.is_running ? "Stop" : "Run";
  const kinds = find("[name=kind]");
  if (!kinds.options.length) {
    kinds.append(...Object.entries(faults.kinds).map(([kind, words]) => new Option(`${kind}: ${words}`, kind)));
  }
  fill("faults", faults.faults.map((one) => [
    cell(one.kind),
    cell(`${one.method || "any"} ${one.path}`),
    cell(`${one.count}${one.skip ? `, after ${one.skip}` : ""}`),
    cell(button("Remove", () => call("DELETE", `faults/${one.id}`))),
  ]));
  fill("members", members.members.map((one) => [
    cell(one.login ? `${one.login} ` : "", small(one.guid)),
    cell(one.user_identifier ?? one.user_guid),
    cell(one.institution_name),
    cell(one.connection_status, one.is_being_aggregated ? " (working)" : ""),
    cell(...statusPicker(one, members.statuses)),
  ]));
  find("#enrolled").textContent = billing.enrolled_users;
  fill("billing", billing.holdings.map((one) => [
    cell(one.identifier ?? one.guid),
    cell(String(one.reads)),
    cell(one.is_enrolled ? "enrolled" : "deactivated"),
  ]));
  fill("webhooks", webhooks.webhooks.map((one) => [
    cell(one.url),
    cell(`${one.api} ${one.version}`),
    cell(one.types.join(", ")),
    cell(
      button("Send test", () => call("POST", `webhooks/${one.id}/test`, {})),
      button("Remove", () => call("DELETE", `webhooks/${one.id}`)),
    ),
  ]));
  fill("deliveries", deliveries.deliveries.map((one) => [
    cell(one.type),
    cell(shown(one.created_at)),
    cell(one.state),
    cell(attempts(one)),
    cell(payload(one)),
    cell(button("Send again", () => call("POST", `deliveries/${one.id}/retry`))),
  ]));
  const settings = JSON.stringify(await call("GET", "settings"), null, 2);
  if (document.activeElement !== rules && !rules.dataset.touched) {
    rules.value = settings; // checked after the answer: somebody may have begun to type meanwhile
  }
}

find("#clock").addEventListener("submit", handler(() => call("POST", "clock", { advance: find("#advance").value })));
find("#stop").addEventListener("click", handler(() =>
  call("POST", "clock", { is_running: find("#stop").textContent === "Run" })));
find("#fault").addEventListener("submit", handler((event) => {
  const values = Object.fromEntries(new FormData(event.target));
  return call("POST", "faults", { ...values, status: values.status || 0 });
}));
find("#webhook").addEventListener("submit", handler(async (event) => {
  await call("POST", "webhooks", Object.fromEntries(new FormData(event.target)));
  event.target.reset();
}));
rules.addEventListener("input", () => { rules.dataset.touched = "yes"; });
find("#settings").addEventListener("submit", handler(async () => {
  await call("PUT", "settings", JSON.parse(rules.value));
  delete rules.dataset.touched;
}));

refreshers.push(refresh);
handler(() => {})();
setInterval(() => Promise.all(refreshers.map((draw) => draw())).catch(() => {}), 2000);
