import { eventQuerySchema, metricsQuerySchema, nodeQuerySchema, problemSchema } from "@pi-controller/schema";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { cookieNames } from "./access/cookies.ts";
import { memberRoutes, nameOf } from "./testing/ask.ts";
import { routeRequests } from "./testing/route-requests.ts";
import { meshEvent, nodeId } from "./testing/samples.ts";
import { startApi } from "./testing/start-api.ts";

const limits = { requestBurst: 1e6, requestBurstOfUser: 1e6 };
const RUNS = 150;
const RUNS_OF_A_ROUTE = 60;

/** Text that breaks things, beside any text at all. */
const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 100 }),
  fc.constantFrom(
    "",
    "0",
    "-1",
    "1e400",
    "NaN",
    "null",
    "__proto__",
    "constructor",
    "\u0000",
    "%",
    "'; DROP",
    "\ud800",
  ),
  fc.constantFrom(
    "2026-02-30T00:00:00Z",
    "+275760-09-13T00:00:00Z",
    "9007199254740993",
    "true",
    "[object Object]",
  ),
  fc.integer().map(String),
);

/** Never a failure of ours, and what is refused says why in the one form of errors. */
async function expectSensible(response: Response): Promise<void> {
  const text = await response.text();
  // There is no UI in these tests, and its page says so.
  if (response.status === 503 && text.includes("not built")) return;
  if (response.status >= 500) throw new Error(`status ${response.status}: ${text}`);
  if (response.status >= 400 && text !== "") problemSchema.parse(JSON.parse(text));
}

describe("whatever comes in", () => {
  it.each([
    ["/api/v1/nodes", Object.keys(nodeQuerySchema.shape)],
    ["/api/v1/events", Object.keys(eventQuerySchema.shape)],
    [`/api/v1/nodes/${nodeId(1)}/metrics`, Object.keys(metricsQuerySchema.shape)],
  ])("the query of %s gets a sensible answer", async (path, fields) => {
    const { url, events, fetch } = await startApi({ limits });
    events.append(meshEvent(1));
    const query = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...fields), nasty), nasty), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(query, async (pairs) => {
        const search = new URLSearchParams();
        for (const [name, value] of pairs) search.append(name.toWellFormed(), value.toWellFormed());
        await expectSensible(await fetch(`${url}${path}?${search.toString()}`));
      }),
      { seed: 1, numRuns: RUNS },
    );
  });

  it("bodies get a sensible answer", async () => {
    const { url, fetch } = await startApi({ limits });
    const value = fc.oneof(nasty, fc.jsonValue({ maxDepth: 3 }));
    const field = fc.oneof(fc.constantFrom("address", "name", "labels", "macAddress"), nasty);
    const body = fc.oneof(
      fc.dictionary(field, value, { maxKeys: 5 }).map((record) => JSON.stringify(record)),
      fc.dictionary(nasty, nasty, { maxKeys: 70 }).map((labels) => JSON.stringify({ labels })),
      fc.jsonValue().map((any) => JSON.stringify(any)),
      nasty,
    );
    const target = fc.constantFrom(
      { method: "POST", path: "/api/v1/nodes" },
      { method: "PUT", path: `/api/v1/nodes/${nodeId(1)}` },
    );
    await fc.assert(
      fc.asyncProperty(target, body, async ({ method, path }, text) => {
        const headers = { "content-type": "application/json" };
        await expectSensible(await fetch(url + path, { method, headers, body: text }));
      }),
      { seed: 2, numRuns: RUNS },
    );
  });

  const withBody = memberRoutes().filter(({ body }) => body !== undefined);
  it.each(withBody.map((route) => [nameOf(route)]))("bodies of %s get a sensible answer", async (name) => {
    const { url, fetch } = await startApi({ limits });
    const proper = routeRequests[name]?.body as Record<string, unknown>;
    const { path = "" } = routeRequests[name] ?? {};
    const value = fc.oneof(nasty, fc.jsonValue({ maxDepth: 3 }));
    // Near what is proper, so that what is wrong is found at every depth of the checks.
    const bent = fc
      .tuple(fc.constantFrom(...Object.keys(proper)), fc.option(value, { nil: undefined }))
      .map(([field, other]) => JSON.stringify({ ...proper, [field]: other }));
    const extra = fc
      .tuple(nasty, value)
      .map(([field, other]) => JSON.stringify({ ...proper, [field]: other }));
    const body = fc.oneof(
      bent,
      extra,
      fc.jsonValue().map((any) => JSON.stringify(any)),
      nasty,
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const headers = { "content-type": "application/json" };
        await expectSensible(
          await fetch(url + path, { method: name.split(" ")[0] ?? "", headers, body: text }),
        );
      }),
      { seed: 4, numRuns: RUNS_OF_A_ROUTE },
    );
  });

  it("cookies and tokens get a sensible answer, and nobody in", async () => {
    const { url } = await startApi({ limits });
    const name = cookieNames(nodeId(0), false).session;
    const text = fc.oneof(fc.string({ maxLength: 60 }), fc.stringMatching(/^[!-~ ]{0,60}$/));
    const header = fc.oneof(
      text.map((value) => ({ cookie: `${name}=${value}` })),
      text.map((value) => ({ cookie: value })),
      text.map((value) => ({ authorization: `Bearer ${value}` })),
      text.map((value) => ({ authorization: value })),
      text.map((value) => ({ "sec-fetch-site": value, "x-correlation-id": value })),
    );
    await fc.assert(
      fc.asyncProperty(header, async (headers) => {
        const response = await fetch(`${url}/api/v1/nodes`, { headers });
        if (response.ok) throw new Error("Somebody got in");
        await expectSensible(response);
      }),
      { seed: 5, numRuns: RUNS },
    );
  });

  it("queries of the new lists get a sensible answer", async () => {
    const { url, fetch } = await startApi({ limits });
    const path = fc.constantFrom(
      "/api/v1/audit",
      "/api/v1/sessions",
      "/api/v1/api-tokens",
      "/api/v1/oidc/callback",
      "/api/v1/gpio",
    );
    const field = fc.oneof(
      fc.constantFrom("all", "node", "actor", "outcome", "limit", "cursor", "code", "resource", "namespace"),
      nasty,
    );
    const query = fc.array(fc.tuple(field, nasty), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(path, query, async (place, pairs) => {
        const search = new URLSearchParams();
        for (const [name, value] of pairs) search.append(name.toWellFormed(), value.toWellFormed());
        await expectSensible(await fetch(`${url}${place}?${search.toString()}`, { redirect: "manual" }));
      }),
      { seed: 6, numRuns: RUNS },
    );
  });

  it("paths and headers get a sensible answer", async () => {
    const { url, fetch } = await startApi({ limits });
    const segment = nasty.map((text) => encodeURIComponent(text.toWellFormed()));
    const path = fc.oneof(
      segment.map((id) => `/api/v1/nodes/${id}`),
      segment.map((id) => `/api/v1/nodes/${id}/metrics`),
      fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join("/")}`),
    );
    const method = fc.constantFrom("GET", "PUT", "DELETE", "OPTIONS", "PATCH");
    const header = fc.constantFrom(
      "if-match",
      "if-none-match",
      "x-correlation-id",
      "accept-encoding",
      "origin",
    );
    const headers = fc.dictionary(header, fc.string({ maxLength: 50 }), { maxKeys: 3 });
    await fc.assert(
      fc.asyncProperty(method, path, headers, async (name, place, given) => {
        const response = await fetch(url + place, { method: name, headers: given });
        await expectSensible(response);
      }),
      { seed: 3, numRuns: RUNS },
    );
  });
});
