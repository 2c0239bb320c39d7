/**
 * The main flow with the generated TypeScript client: whoever starts it links the bank between a
 * line of output, the widget's URL, and a line of input, the member.
 */

import { createInterface } from "node:readline/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type ApiError = components["schemas"]["Error"];
type Result<T> = { data?: T; error?: unknown; response: Response };

const { GATEWAY = "", ID = "", SECRET = "" } = process.env;
const api = createClient<paths>({ baseUrl: GATEWAY });

function succeeded<T>({ data, error, response }: Result<T>): T {
  if (data === undefined) throw new Error(`${response.url}: ${JSON.stringify(error)}`);
  return data;
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Not so: ${what}`);
}

const basic = Buffer.from(`${ID}:${SECRET}`).toString("base64");
const token = succeeded(
  await api.POST("/authorization/v1/oauth/token", {
    params: { query: { grant_type: "client_credentials" } },
    headers: { Authorization: `Basic ${basic}` },
  }),
);
api.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${token.access_token}`);
    return request;
  },
});

const client = succeeded(
  await api.POST("/nucleus/v1/client", {
    body: {
      username: `typescript-${Date.now()}`,
      client_type: "consumer",
      first_name: "Ada",
      address: [
        { address_line1: "1 Main St", city: "Lehi", state: "UT", country: "US", type: "home" },
      ],
      metadata: { plan: "basic" },
    },
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
  }),
);
const city: string | undefined = client.address[0]?.city;
const plan: string | undefined = client.metadata.plan;
const employer: string | null | undefined = client.employment?.employer;
expect(city === "Lehi" && plan === "basic" && employer === undefined, "the client as it was sent");

const user = succeeded(
  await api.POST("/integration/v1/user", {
    body: { nucleus_client_id: client.id, product: "atom", integration_type: "aggregation", vendor_name: "mx" },
  }),
);
expect(user.nucleus_client_id === client.id, "the user is the client's");
const link = succeeded(
  await api.GET("/integration/v1/widget_link/{nucleus_id}", {
    params: { path: { nucleus_id: client.id }, query: { vendor_name: "mx" } },
  }),
);
console.log(link.widget_url);
const input = createInterface({ input: process.stdin });
const member: string = (await input[Symbol.asyncIterator]().next()).value;
input.close();

const linked = succeeded(
  await api.POST("/integration/v1/aggregation/account", {
    body: {
      nucleus_client_id: client.id,
      product: "atom",
      vendor_request: { member_id: member },
    },
  }),
);
const account = linked.nucleus_aggregation_accounts[0]?.body;
if (!account) throw new Error(`No account: ${linked.message}`);
const balance = succeeded(
  await api.GET("/integration/v1/aggregation/balance/{account_id}", {
    params: { path: { account_id: account.id } },
  }),
);
const amount: number | null | undefined = balance.nucleus_balance_posted?.balance;
expect(typeof amount === "number", "a balance");
const pulled = succeeded(
  await api.GET("/integration/v1/aggregation/transaction/{account_id}", {
    params: { path: { account_id: account.id } },
  }),
);
expect(pulled.nucleus_transactions_posted.length > 0, "transactions of the bank");
const stored = succeeded(
  await api.GET("/nucleus/v1/aggregation_account_transaction", {
    params: {
      query: { filter: `aggregation_account_id==${account.id}`, order_by: "transaction_date" },
    },
  }),
);
const moved: number | undefined = stored.content[0]?.bank_credit?.amount;
expect(moved !== undefined && moved >= 0, "stored transactions");

const refused = await api.POST("/nucleus/v1/client", {
  body: { username: client.username, client_type: "consumer" },
});
const error: ApiError | string | undefined = refused.error;
expect(typeof error === "object" && error.code === "invalid_request", "a typed error");
const deleted = await api.DELETE("/nucleus/v1/bulk/{entity_uri}", {
  params: { path: { entity_uri: "client" } },
  body: [client.id],
});
expect(succeeded(deleted).status === "COMPLETED", "a DELETE with a body");
