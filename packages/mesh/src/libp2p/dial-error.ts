import type { DialFailure } from "./dial-plan.ts";

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to the machine",
  ENETUNREACH: "no route to the network",
  ENETDOWN: "the network is down",
  ETIMEDOUT: "no answer",
  ECONNRESET: "the connection was reset",
};

/** How libp2p calls it when the other side speaks another protocol, such as HTTP. */
const NO_PEER_THERE = new Set([
  "EncryptionFailedError",
  "InvalidMessageError",
  "InvalidDataLengthError",
  "InvalidDataLengthLengthError",
  "UnexpectedEOFError",
]);

/** How libp2p calls it when this side's gate does not let it connect. */
const DENIED = new Set(["ConnectionInterceptedError", "DialDeniedError"]);

/**
 * What a failed dial of one address means.
 *
 * libp2p passes Node's error on as it is when one address was tried, and wraps several in an AggregateError.
 */
export function explainDialError(error: unknown): { failure: DialFailure; reason: string } {
  const errors = flatten(error);
  const codes = errors.map(codeOf).filter((code) => code !== undefined);
  if (codes.includes("ECONNREFUSED")) return { failure: "refused", reason: "connection refused" };
  const known = codes.map((code) => REASONS[code]).find((reason) => reason !== undefined);
  if (known !== undefined) return { failure: "unreachable", reason: known };
  if (errors.some(({ name }) => name === "AbortError" || name === "TimeoutError")) {
    return { failure: "unreachable", reason: "no answer in time" };
  }
  if (errors.some(({ name }) => name === "UnsupportedProtocolError")) {
    return { failure: "unreachable", reason: "the peer there is of another mesh" };
  }
  if (errors.some(({ name }) => DENIED.has(name))) {
    return { failure: "unreachable", reason: "the peer there is not allowed in this mesh" };
  }
  if (errors.some(({ message }) => message === "Can not dial self")) {
    return { failure: "unreachable", reason: "this is the peer itself" };
  }
  if (errors.some(({ name }) => NO_PEER_THERE.has(name))) {
    return { failure: "unreachable", reason: "what answers there is no peer, or does not let this one in" };
  }
  return { failure: "unreachable", reason: errors[0]?.message ?? String(error) };
}

function flatten(error: unknown): Error[] {
  if (error instanceof AggregateError) return error.errors.flatMap(flatten);
  return error instanceof Error ? [error] : [];
}

function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
