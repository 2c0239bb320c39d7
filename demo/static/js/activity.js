/** Transactions, holdings and the picture of spending. */

import { allOf, of, page } from "./api.js";
import { empty, h, put, skeleton, table } from "./dom.js";
import { date, money, shares, sum } from "./format.js";
import { bars } from "./picture.js";

const SIZE = 15;
const DAYS = 90;
const LARGEST = 7; // categories shown one by one

export async function renderTransactions(accounts, chosen, number = 0) {
  const names = new Map(accounts.map((account) => [account.id, account.account_name]));
  const answer = await page("aggregation_account_transaction", {
    filter: of(chosen ? accounts.filter(({ id }) => id === chosen) : accounts),
    order_by: "transaction_date",
    ascending: false,
    page: number,
    size: SIZE,
  });
  if (!answer.content.length) {
    put("transactions", empty("No transactions here."));
    return answer;
  }
  const turn = (to) => () => renderTransactions(accounts, chosen, to)
    .then(() => document.getElementById("transactions-title").scrollIntoView({ block: "start" }));
  put("transactions",
    table("Transactions, newest first", columns(names), answer.content, "compact"),
    pager(answer, turn));
  return answer;
}

const columns = (names) => [
  { title: "Description", cell: ({ bank_credit: entry, status }) => [
    h("span", { class: "name" }, entry?.description || entry?.merchant || "Transaction",
      status === "pending" && h("span", { class: "badge pending" }, "Pending"),
      status === "canceled" && h("span", { class: "badge pending" }, "Canceled")),
    h("small", {}, [entry?.category, entry?.subcategory].filter(Boolean).join(" \u203a ")),
  ] },
  { title: "Account", cell: (row) => names.get(row.aggregation_account_id) ?? "" },
  { title: "Date", cell: (row) => date(row.transaction_date) },
  { title: "Amount", number: true, cell: ({ bank_credit: entry, currency_code: currency }) =>
    (entry?.transaction_type === "Credit"
      ? h("span", { class: "credit" }, `+${money(entry.amount, currency)}`)
      : money(-(entry?.amount ?? 0), currency)) },
];

function pager(answer, turn) {
  const first = answer.number * answer.size + 1;
  const last = first + answer.content.length - 1;
  return h("nav", { class: "pager", "aria-label": "Pages of transactions" },
    h("button", { type: "button", disabled: answer.first, onclick: turn(answer.number - 1) },
      "Newer"),
    h("span", { role: "status" }, `${first}\u2013${last} of ${total(answer)}`),
    h("button", { type: "button", disabled: answer.last, onclick: turn(answer.number + 1) },
      "Older"));
}

const total = ({ total_elements: count, total_is_exact: exact }) =>
  exact ? count : "many";

export async function renderHoldings(accounts) {
  const names = new Map(accounts.map((account) => [account.id, account.account_name]));
  const stored = await allOf(accounts, "aggregation_account_holding", {
    order_by: "amount", ascending: false,
  });
  const rows = stored.filter((row) => row.is_active !== false); // sold positions stay, inactive
  put("holdings", rows.length ? table("Holdings, largest first", [
    { title: "Position", cell: (row) => [
      h("span", { class: "name" }, row.ticker_name || row.ticker || "Position"),
      h("small", {}, [row.ticker, names.get(row.aggregation_account_id)].filter(Boolean).join(", ")),
    ] },
    { title: "Shares", number: true, cell: (row) => shares(row.shares) },
    { title: "Price", number: true, cell: (row) => money(row.price, row.currency_code) },
    { title: "Value", number: true, cell: (row) => money(row.amount, row.currency_code) },
  ], rows) : empty("No investment positions in these accounts."));
}

export async function renderSpending(accounts) {
  put("spending", skeleton(5));
  const since = new Date(Date.now() - DAYS * 86_400_000).toISOString().slice(0, 10);
  const spending = accounts.filter((account) => !account.is_investment);
  const rows = await allOf(spending, "aggregation_account_transaction", {
    order_by: "transaction_date", ascending: false,
  }, 50);
  const spent = new Map();
  for (const { bank_credit: entry, transaction_date: day, is_transfer: transfer, status } of rows) {
    if (entry?.transaction_type !== "Debit" || transfer || status === "canceled") continue;
    if (day.slice(0, 10) < since) continue;
    const name = entry.category || "Uncategorized";
    spent.set(name, [...(spent.get(name) ?? []), entry.amount]);
  }
  put("spending", ...picture([...spent].map(([name, amounts]) => [name, sum(amounts)])));
}

function picture(categories) {
  if (!categories.length) return [empty("Nothing spent in this time.")];
  const sorted = categories.sort((a, b) => b[1] - a[1]);
  const rows = sorted.slice(0, LARGEST);
  const rest = sum(sorted.slice(LARGEST).map(([, amount]) => amount));
  if (rest) rows.push([`${sorted.length - LARGEST} more`, rest]);
  return [
    h("p", { class: "figure" }, money(sum(sorted.map(([, amount]) => amount)))),
    bars(rows),
  ];
}
