import * as z from "zod";

/** gRPC's canonical codes, the only ones in this system (google.rpc.Code). */
export const errorCodes = [
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "UNAUTHENTICATED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "DEADLINE_EXCEEDED",
  "CANCELLED",
] as const;

export const errorCodeSchema = z.enum(errorCodes);
export type ErrorCode = z.infer<typeof errorCodeSchema>;

/** One thing that is wrong with one field of an input. */
export const fieldProblemSchema = z.object({
  /** Path of the field, as `labels.role` or `addresses[0]`. */
  field: z.string(),
  /** What was expected there. */
  message: z.string(),
});
export type FieldProblem = z.infer<typeof fieldProblemSchema>;

export interface ErrorDetails {
  /** The fields of the input that are wrong, when that is what is wrong. */
  readonly fields?: readonly FieldProblem[];
  /** After how long trying again makes sense, in ms. */
  readonly retryAfterMs?: number;
  /** Set on an error that came as the answer to a request: finds it in the logs of the peer that made it. */
  readonly correlationId?: string;
}

/** The one error class that crosses a boundary. Anything else becomes `INTERNAL` there, logged and hidden. */
export class MeshError extends Error {
  override readonly name = "MeshError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  /** @param message one sentence for the person who made the request; never a secret */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

interface Statuses {
  readonly http: number;
  /** Close code of a WebSocket: RFC 6455 section 7.4, 4000 and up being ours. */
  readonly webSocket: number;
}

/** The one table from an error code to what each protocol calls it. */
export const statusOfCode: Readonly<Record<ErrorCode, Statuses>> = {
  INVALID_ARGUMENT: { http: 400, webSocket: 1007 },
  NOT_FOUND: { http: 404, webSocket: 4404 },
  ALREADY_EXISTS: { http: 409, webSocket: 4409 },
  PERMISSION_DENIED: { http: 403, webSocket: 4403 },
  UNAUTHENTICATED: { http: 401, webSocket: 4401 },
  RESOURCE_EXHAUSTED: { http: 429, webSocket: 1013 },
  FAILED_PRECONDITION: { http: 412, webSocket: 4412 },
  ABORTED: { http: 409, webSocket: 4409 },
  OUT_OF_RANGE: { http: 400, webSocket: 1007 },
  UNIMPLEMENTED: { http: 501, webSocket: 4501 },
  INTERNAL: { http: 500, webSocket: 1011 },
  UNAVAILABLE: { http: 503, webSocket: 1012 },
  DATA_LOSS: { http: 500, webSocket: 1011 },
  DEADLINE_EXCEEDED: { http: 504, webSocket: 4504 },
  CANCELLED: { http: 499, webSocket: 1001 },
};

/** The body of every error answer over HTTP (RFC 9457, `application/problem+json`). */
export const problemSchema = z.object({
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.int(),
  /** The code that programs should look at. */
  code: errorCodeSchema,
  detail: z.string(),
  /** Finds the request in the logs and events of every peer that it touched. */
  correlationId: z.string(),
  fields: z.array(fieldProblemSchema).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/**
 * Parses input from outside.
 *
 * @param what names the input in the error, as "node" or "query"
 * @throws MeshError INVALID_ARGUMENT that names each wrong field and what was expected
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  what: string,
): z.infer<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const fields = result.error.issues.flatMap(fieldProblems);
  const list = fields.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`));
  throw new MeshError("INVALID_ARGUMENT", `Invalid ${what}: ${list.join("; ")}`, { fields });
}

/** What an issue says of each field that it concerns; zod names unknown fields, and what a key should be, aside. */
function fieldProblems(issue: z.core.$ZodIssue): FieldProblem[] {
  if (issue.code === "unrecognized_keys") {
    const message = "there is no such field";
    return issue.keys.map((key) => ({ field: fieldPath([...issue.path, key]), message }));
  }
  const { message } = (issue.code === "invalid_key" ? issue.issues[0] : undefined) ?? issue;
  return [{ field: fieldPath(issue.path), message }];
}

function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}
