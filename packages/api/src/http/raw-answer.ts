import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { ProblemAnswer } from "./problem.ts";

/** Answers on a bare socket, where there is no request that HTTP could make sense of, and closes it. */
export function answerOnSocket(socket: Duplex, { problem, headers }: ProblemAnswer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(problem);
  const lines = Object.entries({
    connection: "close",
    "content-type": "application/problem+json",
    "content-length": String(Buffer.byteLength(body)),
    "x-correlation-id": problem.correlationId,
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ""}`;
  socket.end([status, ...lines, "", body].join("\r\n"), () => socket.destroy());
}
