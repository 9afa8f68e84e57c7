import { STATUS_CODES } from "node:http";
import { MeshError, type Problem, statusOfCode } from "@pi-controller/schema";
import { HttpRejection } from "./http-rejection.ts";

export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  /** True when the error was not meant for the client, and has to be logged. */
  readonly hidden: boolean;
}

/** Pure: how an error is told over HTTP. What is not a MeshError says nothing about itself. */
export function problemOf(error: unknown, correlationId: string): ProblemAnswer {
  const hidden = !(error instanceof MeshError);
  const shown = hidden
    ? new MeshError("INTERNAL", "The peer failed to do this. Its log says why, under this correlation id.")
    : error;
  const status = shown instanceof HttpRejection ? shown.status : statusOfCode[shown.code].http;
  const { fields, retryAfterMs } = shown.details;
  const problem: Problem = {
    type: "about:blank",
    title: STATUS_CODES[status] ?? shown.code,
    status,
    code: shown.code,
    detail: shown.message,
    correlationId,
    ...(fields === undefined ? {} : { fields: [...fields] }),
  };
  const headers = {
    // RFC 9110 section 11.6.1 asks for it; a cookie is no scheme that it could name.
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...(shown instanceof HttpRejection ? shown.headers : {}),
    ...(retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) }),
  };
  return { problem, headers, hidden };
}
