/** Calls to the gateway, through this page's own back end. */

const listeners = [];
let step = "Start";

export const onCall = (listener) => listeners.push(listener);

/** Names what the user is doing; the calls that follow are shown under it. */
export const beginStep = (name) => {
  step = name;
};

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function send(method, path, body) {
  const started = performance.now();
  const call = { step, method, path, request: body, status: 0, milliseconds: 0 };
  try {
    const response = await fetch(`/gateway${path}`, {
      method,
      headers: { "X-Demo-Page": "1", ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      cache: "no-store",
    });
    call.status = response.status;
    call.milliseconds = Number(response.headers.get("X-Gateway-Milliseconds"));
    call.newToken = response.headers.has("X-Gateway-New-Token");
    const text = await response.text();
    call.response = text ? JSON.parse(text) : null;
  } catch (error) {
    call.response = { message: error instanceof SyntaxError
      ? "The answer was not JSON."
      : "This page's own back end does not answer. Is `make run` still running?" };
  }
  call.milliseconds ||= Math.round(performance.now() - started);
  return call;
}

async function call(method, path, body) {
  const done = await send(method, path, body);
  for (const listener of listeners) listener(done);
  if (done.status >= 200 && done.status < 300 && done.response) return done.response;
  throw new ApiError(done.response?.message ?? `The gateway answered ${done.status}.`, done.status);
}

const query = (parameters) => new URLSearchParams(parameters).toString();

/** One page of a Nucleus list. */
export const page = (kind, parameters) => call("GET", `/nucleus/v1/${kind}?${query(parameters)}`);

/** All rows of a list, up to `most` pages of 100. */
export async function all(kind, parameters, most = 20) {
  const rows = [];
  for (let number = 0; number < most; number += 1) {
    const answer = await page(kind, { ...parameters, page: number, size: 100 });
    rows.push(...answer.content);
    if (answer.last) break;
  }
  return rows;
}

export const MOST_ACCOUNTS = 20; // conditions that one filter may have

/** A filter for what belongs to any of these accounts. */
export const of = (accounts) =>
  accounts.slice(0, MOST_ACCOUNTS).map(({ id }) => `aggregation_account_id==${id}`).join("||");

/** All rows of a list that belong to these accounts, however many accounts. */
export async function allOf(accounts, kind, parameters, most) {
  const rows = [];
  for (let start = 0; start < accounts.length; start += MOST_ACCOUNTS) {
    const filter = of(accounts.slice(start, start + MOST_ACCOUNTS));
    rows.push(...await all(kind, { ...parameters, filter }, most));
  }
  return rows;
}

export const createClient = (firstName, lastName) => call("POST", "/nucleus/v1/client", {
  username: `${firstName}.${lastName}.${Date.now().toString(36)}`.toLowerCase().replace(/\s+/g, "-"),
  client_type: "consumer",
  first_name: firstName,
  last_name: lastName,
});

export const createUser = (client) => call("POST", "/integration/v1/user", {
  nucleus_client_id: client.id,
  product: "atom",
  integration_type: "aggregation",
  vendor_name: "mx",
});

export const widgetLink = (client, mode) =>
  call("GET", `/integration/v1/widget_link/${client.id}?${query({
    vendor_name: "mx",
    ...(mode === "iav" && { mode }),
  })}`);

const forMember = (client, memberId) => ({
  nucleus_client_id: client.id,
  product: "atom",
  vendor_request: { member_id: memberId },
});

export const createAccounts = (client, memberId) =>
  call("POST", "/integration/v1/aggregation/account", forMember(client, memberId));

export const verify = (client, memberId) =>
  call("POST", "/integration/v1/iav", forMember(client, memberId));

/** Pulls an account's transactions from the vendor now. */
export const pullTransactions = (account) =>
  call("GET", `/integration/v1/aggregation/transaction/${account.id}`);
