import { STATUS_CODES } from "node:http";
import { type ErrorCode, idempotencyKeySchema, statusOfCode } from "@pi-controller/schema";
import type * as z from "zod";
import { accessText } from "../access/route-access.ts";
import type { AnswerSpec, RouteSpec } from "../routes/route.ts";
import { type JsonSchema, jsonSchemaOf, namedSchemas, schemaOrReference } from "./schemas.ts";

/** Errors that any request can have. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "INTERNAL",
  "UNAVAILABLE",
];

const headers: Readonly<Record<string, { description: string; schema: JsonSchema }>> = {
  ETag: { description: "The revision of the record, for If-Match", schema: { type: "string" } },
  Location: { description: "Where it is", schema: { type: "string" } },
  "Set-Cookie": { description: "The session, or that it is over", schema: { type: "string" } },
  "X-Correlation-Id": {
    description: "The one that the request gave, or a new one: finds the request in logs and events",
    schema: { type: "string" },
  },
};

const requestHeaders: Readonly<Record<NonNullable<RouteSpec["headers"]>[number], JsonSchema>> = {
  "If-Match": { schema: { type: "string" } },
  "If-None-Match": { schema: { type: "string" } },
  "Idempotency-Key": {
    description:
      "Of one's own making, for a request that may have to be sent again: within ten minutes the same request " +
      "with the same key is done once, and answered as it was",
    schema: jsonSchemaOf(idempotencyKeySchema, "input"),
  },
};

/** Ways to say who one is; any one of them will do. */
const LOGINS = ["session", "bearer", "clientCertificate"] as const;

interface DocumentOptions {
  readonly version: string;
  /** Name of the cookie over TLS; each node has its own. */
  readonly sessionCookie: string;
}

/** The OpenAPI 3.1 document of a table of routes. */
export function openApiDocument(routes: readonly RouteSpec[], options: DocumentOptions) {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.1",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: {
      title: "Pi-Controller",
      version: options.version,
      description: "The API of one peer. Every peer serves the whole mesh.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: { schemas: namedSchemas(), securitySchemes: securitySchemes(options.sessionCookie) },
  };
}

function securitySchemes(sessionCookie: string): Record<(typeof LOGINS)[number], JsonSchema> {
  return {
    session: {
      type: "apiKey",
      in: "cookie",
      name: sessionCookie,
      description:
        "Set by logging in; each node has a cookie of its own, without `__Host-` over the loopback",
    },
    bearer: { type: "http", scheme: "bearer", description: "An API token, or a JWT made from a login" },
    clientCertificate: { type: "mutualTLS", description: "A certificate that the mesh issued" },
  };
}

function operationOf(route: RouteSpec): JsonSchema {
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: route.access === "public" ? [] : LOGINS.map((login) => ({ [login]: [] })),
    "x-access": accessText(route.access, route.withForce),
    parameters: [
      ...parametersOf(route.params, "path"),
      ...parametersOf(route.query, "query"),
      ...(route.headers ?? []).map((name) => ({ name, in: "header", ...requestHeaders[name] })),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.bodyOptional !== true,
            content: { "application/json": { schema: schemaOrReference(route.body, "input") } },
          },
        }),
    responses: {
      ...problemResponses(route),
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, answer]) => [status, responseOf(answer)]),
      ),
    },
  };
}

function parametersOf(schema: z.ZodObject | undefined, place: "path" | "query"): JsonSchema[] {
  if (schema === undefined) return [];
  const { properties, required = [] } = jsonSchemaOf(schema, "input") as {
    properties: Record<string, JsonSchema>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }));
}

function responseOf(answer: AnswerSpec): JsonSchema {
  const names = [...(answer.headers ?? []), "X-Correlation-Id"];
  return {
    description: answer.description,
    headers: Object.fromEntries(names.map((name) => [name, headers[name]])),
    ...contentOf(answer.body),
  };
}

function contentOf(body: AnswerSpec["body"]): JsonSchema {
  if (body === null) return {};
  return typeof body === "string"
    ? { content: { [body]: { schema: { type: "string" } } } }
    : { content: { "application/json": { schema: schemaOrReference(body, "output") } } };
}

function problemResponses(route: RouteSpec): JsonSchema {
  const codesOf = new Map<number, ErrorCode[]>();
  const takesInput =
    route.params !== undefined ||
    route.query !== undefined ||
    route.body !== undefined ||
    route.headers !== undefined;
  const invalid: readonly ErrorCode[] = takesInput ? ["INVALID_ARGUMENT"] : [];
  const login: readonly ErrorCode[] = route.access === "public" ? [] : ["UNAUTHENTICATED"];
  for (const code of new Set([...invalid, ...login, ...COMMON_ERRORS, ...route.errors])) {
    const { http } = statusOfCode[code];
    codesOf.set(http, [...(codesOf.get(http) ?? []), code]);
  }
  const named = (code: ErrorCode) => {
    const meaning = route.meanings?.[code];
    return meaning === undefined ? code : `${code} (${meaning})`;
  };
  const responses = [...codesOf].map(([status, codes]) => [
    status,
    problemResponse(status, codes.map(named).join(", ")),
  ]);
  const ofBody = route.body === undefined ? [] : [413, 415];
  return Object.fromEntries([
    ...responses,
    ...ofBody.map((status) => [status, problemResponse(status, "INVALID_ARGUMENT")]),
  ]) as JsonSchema;
}

function problemResponse(status: number, codes: string): JsonSchema {
  return {
    description: `${STATUS_CODES[status] ?? "Error"}: ${codes}`,
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  };
}
