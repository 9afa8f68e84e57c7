import { MeshError, problemSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { memberRoutes, nameOf } from "./testing/ask.ts";
import { badBodies } from "./testing/bad-bodies.ts";
import { reservationId, TOKEN } from "./testing/gpio-samples.ts";
import { routeRequests } from "./testing/route-requests.ts";
import { nodeId } from "./testing/samples.ts";
import { startApi } from "./testing/start-api.ts";

const limits = { requestBurst: 1e6, requestBurstOfUser: 1e6 };
const routes = memberRoutes().filter(({ tag }) => tag === "gpio");

const terms = {
  node: nodeId(1),
  resource: "GPIO4",
  namespace: "plant",
  name: "pump",
  purpose: "water",
  ttlMs: 1_000,
  onExpire: "low",
  watchdogMs: 500,
  priority: 1,
  preemptible: true,
  powerMilliwatts: 100,
  keep: false,
  waitMs: 10,
  preempt: false,
};

/** Proper bodies that between them have every field of their routes, and every form that a field can have. */
const bodies: Readonly<Record<string, readonly object[]>> = {
  "POST /api/v1/gpio": [
    {
      ...terms,
      mode: { kind: "input", pull: "up", activeLow: false, edges: "both", debounceMs: 5 },
    },
    { ...terms, mode: { kind: "output", activeLow: true, drive: "open-drain", initial: "high" } },
    {
      ...terms,
      mode: { kind: "pwm", method: "auto", frequencyHz: 50, dutyCycle: 0.5, inverted: false },
    },
    { ...terms, resource: "i2c-1:0x48", mode: { kind: "i2c" } },
    { ...terms, resource: "spi-0.0", mode: { kind: "spi" } },
  ],
  "PUT /api/v1/gpio/{id}": [
    { token: TOKEN, value: { level: "high" }, applyWithinMs: 1_000 },
    { token: TOKEN, value: { dutyCycle: 0.5, frequencyHz: 50 }, applyWithinMs: 1_000 },
  ],
  "POST /api/v1/gpio/{id}/renew": [{ token: TOKEN, ttlMs: 1_000 }],
  "POST /api/v1/gpio/{id}/transfer": [{ token: TOKEN, to: "mona", purpose: "her turn" }],
  "POST /api/v1/gpio/{id}/i2c": [
    {
      token: TOKEN,
      operations: [
        { op: "write", bytes: [1] },
        { op: "read", length: 1 },
        { op: "write-register", register: 1, bytes: [1] },
        { op: "read-register", register: 1, length: 1 },
      ],
    },
  ],
  "POST /api/v1/gpio/{id}/spi": [
    { token: TOKEN, mode: 0, speedHz: 10_000, bitsPerWord: 8, transfers: [{ bytes: [1] }] },
  ],
};
const bodiesOf = (name: string) => bodies[name] ?? [routeRequests[name]?.body];

/** Wrong values of everything that stands in a path or a query, by route. */
const badTargets: readonly (readonly [route: string, target: string, field: string])[] = [
  ...["GET", "PUT", "DELETE"].map(
    (method) => [`${method} /api/v1/gpio/{id}`, "/api/v1/gpio/GPIO18", "id"] as const,
  ),
  ["GET /api/v1/gpio/{id}", `/api/v1/gpio/${reservationId(0).toUpperCase()}`, "id"],
  ["GET /api/v1/gpio/{id}", `/api/v1/gpio/${reservationId(0)}0`, "id"],
  ...["renew", "transfer", "i2c", "spi"].map(
    (act) => [`POST /api/v1/gpio/{id}/${act}`, `/api/v1/gpio/batch/${act}`, "id"] as const,
  ),
  ["GET /api/v1/nodes/{id}/gpio", "/api/v1/nodes/a%20b/gpio", "id"],
  ["POST /api/v1/nodes/{id}/gpio-stop", "/api/v1/nodes/a%20b/gpio-stop", "id"],
  ["DELETE /api/v1/nodes/{id}/gpio-stop", "/api/v1/nodes/a%20b/gpio-stop", "id"],
  ["POST /api/v1/nodes/{id}/i2c/{bus}/scan", "/api/v1/nodes/a%20b/i2c/1/scan", "id"],
  ...["", "-1", "01", "100", "0x1", "1.0", "one"].map(
    (bus) =>
      [
        "POST /api/v1/nodes/{id}/i2c/{bus}/scan",
        `/api/v1/nodes/${nodeId(1)}/i2c/${bus}/scan`,
        "bus",
      ] as const,
  ),
  ["PUT /api/v1/gpio-quotas/{namespace}", "/api/v1/gpio-quotas/Plant", "namespace"],
  ["DELETE /api/v1/gpio-quotas/{namespace}", `/api/v1/gpio-quotas/${"a".repeat(64)}`, "namespace"],
  ...[
    ["node=a%20b", "node"],
    [`node=${nodeId(1)}&node=${nodeId(2)}`, "node"],
    ["namespace=A", "namespace"],
    ["resource=GPIO", "resource"],
    ["resource=i2c-1", "resource"],
    [`name=${"a".repeat(64)}`, "name"],
    ["state=ended", "state"],
    ["limit=0", "limit"],
    ["limit=501", "limit"],
    ["limit=many", "limit"],
    [`cursor=${"a".repeat(257)}`, "cursor"],
    ["extra=1", "extra"],
  ].map(([query, field]) => ["GET /api/v1/gpio", `/api/v1/gpio?${query}`, field ?? ""] as const),
  ...[
    ["token=3", "token"],
    ["token=03.17", "token"],
    [`token=${TOKEN}&token=${TOKEN}`, "token"],
    ["force=yes", "force"],
    ["extra=1", "extra"],
  ].map(
    ([query, field]) =>
      ["DELETE /api/v1/gpio/{id}", `/api/v1/gpio/${reservationId(0)}?${query}`, field ?? ""] as const,
  ),
];

const badKeys = ["", "short", "x".repeat(65), "with space", "semi;colon", "12345678, 87654321", "Umläute!"];

async function refusal(response: Response) {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = problemSchema.parse(await response.json());
  return { status: response.status, code: problem.code, fields: problem.fields?.map(({ field }) => field) };
}

const bad = (field: string) => ({
  status: 400,
  code: "INVALID_ARGUMENT",
  fields: expect.arrayContaining([field]),
});

describe("bad input to the routes of pins", () => {
  const withBody = routes.filter(({ body }) => body !== undefined).map((route) => [nameOf(route), route]);
  it.each(withBody as [string, (typeof routes)[number]][])(
    "is refused naming the field, whichever it is, and does nothing: the body of %s",
    async (name, { body: schema, method }) => {
      const { url, gpio, fetch } = await startApi({ limits });
      if (schema === undefined) throw new MeshError("INTERNAL", "It takes no body");
      const path = routeRequests[name]?.path ?? "";
      const headers = { "content-type": "application/json" };
      let tried = 0;
      for (const proper of bodiesOf(name)) {
        for (const { fields, body } of badBodies(schema, proper)) {
          const response = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
          const { fields: named = [], ...refused } = await refusal(response);
          const sent = JSON.stringify(body).slice(0, 500);
          expect([sent, refused]).toEqual([sent, { status: 400, code: "INVALID_ARGUMENT" }]);
          expect([sent, named.some((field) => fields.includes(field))]).toEqual([sent, true]);
          tried += 1;
        }
        expect(gpio.changes).toEqual([]);
        // It was the one thing that was wrong: without it the same request is taken.
        const taken = await fetch(url + path, { method, headers, body: JSON.stringify(proper) });
        expect([200, 201, 202]).toContain(taken.status);
        gpio.changes.length = 0;
      }
      expect(tried).toBeGreaterThan(3);
    },
  );

  it.each(badTargets)("is refused naming the field: %s as %s", async (name, target, field) => {
    const { url, gpio, fetch } = await startApi();
    const { body } = routeRequests[name] ?? {};
    const response = await fetch(url + target, {
      method: name.split(" ")[0] ?? "",
      headers: { "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
    });
    expect(await refusal(response)).toEqual(bad(field));
    expect(gpio.changes).toEqual([]);
  });

  const withKey = routes.filter(({ headers }) => headers?.includes("Idempotency-Key"));
  it.each(withKey.map((route) => [nameOf(route)]))(
    "is refused naming the header Idempotency-Key: %s",
    async (name) => {
      const { url, gpio, fetch } = await startApi();
      const { path = "", body } = routeRequests[name] ?? {};
      for (const key of badKeys) {
        const response = await fetch(url + path, {
          method: name.split(" ")[0] ?? "",
          headers: {
            "content-type": "application/json",
            "idempotency-key": Buffer.from(key).toString("latin1"),
          },
          body: body === undefined ? null : JSON.stringify(body),
        });
        expect([key, await refusal(response)]).toEqual([key, bad("Idempotency-Key")]);
      }
      expect(gpio.changes).toEqual([]);
    },
  );

  it("covers every route that takes a key: all that change something", () => {
    const changing = routes.filter(({ method }) => method !== "GET");
    expect(withKey.map(nameOf).sort()).toEqual(changing.map(nameOf).sort());
  });
});
