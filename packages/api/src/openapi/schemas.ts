import {
  apiTokenListSchema,
  apiTokenRequestSchema,
  apiTokenViewSchema,
  approvalSchema,
  auditPageSchema,
  auditRecordSchema,
  boardSchema,
  busResultSchema,
  certificateListSchema,
  certificateViewSchema,
  clientCertificateListSchema,
  clientCertificateRequestSchema,
  clientCertificateViewSchema,
  confirmationSchema,
  eventPageSchema,
  eventSchema,
  eventStreamMessageSchema,
  gpioBatchResultSchema,
  gpioBatchSchema,
  gpioPageSchema,
  gpioPolicyBodySchema,
  gpioPolicySchema,
  gpioQuotaBodySchema,
  gpioQuotaListSchema,
  gpioQuotaViewSchema,
  gpioStreamMessageSchema,
  gpioViewSchema,
  gpioWriteSchema,
  healthSchema,
  i2cScanSchema,
  i2cTransactionSchema,
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
  nodeGpioSchema,
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
  renewalSchema,
  renewedSchema,
  reservationRequestSchema,
  revocationRequestSchema,
  roleChangeSchema,
  roleListSchema,
  roleViewSchema,
  sessionListSchema,
  sessionStatusSchema,
  sessionViewSchema,
  spiTransactionSchema,
  stopListSchema,
  stopRequestSchema,
  transferSchema,
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
  BusResult: busResultSchema,
  CertificateList: certificateListSchema,
  CertificateView: certificateViewSchema,
  ClientCertificateList: clientCertificateListSchema,
  ClientCertificateView: clientCertificateViewSchema,
  Event: eventSchema,
  EventPage: eventPageSchema,
  EventStreamMessage: eventStreamMessageSchema,
  GpioBatchResult: gpioBatchResultSchema,
  GpioPage: gpioPageSchema,
  GpioPolicy: gpioPolicySchema,
  GpioQuotaList: gpioQuotaListSchema,
  GpioQuotaView: gpioQuotaViewSchema,
  GpioRenewed: renewedSchema,
  GpioStopList: stopListSchema,
  GpioStreamMessage: gpioStreamMessageSchema,
  GpioView: gpioViewSchema,
  Health: healthSchema,
  I2cScan: i2cScanSchema,
  Inventory: inventorySchema,
  JoinTokenList: joinTokenListSchema,
  JoinTokenView: joinTokenViewSchema,
  Jwt: jwtSchema,
  MeshView: meshViewSchema,
  MetricsSample: metricsSampleSchema,
  NewApiToken: newApiTokenSchema,
  NewClientCertificate: newClientCertificateSchema,
  NewJoinToken: newJoinTokenSchema,
  NodeGpio: nodeGpioSchema,
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
  GpioBatch: gpioBatchSchema,
  GpioPolicyBody: gpioPolicyBodySchema,
  GpioQuotaBody: gpioQuotaBodySchema,
  GpioRenewal: renewalSchema,
  GpioStopRequest: stopRequestSchema,
  GpioTransfer: transferSchema,
  GpioWrite: gpioWriteSchema,
  I2cTransaction: i2cTransactionSchema,
  JoinTokenRequest: joinTokenRequestSchema,
  LoginRequest: loginRequestSchema,
  NodeRegistration: nodeRegistrationSchema,
  NodeUpdate: nodeUpdateSchema,
  PasswordChange: passwordChangeSchema,
  PendingNodeLookup: pendingNodeLookupSchema,
  ReservationRequest: reservationRequestSchema,
  RevocationRequest: revocationRequestSchema,
  RoleChange: roleChangeSchema,
  SpiTransaction: spiTransactionSchema,
  UserChange: userChangeSchema,
  UserCreation: userCreationSchema,
};

const uri = (name: string) => `#/components/schemas/${name}`;
const namesOf = (schemas: Readonly<Record<string, z.ZodType>>) =>
  new Map(Object.entries(schemas).map(([name, schema]) => [schema, name] as const));
/** One schema can be both: what an answer always has, a request may leave to its default. */
const nameOf = { output: namesOf(answers), input: namesOf(inputs) } as const;

/** `components.schemas` of the document. */
export function namedSchemas(): Record<string, JsonSchema> {
  return { ...converted(answers, "output"), ...converted(inputs, "input") };
}

/** A reference to a named schema, or the schema itself. */
export function schemaOrReference(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const name = nameOf[io].get(schema);
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
