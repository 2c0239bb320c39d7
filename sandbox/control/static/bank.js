/** The part of the control page about the bank: what it says of a user, and what happens there. */

import { button, call, cell, fill, find, handler, refreshers, shown, small } from "./page.js";

const form = find("#bank");
const { kind, now, values, wait } = form.elements;
const user = find("#bank-user");
let kinds = {};

/** Values that the chosen kind takes, so that they need not be looked up. */
function explain() {
  find("#bank-help").textContent = `${kinds[kind.value].summary} Takes: ${kinds[kind.value].values.join(", ")}`;
}

function fillOnce(select, options) {
  const texts = options.map((option) => option.value).join(" ");
  if (select.dataset.options === texts || document.activeElement === select) return;
  const before = select.value;
  select.replaceChildren(...options);
  select.dataset.options = texts;
  if (options.some((option) => option.value === before)) select.value = before;
}

function state(account) {
  const words = [account.is_closed ? "closed" : "", account.is_deleted ? "deleted" : ""];
  return words.filter(Boolean).join(", ") || "open";
}

function chooser(account) {
  const element = button("Choose", () => {
    values.value = JSON.stringify({ ...JSON.parse(values.value || "{}"), account: account.account });
  });
  element.ariaLabel = `Choose ${account.name ?? account.account}`;
  return element;
}

function cancel(event) {
  return button("Cancel", () => {
    document.activeElement.blur(); // so that the table is drawn anew
    return call("DELETE", `bank/events/${event.id}`);
  });
}

async function refresh() {
  const [known, listed] = await Promise.all([call("GET", "bank/users"), call("GET", "bank/events")]);
  kinds = listed.kinds;
  fillOnce(kind, Object.keys(kinds).map((name) => new Option(name, name)));
  explain();
  fillOnce(user, known.users.map((one) => new Option(one.identifier ?? one.guid, one.guid)));
  const { accounts } = user.value ? await call("GET", `bank/users/${user.value}`) : { accounts: [] };
  fill("bank-accounts", accounts.map((one) => [
    cell(one.name ?? "(no name)", " ", small(one.account)),
    cell(one.type ?? "null"),
    cell(one.number),
    cell(`${one.balance} ${one.currency_code ?? ""}`),
    cell(state(one)),
    cell(chooser(one)),
  ]));
  fill("bank-events", listed.events.map((one) => [
    cell(one.kind),
    cell(one.at ? shown(one.at) : "never"),
    cell(one.state, one.error ? `: ${one.error}` : ""),
    cell(small(JSON.stringify(one.result))),
    cell(...(one.state === "waiting" ? [cancel(one)] : [])),
  ]));
}

kind.addEventListener("change", explain);
user.addEventListener("change", handler(() => user.blur()));
form.addEventListener("submit", handler(async () => {
  const event = { ...JSON.parse(values.value || "{}"), kind: kind.value, now: now.value === "true" };
  if (wait.value) event.in = wait.value;
  await call("POST", "bank/events", event);
}));
refreshers.push(refresh);
