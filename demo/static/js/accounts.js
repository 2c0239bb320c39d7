/** Accounts with their balances, net worth, verified bank links. */

import { empty, h, put, show, skeleton, table } from "./dom.js";
import { date, money, sum } from "./format.js";
import { bars } from "./picture.js";

/** What a balance adds to net worth: vendors give debts as positive amounts owed. */
const worth = (account, balances) => {
  const amount = balances.get(account.id)?.balance ?? 0;
  return account.is_asset === false ? -amount : amount;
};

export function renderAccounts(accounts, balances) {
  const columns = [
    { title: "Account", cell: (account) => [
      h("span", { class: "name" }, account.account_name,
        account.is_link_verified && h("span", { class: "badge" }, "Verified")),
      h("small", {}, [account.institution_name, account.mask && `\u2022\u2022${account.mask}`]
        .filter(Boolean).join(" ")),
    ] },
    { title: "Type", cell: (account) => account.subcategory || account.category },
    { title: "Available", number: true, cell: (account) => {
      const balance = balances.get(account.id);
      return money(balance?.available_balance ?? balance?.available_credit, balance?.currency_code);
    } },
    { title: "Balance", number: true, cell: (account) => {
      const balance = balances.get(account.id);
      if (!balance) return h("span", { class: "waiting" }, "arriving\u2026");
      return h("span", {}, money(balance.balance, balance.currency_code),
        account.is_asset === false && h("small", {}, " owed"));
    } },
  ];
  put("accounts", table("Accounts with balances", columns, accounts));
}

export function renderWorth(accounts, balances) {
  if (!balances.size) {
    put("worth", skeleton(3));
    return;
  }
  const byCategory = new Map();
  for (const account of accounts) {
    const name = account.category || "Other";
    byCategory.set(name, [...(byCategory.get(name) ?? []), worth(account, balances)]);
  }
  const rows = [...byCategory].map(([name, amounts]) => [name, sum(amounts)])
    .sort((a, b) => b[1] - a[1]);
  const total = sum(rows.map(([, amount]) => amount));
  put("worth",
    h("p", { class: "figure" }, money(total)),
    bars(rows));
}

export function renderBankLinks(links) {
  show("bank-links-card", links.length > 0);
  put("bank-links", links.length ? table("Verified bank links", [
    { title: "Account", cell: (link) => [
      h("span", { class: "name" }, link.bank_account_name || link.type || "Account",
        link.is_link_verified && h("span", { class: "badge" }, "Verified")),
      h("small", {}, [link.institution_name, link.bank_account_holder].filter(Boolean).join(", ")),
    ] },
    { title: "Account number", cell: (link) =>
      h("code", {}, link.bank_account_number) },
    { title: "Routing", cell: (link) => h("code", {}, link.routing) },
    { title: "Since", cell: (link) =>
      (link.link_verified_date ? date(link.link_verified_date) : "\u2013") },
  ], links) : empty("No verified bank link yet."));
}
