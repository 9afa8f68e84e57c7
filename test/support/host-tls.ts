import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Host } from "./namespaces.ts";

const run = promisify(execFile);
const WITHIN_MS = 15_000;

/** Runs on a host: opens a TLS connection, makes one request over it, and prints what came of it. */
const PROGRAM = `
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
  const [program = "", ...args] = [
    ...from.wrapper,
    ...[process.execPath, "-e", PROGRAM, JSON.stringify(attempt)],
  ];
  const { stdout } = await run(program, args, { timeout: WITHIN_MS });
  return JSON.parse(stdout) as TlsOutcome;
}
