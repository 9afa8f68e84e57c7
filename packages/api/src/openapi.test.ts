import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { createRoutes } from "./create-api.ts";
import { openApiDocument } from "./openapi/document.ts";
import type { Route } from "./routes/route.ts";
import { MemoryEvents } from "./testing/memory-events.ts";
import { MemoryNodes } from "./testing/memory-nodes.ts";
import { meshEvent, nodeId } from "./testing/samples.ts";
import { startApi } from "./testing/start-api.ts";

function routes(): readonly Route[] {
  const health = () => ({ live: true, ready: true, checks: [] });
  return createRoutes(
    { nodes: new MemoryNodes(1), events: new MemoryEvents(), health },
    { version: "1.2.3", metricsText: () => "" },
  );
}

type Json = { readonly [key: string]: Json | undefined };

/** What the document says is wrong with an answer. */
function documentCheck() {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const { components, paths } = openApiDocument(routes(), { version: "1" });
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
    const document = structuredClone(openApiDocument(routes(), { version: "1.2.3" }));
    const result = await new Validator().validate(document);
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(document).toMatchObject({ openapi: "3.1.1", info: { version: "1.2.3" } });
  });

  it("has every route, each with a name of its own, and refers to nothing that is not there", () => {
    const table = routes();
    const document = openApiDocument(table, { version: "1" });
    const inDocument = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(inDocument.sort()).toEqual(table.map(({ method, path }) => `${method} ${path}`).sort());
    expect(new Set(table.map(({ operationId }) => operationId)).size).toBe(table.length);
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g);
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty([name ?? ""]);
  });

  it("tells of errors with the statuses that they have", () => {
    const { paths } = openApiDocument(routes(), { version: "1" });
    const update = paths["/api/v1/nodes/{id}"]?.["put"];
    expect(Object.keys(update?.["responses"] ?? {})).toEqual([
      "200",
      "400",
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
    const { url, events } = await startApi();
    events.append(meshEvent(1), meshEvent(2, "vendor.new-thing.happened"));
    const check = documentCheck();
    const requests: readonly (readonly [path: string, init: RequestInit, route: string])[] = [
      ["/api/v1/nodes", {}, "/api/v1/nodes"],
      ["/api/v1/nodes?limit=0", {}, "/api/v1/nodes"],
      ["/api/v1/nodes", { method: "POST", body: '{"address":"10.0.0.7"}' }, "/api/v1/nodes"],
      ["/api/v1/nodes", { method: "POST", body: '{"address":"10.0.0.7"}' }, "/api/v1/nodes"],
      [`/api/v1/nodes/${nodeId(1)}`, {}, "/api/v1/nodes/{id}"],
      [`/api/v1/nodes/${nodeId(99)}`, {}, "/api/v1/nodes/{id}"],
      [`/api/v1/nodes/${nodeId(1)}`, { method: "PUT", body: '{"name":"roof"}' }, "/api/v1/nodes/{id}"],
      [`/api/v1/nodes/${nodeId(4)}`, { method: "DELETE" }, "/api/v1/nodes/{id}"],
      [`/api/v1/nodes/${nodeId(1)}/metrics`, {}, "/api/v1/nodes/{id}/metrics"],
      ["/api/v1/events", {}, "/api/v1/events"],
      ["/api/v1/mesh", {}, "/api/v1/mesh"],
      ["/api/v1/openapi.json", {}, "/api/v1/openapi.json"],
      ["/healthz", {}, "/healthz"],
      ["/readyz", {}, "/readyz"],
      ["/metrics", {}, "/metrics"],
    ];
    const seen = new Set<string>();
    for (const [path, init, route] of requests) {
      const method = (init.method ?? "GET").toLowerCase();
      const response = await fetch(url + path, {
        ...init,
        headers: init.body === undefined ? {} : { "content-type": "application/json" },
      });
      const type = (response.headers.get("content-type") ?? "").replace(
        /^(application\/.*); charset=utf-8$/,
        "$1",
      );
      const text = await response.text();
      const value: unknown = type.includes("json") ? JSON.parse(text) : text;
      expect(check(route, method, response.status, type, value), `${method} ${path}`).toEqual([]);
      seen.add(`${method.toUpperCase()} ${route}`);
    }
    expect([...seen].sort()).toEqual(
      routes()
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
  });
});
