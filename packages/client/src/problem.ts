import { type ErrorCode, MeshError, problemSchema, statusOfCode } from "@pi-controller/schema";

/** Statuses that several codes share, or that HTTP itself has, and what they say when no problem came along. */
const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  400: "INVALID_ARGUMENT",
  404: "NOT_FOUND",
  405: "UNIMPLEMENTED",
  409: "ALREADY_EXISTS",
  413: "INVALID_ARGUMENT",
  415: "INVALID_ARGUMENT",
  500: "INTERNAL",
  502: "UNAVAILABLE",
};

/**
 * The error that an HTTP answer stands for.
 *
 * @param body the parsed body, whatever it is: a proxy in between may have made it
 * @param retryAfter the `Retry-After` header, in seconds
 */
export function errorOfAnswer(status: number, body: unknown, retryAfter: string | null): MeshError {
  const retryAfterSeconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  const retry = Number.isFinite(retryAfterSeconds) ? { retryAfterMs: retryAfterSeconds * 1_000 } : {};
  const problem = problemSchema.safeParse(body);
  if (!problem.success) {
    return new MeshError(codeFor(status), `The peer answered with status ${status}`, retry);
  }
  const { code, detail, correlationId, fields } = problem.data;
  return new MeshError(code, detail, {
    ...retry,
    correlationId,
    ...(fields === undefined ? {} : { fields }),
  });
}

function codeFor(status: number): ErrorCode {
  const known = codeOfStatus[status];
  if (known !== undefined) return known;
  for (const [code, statuses] of Object.entries(statusOfCode)) {
    if (statuses.http === status) return code as ErrorCode;
  }
  return status >= 500 ? "UNAVAILABLE" : "INTERNAL";
}

/** Codes after which the same request fails again, so that a stream ends with them. */
const permanentCodes: readonly ErrorCode[] = [
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "PERMISSION_DENIED",
  "UNAUTHENTICATED",
  "FAILED_PRECONDITION",
  "UNIMPLEMENTED",
];

/** What the close code of a WebSocket says: why, and whether connecting again makes sense. */
export function errorOfClose(closeCode: number, reason: string): { error: MeshError; permanent: boolean } {
  const known = permanentCodes.find((code) => statusOfCode[code].webSocket === closeCode);
  if (known !== undefined) {
    return { error: new MeshError(known, reason || "The peer refused the stream"), permanent: true };
  }
  const code = closeCode === statusOfCode.RESOURCE_EXHAUSTED.webSocket ? "RESOURCE_EXHAUSTED" : "UNAVAILABLE";
  const message = reason || `The connection to the peer was lost (close code ${closeCode})`;
  return { error: new MeshError(code, message), permanent: false };
}
