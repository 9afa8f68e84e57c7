import {
  apiTokenListSchema,
  apiTokenRequestSchema,
  apiTokenViewSchema,
  approvalSchema,
  auditPageSchema,
  auditRecordSchema,
  boardSchema,
  certificateListSchema,
  certificateViewSchema,
  clientCertificateListSchema,
  clientCertificateRequestSchema,
  clientCertificateViewSchema,
  confirmationSchema,
  eventPageSchema,
  eventSchema,
  eventStreamMessageSchema,
  healthSchema,
  inventorySchema,
  joinTokenListSchema,
  joinTokenRequestSchema,
  joinTokenViewSchema,
  jwtSchema,
  loginRequestSchema,
  meshViewSchema,
  metricsSampleSchema,
  newApiTokenSchema,
  newClientCertificateSchema,
  newJoinTokenSchema,
  nodeMetricsSchema,
  nodePageSchema,
  nodeRegistrationSchema,
  nodeUpdateSchema,
  nodeViewSchema,
  passwordChangeSchema,
  pendingNodeListSchema,
  pendingNodeLookupSchema,
  pendingNodeSchema,
  principalViewSchema,
  problemSchema,
  revocationRequestSchema,
  roleChangeSchema,
  roleListSchema,
  roleViewSchema,
  sessionListSchema,
  sessionStatusSchema,
  sessionViewSchema,
  userChangeSchema,
  userCreationSchema,
  userListSchema,
  userViewSchema,
} from "@pi-controller/schema";
import * as z from "zod";

export type JsonSchema = Record<string, unknown>;

/** What the document gives a name of its own; generated clients name their types so. */
const answers: Readonly<Record<string, z.ZodType>> = {
  ApiTokenList: apiTokenListSchema,
  ApiTokenView: apiTokenViewSchema,
  AuditPage: auditPageSchema,
  AuditRecord: auditRecordSchema,
  Board: boardSchema,
  CertificateList: certificateListSchema,
  CertificateView: certificateViewSchema,
  ClientCertificateList: clientCertificateListSchema,
  ClientCertificateView: clientCertificateViewSchema,
  Event: eventSchema,
  EventPage: eventPageSchema,
  EventStreamMessage: eventStreamMessageSchema,
  Health: healthSchema,
  Inventory: inventorySchema,
  JoinTokenList: joinTokenListSchema,
  JoinTokenView: joinTokenViewSchema,
  Jwt: jwtSchema,
  MeshView: meshViewSchema,
  MetricsSample: metricsSampleSchema,
  NewApiToken: newApiTokenSchema,
  NewClientCertificate: newClientCertificateSchema,
  NewJoinToken: newJoinTokenSchema,
  NodeMetrics: nodeMetricsSchema,
  NodePage: nodePageSchema,
  NodeView: nodeViewSchema,
  PendingNode: pendingNodeSchema,
  PendingNodeList: pendingNodeListSchema,
  Principal: principalViewSchema,
  Problem: problemSchema,
  RoleList: roleListSchema,
  RoleView: roleViewSchema,
  SessionList: sessionListSchema,
  SessionStatus: sessionStatusSchema,
  SessionView: sessionViewSchema,
  UserList: userListSchema,
  UserView: userViewSchema,
};
const inputs: Readonly<Record<string, z.ZodType>> = {
  ApiTokenRequest: apiTokenRequestSchema,
  Approval: approvalSchema,
  ClientCertificateRequest: clientCertificateRequestSchema,
  Confirmation: confirmationSchema,
  JoinTokenRequest: joinTokenRequestSchema,
  LoginRequest: loginRequestSchema,
  NodeRegistration: nodeRegistrationSchema,
  NodeUpdate: nodeUpdateSchema,
  PasswordChange: passwordChangeSchema,
  PendingNodeLookup: pendingNodeLookupSchema,
  RevocationRequest: revocationRequestSchema,
  RoleChange: roleChangeSchema,
  UserChange: userChangeSchema,
  UserCreation: userCreationSchema,
};

const uri = (name: string) => `#/components/schemas/${name}`;
const nameOf = new Map(
  Object.entries({ ...answers, ...inputs }).map(([name, schema]) => [schema, name] as const),
);

/** `components.schemas` of the document. */
export function namedSchemas(): Record<string, JsonSchema> {
  return { ...converted(answers, "output"), ...converted(inputs, "input") };
}

/** A reference to a named schema, or the schema itself. */
export function schemaOrReference(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const name = nameOf.get(schema);
  return name === undefined ? jsonSchemaOf(schema, io) : { $ref: uri(name) };
}

export function jsonSchemaOf(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  return cleaned(z.toJSONSchema(schema, optionsFor(io)));
}

function converted(schemas: Readonly<Record<string, z.ZodType>>, io: "input" | "output") {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const result = z.toJSONSchema(registry, { ...optionsFor(io), uri });
  return Object.fromEntries(Object.entries(result.schemas).map(([name, schema]) => [name, cleaned(schema)]));
}

function optionsFor(io: "input" | "output") {
  return {
    io,
    target: "draft-2020-12",
    override({ jsonSchema }: { jsonSchema: JsonSchema }) {
      // Answers may get new fields: a client that refuses what it does not know would break.
      if (io === "output" && jsonSchema["additionalProperties"] === false) {
        delete jsonSchema["additionalProperties"];
      }
      // `format` says it; the pattern is half a kilobyte each time.
      if (jsonSchema["format"] === "date-time") delete jsonSchema["pattern"];
    },
  } as const;
}

/** In OpenAPI the document says which dialect it is, and names are where they stand. */
function cleaned(schema: object): JsonSchema {
  const { $schema: _dialect, $id: _name, ...rest } = schema as JsonSchema;
  return rest;
}
