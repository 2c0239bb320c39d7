"""The introduction of openapi.yaml (`info.description`)."""

DESCRIPTION = """\
Link banks through MX and keep the data in Nucleus, your own system of record.

## Authentication

1. Get an access token: `POST /authorization/v1/oauth/token` with
   `grant_type=client_credentials`, and the application's client id and secret as HTTP Basic
   authentication.
2. Send it with every other request: `Authorization: Bearer <access_token>`.

A token lives for 15 minutes by default (`expires_in` says how many seconds). There are no refresh
tokens: get another one when a request is answered with 401.

In Swagger UI press **Authorize** and enter client id and secret under
`oauth2 (clientCredentials)`. That gets the token and sends it with every request. Without a
selected scope the token has all scopes of the application.

## Repeating a POST

Send a new `Idempotency-Key` (such as a UUID) with every new POST to `/integration/v1` or
`/nucleus/v1`, and the same key when you repeat the request because no response arrived. The
stored response is then returned and nothing is done twice. A key that was used for a different
request is refused with 422. GET, PUT and DELETE may be repeated without a key.

## Errors

Every response that is not a success has the same JSON body, see the schema `Error`: `code` is
stable and meant for programs, `message` says what was wrong and what to do, `errors` lists the
wrong fields, and `retry_at` (with the header `Retry-After`) says when to try again. `fault` says
who has to act: `caller` (change the request), `configuration` (staff change settings or
credentials), `vendor` or `gateway` (wait and try again). `request_id` finds the request in the
logs.

## Conventions

- Paths have no trailing slash. Bodies are JSON. Null in a request means the same as leaving the
  field out.
- Lists are pages, ordered by `update_date`, newest first. So the first transaction of a list is
  the one that changed last; `order_by=transaction_date` orders by date.
- Instants look like `2026-11-21T09:30:00.000+0000`. Amounts are decimal numbers.
"""
