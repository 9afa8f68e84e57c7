import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { cookieNames } from "./access/cookies.ts";
import { openApiDocument } from "./openapi/document.ts";
import { createRoutes } from "./routes/create-routes.ts";
import type { Route } from "./routes/route.ts";
import { MemoryEvents } from "./testing/memory-events.ts";
import { MemoryGpio } from "./testing/memory-gpio.ts";
import { MemoryNodes } from "./testing/memory-nodes.ts";
import { MemorySecurity } from "./testing/memory-security.ts";
import { moreRequests, routeRequests } from "./testing/route-requests.ts";
import { meshEvent, nodeId } from "./testing/samples.ts";
import { asUser, startApi } from "./testing/start-api.ts";

const options = { version: "1", sessionCookie: "session" };

function routes(): readonly Route[] {
  const health = () => ({ live: true, ready: true, checks: [] });
  return createRoutes(
    {
      nodes: new MemoryNodes(1),
      events: new MemoryEvents(),
      health,
      security: new MemorySecurity(),
      gpio: new MemoryGpio(),
    },
    { version: "1.2.3", metricsText: () => "" },
  );
}

type Json = { readonly [key: string]: Json | undefined };

/** What the document says is wrong with an answer. */
function documentCheck() {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const { components, paths } = openApiDocument(routes(), options);
  return (route: string, method: string, status: number, type: string, value: unknown): unknown => {
    const response = (paths as Json)[route]?.[method]?.["responses"]?.[String(status)];
    if (response === undefined) return `status ${status} is not in the document`;
    const schema = response["content"]?.[type]?.["schema"];
    if (schema === undefined) return type === "" ? [] : `${type} is not in the document`;
    const validate = ajv.compile({ ...schema, components });
    return validate(value) ? [] : validate.errors;
  };
}

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const document = structuredClone(openApiDocument(routes(), options));
    const result = await new Validator().validate(document);
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(document).toMatchObject({ openapi: "3.1.1", info: { version: "1" } });
  });

  it("has every route, each with a name of its own, and refers to nothing that is not there", () => {
    const table = routes();
    const document = openApiDocument(table, options);
    const inDocument = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(inDocument.sort()).toEqual(table.map(({ method, path }) => `${method} ${path}`).sort());
    expect(new Set(table.map(({ operationId }) => operationId)).size).toBe(table.length);
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g);
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty([name ?? ""]);
  });

  it("tells of errors with the statuses that they have", () => {
    const { paths } = openApiDocument(routes(), options);
    const update = paths["/api/v1/nodes/{id}"]?.["put"];
    expect(Object.keys(update?.["responses"] ?? {})).toEqual([
      "200",
      "400",
      "401",
      "403",
      "404",
      "409",
      "412",
      "413",
      "415",
      "429",
      "500",
      "503",
    ]);
  });

  it("is true: live answers of every route are as it says", async () => {
    const { url, events, security } = await startApi();
    events.append(meshEvent(1), meshEvent(2, "vendor.new-thing.happened"));
    const { session: cookie } = cookieNames(nodeId(0), false);
    // Logging out takes a session, of which the request before may have ended the last one.
    const headersOf = (route: string): Record<string, string> =>
      route === "DELETE /api/v1/session"
        ? { cookie: `${cookie}=${security.openSession("ada").secret}` }
        : asUser("ada");
    const check = documentCheck();
    const requests = [
      ...moreRequests,
      ...Object.entries(routeRequests).map(([route, request]) => ({ route, ...request })),
    ];
    const seen = new Set<string>();
    for (const { route, path, body } of requests) {
      const [method = "", pattern = ""] = route.split(" ");
      const response = await fetch(url + path, {
        method,
        headers: {
          ...headersOf(route),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        redirect: "manual",
      });
      const type = (response.headers.get("content-type") ?? "").replace(
        /^(application\/.*); charset=utf-8$/,
        "$1",
      );
      const text = await response.text();
      const value: unknown = type.includes("json") ? JSON.parse(text) : text;
      const found = check(pattern, method.toLowerCase(), response.status, type, value);
      expect(found, `${method} ${path}`).toEqual([]);
      seen.add(route);
    }
    expect([...seen].sort()).toEqual(
      routes()
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
  });
});
