import { once } from "node:events";
import type { IncomingMessage, RequestOptions } from "node:http";
import { connect } from "node:net";
import { MeshError, type RevocationQuestion } from "@pi-controller/schema";

const PATH = "/api/v1/enrolment/revocation";
const HTTPS_PORT = 443;
const TIMEOUT_MS = 4_000;
/** Two statements, and room for their signatures and the quotes in them. */
const MAX_ANSWER_BYTES = 512 * 1024;

/**
 * Asks at a member's API whether this node was revoked.
 *
 * The certificate is not verified: what is asked is no secret, and the answer proves itself. Whoever answers in the
 * member's place can say nothing that the authority has not signed.
 *
 * @param origin as `https://192.168.1.20:8080`
 * @returns what it answered, as JSON, unchecked
 * @throws MeshError UNAVAILABLE when no member answers there
 */
export async function askMember(
  origin: string,
  question: RevocationQuestion,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    const url = new URL(PATH, origin);
    for (const [name, value] of Object.entries(question)) url.searchParams.set(name, value);
    const response = await get(url, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]));
    const body = await bodyOf(response);
    if (response.statusCode !== 200) throw new Error(`it answered ${response.statusCode}`);
    return JSON.parse(body) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MeshError("UNAVAILABLE", `No member answers at ${origin}: ${reason}`, {}, { cause: error });
  }
}

async function get(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const isSecure = url.protocol === "https:";
  // TLS takes megabytes, and most of those who are out of reach are switched off.
  if (isSecure) await listens(url, signal);
  const { request } = isSecure ? await import("node:https") : await import("node:http");
  const options: RequestOptions & { rejectUnauthorized: boolean } = {
    agent: false,
    rejectUnauthorized: false,
    signal,
  };
  return new Promise((resolve, reject) => {
    const asking = request(url, options, resolve);
    asking.on("error", reject);
    asking.end();
  });
}

/** @throws when nobody listens there */
async function listens(url: URL, signal: AbortSignal): Promise<void> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const socket = connect({ host, port: Number(url.port || HTTPS_PORT) });
  try {
    await once(socket, "connect", { signal });
  } finally {
    socket.destroy();
  }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new Error("it answered too much");
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
