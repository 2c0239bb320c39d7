/** The page: choose a client, link a bank, watch the data arrive, verify an account. */

import * as api from "./api.js";
import { renderAccounts, renderBankLinks, renderWorth } from "./accounts.js";
import { renderHoldings, renderSpending, renderTransactions } from "./activity.js";
import { watchCalls } from "./calls.js";
import { byId, h, put, show, skeleton } from "./dom.js";
import { connect } from "./widget.js";

const ARRIVAL_SECONDS = 60;
const LATE_LOOKS = 15;
const state = { clients: [], client: null, accounts: [], balances: new Map(), links: [] };
const pause = (seconds) => new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });

let fading;

/** What is going on; `done` when nothing more follows and the words may go by themselves. */
function say(words, { done = false } = {}) {
  clearTimeout(fading);
  put("status", words);
  if (done) fading = setTimeout(say, 8000, "");
}

function complain(error, retry) {
  say("");
  put("alert", h("div", { class: "alert" },
    h("p", {}, h("strong", {}, "That did not work. "), error.message),
    retry && h("button", { type: "button", onclick: retry }, "Try again")));
}

/** Runs one thing the user asked for: its calls under its name, buttons off, errors shown. */
async function act(name, action) {
  const opener = document.activeElement;
  const buttons = [...document.querySelectorAll(".bar button, #add-first, #refresh, #client")];
  api.beginStep(name);
  put("alert");
  buttons.forEach((button) => { button.disabled = true; });
  try {
    await action();
  } catch (error) {
    complain(error, () => act(name, action));
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
    // Disabled, it lost the focus; whoever uses a keyboard goes on where they were.
    if (document.activeElement === document.body) opener?.focus();
  }
}

const clientName = (client) =>
  [client.first_name, client.last_name].filter(Boolean).join(" ") || client.username;

/** Two people may have one name; then their user names tell them apart. */
const clientLabel = (client) => {
  const name = clientName(client);
  const namesakes = state.clients.filter((one) => clientName(one) === name);
  return namesakes.length > 1 ? `${name} (${client.username})` : name;
};

async function loadClients() {
  const answer = await api.page("client", { size: 100, order_by: "create_date", ascending: false });
  state.clients = answer.content.filter((client) => client.is_active !== false);
  const wanted = location.hash.slice(1);
  const client = state.clients.find(({ id }) => id === wanted) ?? state.clients[0];
  if (client) await choose(client);
  else newClient();
}

function newClient() {
  show("welcome");
  show("invitation", false);
  show("overview", false);
  show("cancel-client", state.clients.length > 0);
  byId("first-name").focus();
}

async function choose(client) {
  state.client = client;
  history.replaceState(null, "", `#${client.id}`);
  byId("client").replaceChildren(...state.clients.map((one) =>
    h("option", { value: one.id, selected: one.id === client.id }, clientLabel(one))));
  show("client-picker");
  show("add-account");
  show("welcome", false);
  say("");
  await loadAccounts();
  if (state.accounts.length) await renderActivity();
}

async function loadAccounts() {
  const rows = await api.all("aggregation_account", {
    filter: `client_id==${state.client.id}`, order_by: "create_date", ascending: true,
  });
  state.accounts = rows.filter((account) => account.is_active !== false);
  const linked = state.accounts.length > 0;
  show("invitation", !linked);
  show("overview", linked);
  show("verify-account", linked);
  if (!linked) return;
  await loadBalances();
  await loadBankLinks();
}

async function loadBankLinks() {
  const links = await api.all("bank_link", { filter: `client_id==${state.client.id}` });
  state.links = links.filter((link) => link.is_active !== false);
  renderBankLinks(state.links);
}

async function loadBalances() {
  const rows = await api.allOf(state.accounts, "aggregation_account_balance", {
    order_by: "balance_time_stamp", ascending: true,
  });
  state.balances = new Map(rows.map((row) => [row.aggregation_account_id, row])); // newest wins
  renderAccounts(state.accounts, state.balances);
  renderWorth(state.accounts, state.balances);
}

async function renderActivity() {
  byId("account-filter").replaceChildren(
    h("option", { value: "" }, state.accounts.length > api.MOST_ACCOUNTS
      ? `First ${api.MOST_ACCOUNTS} accounts` : "All accounts"),
    ...state.accounts.map(({ id, account_name: name, mask }) =>
      h("option", { value: id }, mask ? `${name} \u2022\u2022${mask}` : name)));
  await renderTransactions(state.accounts, "");
  await renderHoldings(state.accounts);
  await renderSpending(state.accounts);
}

/** Retrieval is a job of the gateway's: look until all balances are there and nothing grows. */
async function arrival() {
  put("transactions", skeleton(6));
  put("holdings", skeleton(2));
  put("spending", skeleton(5));
  const deadline = Date.now() + ARRIVAL_SECONDS * 1000;
  let quiet = 0;
  let before = -1;
  while (quiet < 3 && Date.now() < deadline) {
    await pause(0.7);
    await loadBalances();
    const { total_elements: total } = await renderTransactions(state.accounts, "");
    const complete = state.accounts.every(({ id }) => state.balances.has(id));
    quiet = complete && total === before ? quiet + 1 : 0;
    before = total;
    say(`${state.balances.size} of ${state.accounts.length} accounts are here, `
      + `${total} transactions so far\u2026`);
  }
  await renderActivity();
  say(quiet < 3
    ? "The gateway is still fetching. Refresh shows what has arrived."
    : `All here: ${state.accounts.length} accounts, ${before} transactions.`, { done: true });
}

async function openWidget(title, mode) {
  await api.createUser(state.client);
  const link = await api.widgetLink(state.client, mode);
  const memberGuid = await connect(title, link.widget_url);
  if (!memberGuid) say("The widget was closed; nothing was linked.", { done: true });
  return memberGuid;
}

const addAccount = () => act("Add account", async () => {
  const memberGuid = await openWidget("Add account", "aggregation");
  if (!memberGuid) return;
  say("The bank is linked. Storing its accounts\u2026");
  const answer = await api.createAccounts(state.client, memberGuid);
  const failed = answer.nucleus_aggregation_accounts.filter(({ body }) => !body);
  await loadAccounts();
  if (state.accounts.length) await arrival();
  else say(answer.message ?? "The bank reported no accounts.");
  if (failed.length) complain(new Error(failed.map(({ message }) => message).join(" ")));
});

const verifyAccount = () => act("Verify account", async () => {
  const memberGuid = await openWidget("Verify account", "iav");
  if (!memberGuid) return;
  say("The bank confirmed. Storing the bank link\u2026");
  const { bank_link: outcome } = await api.verify(state.client, memberGuid);
  await loadAccounts();
  const stored = outcome.response.filter(({ nucleus_bank_link: link }) => link).length;
  if (stored) say(`${stored} verified bank link${stored === 1 ? "" : "s"} stored.`, { done: true });
  else await lateBankLink(outcome.message);
  byId("links-title").scrollIntoView({ block: "center" });
});

/** A verification that takes longer is finished by a job; look for its result for a while. */
async function lateBankLink(message) {
  say(message ?? "No account was verified.");
  const before = state.links.length;
  for (let look = 0; look < LATE_LOOKS && state.links.length === before; look += 1) {
    await pause(2);
    await loadBankLinks();
  }
  if (state.links.length > before) say("The verified bank link has arrived.", { done: true });
}

const refresh = () => act("Refresh", async () => {
  const chosen = byId("account-filter").value;
  const accounts = state.accounts.filter(({ id }) => !chosen || id === chosen);
  for (const [index, account] of accounts.entries()) {
    say(`Asking the bank about ${account.account_name} (${index + 1} of ${accounts.length})\u2026`);
    await api.pullTransactions(account);
  }
  await loadBalances();
  await renderTransactions(state.accounts, chosen);
  await renderSpending(state.accounts);
  say("Up to date.", { done: true });
});

const createClient = (form) => act("Create client", async () => {
  const client = await api.createClient(form.get("first_name").trim(), form.get("last_name").trim());
  state.clients.unshift(client);
  byId("client-form").reset();
  await choose(client);
  byId("main").focus();
});

function wire() {
  watchCalls();
  const on = (id, event, handler) => byId(id).addEventListener(event, handler);
  on("add-account", "click", addAccount);
  on("add-first", "click", addAccount);
  on("verify-account", "click", verifyAccount);
  on("refresh", "click", refresh);
  on("new-client", "click", newClient);
  on("cancel-client", "click", () => act("Choose client", () => choose(state.client)));
  on("client", "change", ({ target }) => act("Choose client", () =>
    choose(state.clients.find(({ id }) => id === target.value))));
  on("account-filter", "change", ({ target }) => act("Filter", () =>
    renderTransactions(state.accounts, target.value)));
  on("client-form", "submit", (event) => {
    event.preventDefault();
    createClient(new FormData(event.target));
  });
  act("Open the page", loadClients);
}

wire();
