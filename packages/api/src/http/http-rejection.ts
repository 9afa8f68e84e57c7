import { type ErrorCode, type ErrorDetails, MeshError } from "@pi-controller/schema";

/** A request that is wrong in a way only HTTP knows, and that RFC 9110 has a status of its own for. */
export class HttpRejection extends MeshError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    details: ErrorDetails = {},
  ) {
    super(code, message, details);
    this.status = status;
    this.headers = headers;
  }
}

export const methodNotAllowed = (method: string, path: string, allowed: readonly string[]) =>
  new HttpRejection(405, "UNIMPLEMENTED", `${path} takes ${allowed.join(", ")}, not ${method}`, {
    allow: allowed.join(", "),
  });

export const bodyTooLarge = (maxBytes: number) =>
  new HttpRejection(413, "INVALID_ARGUMENT", `The body is larger than ${maxBytes} bytes`);

export const unsupportedMediaType = (found: string) =>
  new HttpRejection(415, "INVALID_ARGUMENT", `Expected a body of type application/json, not ${found}`);
