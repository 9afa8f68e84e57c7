import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Host } from "./namespaces.ts";
import type { JsonRequest } from "./peer-process.ts";

const run = promisify(execFile);
const WITHIN_MS = 15_000;

/** Runs on a host: opens a TLS connection and prints what came of it. */
const CONNECT = `
  const tls = require("node:tls");
  const options = JSON.parse(process.argv[1]);
  const tell = (result) => { console.log(JSON.stringify(result)); process.exit(0); };
  const socket = tls.connect({ ...options, rejectUnauthorized: false }, () => {
    const { authorized, authorizationError } = socket;
    const certificate = socket.getPeerX509Certificate();
    tell({
      protocol: socket.getProtocol(),
      problem: authorized ? null : String(authorizationError.code ?? authorizationError),
      names: certificate.subjectAltName ?? "",
      notAfter: certificate.validTo,
    });
  });
  socket.on("error", (error) => tell({ protocol: null, problem: error.code ?? error.message }));
  setTimeout(() => tell({ protocol: null, problem: "no answer" }), 10000);
`;

export interface TlsAttempt {
  readonly host: string;
  readonly port: number;
  /** Asked for by this name; by the address when left out. */
  readonly servername?: string;
  /** PEM of the only root that is trusted. */
  readonly ca?: string;
  readonly minVersion?: "TLSv1" | "TLSv1.2" | "TLSv1.3";
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
}

export interface TlsOutcome {
  /** Null when there was no handshake. */
  readonly protocol: string | null;
  /** Why the certificate cannot be trusted, or why there was no handshake; null when all is well. */
  readonly problem: string | null;
  readonly names?: string;
  readonly notAfter?: string;
}

/** Connects from a host as a client that trusts one root alone. */
export async function connectTls(from: Host, attempt: TlsAttempt): Promise<TlsOutcome> {
  return JSON.parse(await runNode(from, ["-e", CONNECT, JSON.stringify(attempt)])) as TlsOutcome;
}

/** Runs on a host: makes one request, follows no redirect and takes any certificate. */
const ASK = `
  const { url, method, headers, body } = JSON.parse(process.argv[1]);
  const { request } = require(url.startsWith("https:") ? "node:https" : "node:http");
  const sending = request(url, { method, headers, rejectUnauthorized: false }, async (answer) => {
    let text = "";
    for await (const chunk of answer) text += chunk;
    console.log(JSON.stringify({ status: answer.statusCode, headers: answer.headers, text }));
    process.exit(0);
  });
  sending.end(body);
`;

export interface HostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Asks a peer from a host, over the network between the two. */
export async function askFrom(from: Host, url: string, request: JsonRequest = {}): Promise<HostAnswer> {
  return JSON.parse(await runNode(from, ["-e", ASK, JSON.stringify({ url, ...request })])) as HostAnswer;
}

/** Runs on a host: sends some bytes to a port, and prints how many came back, and after how many ms it was closed. */
const KNOCK = `
  const { host, port, bytes } = JSON.parse(process.argv[1]);
  const started = performance.now();
  let received = 0;
  const socket = require("node:net").connect({ host, port }, () => socket.write(Buffer.from(bytes, "base64")));
  socket.on("data", (chunk) => (received += chunk.length));
  socket.on("error", () => {});
  socket.on("close", () => {
    console.log(JSON.stringify({ received, closedAfterMs: performance.now() - started }));
    process.exit(0);
  });
`;

/** Sends bytes to a TCP port and waits until it is closed. */
export async function sendTo(
  from: Host,
  target: { readonly host: string; readonly port: number },
  bytes: Uint8Array,
): Promise<{ readonly received: number; readonly closedAfterMs: number }> {
  const options = JSON.stringify({ ...target, bytes: Buffer.from(bytes).toString("base64") });
  return JSON.parse(await runNode(from, ["-e", KNOCK, options])) as {
    received: number;
    closedAfterMs: number;
  };
}

/** Runs Node on a host. @returns what it prints */
export async function runNode(from: Host, nodeArguments: readonly string[]): Promise<string> {
  const [program = "", ...args] = [...from.wrapper, process.execPath, ...nodeArguments];
  return (await run(program, args, { timeout: WITHIN_MS })).stdout;
}
