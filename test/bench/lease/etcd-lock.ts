import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../support/free-ports.ts";
import { waitFor } from "../../support/wait.ts";

const MEMBERS = 3;

/** A three-member etcd on loopback, with its data where ours is, and a lock service client as its documents say. */
export class EtcdCluster {
  readonly #directory = mkdtempSync(join(tmpdir(), "pi-controller-etcd-"));
  #members: readonly ChildProcess[] = [];
  #session: ClientHttp2Session | undefined;
  #lease = 0n;

  async start(): Promise<void> {
    const ports = await freePorts(2 * MEMBERS);
    const peerUrl = (index: number) => `http://127.0.0.1:${ports[index]}`;
    const clientUrl = (index: number) => `http://127.0.0.1:${ports[MEMBERS + index]}`;
    const names = Array.from({ length: MEMBERS }, (_, index) => `member-${index}`);
    const cluster = names.map((name, index) => `${name}=${peerUrl(index)}`).join(",");
    this.#members = names.map((name, index) =>
      spawn(
        "etcd",
        [
          ...["--name", name, "--data-dir", join(this.#directory, name), "--initial-cluster", cluster],
          ...["--listen-peer-urls", peerUrl(index), "--initial-advertise-peer-urls", peerUrl(index)],
          ...["--listen-client-urls", clientUrl(index), "--advertise-client-urls", clientUrl(index)],
        ],
        { stdio: "ignore" },
      ),
    );
    await waitFor("etcd has a leader", () => this.#grantLease(clientUrl(0)), {
      withinMs: 30_000,
      everyMs: 200,
    });
  }

  /** Takes and gives back one lock. @returns how long the taking took, in ms */
  async lock(name: string): Promise<number> {
    const startedMs = performance.now();
    // LockRequest { bytes name = 1; int64 lease = 2; }, LockResponse { header = 1; bytes key = 2; }
    const answer = await this.#call("/v3lockpb.Lock/Lock", [bytesField(1, name), intField(2, this.#lease)]);
    const tookMs = performance.now() - startedMs;
    const key = fieldOf(answer, 2);
    if (!(key instanceof Uint8Array)) throw new Error("etcd's lock has no key");
    await this.#call("/v3lockpb.Lock/Unlock", [bytesField(1, key)]);
    return tookMs;
  }

  async stop(): Promise<void> {
    this.#session?.destroy();
    const ended = this.#members.map((member) => new Promise((resolve) => member.once("exit", resolve)));
    for (const member of this.#members) member.kill("SIGKILL");
    await Promise.all(ended);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #grantLease(url: string): Promise<boolean> {
    this.#session?.destroy();
    const session = connect(url);
    session.on("error", () => session.destroy());
    this.#session = session;
    try {
      // LeaseGrantRequest { int64 TTL = 1; }, LeaseGrantResponse { header = 1; int64 ID = 2; }
      const lease = fieldOf(await this.#call("/etcdserverpb.Lease/LeaseGrant", [intField(1, 600n)]), 2);
      if (typeof lease !== "bigint") return false;
      this.#lease = lease;
      return true;
    } catch (error) {
      if (error instanceof Error) return false;
      throw error;
    }
  }

  /** A unary call of gRPC over HTTP/2: one length-prefixed message each way. */
  #call(path: string, fields: readonly Uint8Array[]): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    if (this.#session === undefined) throw new Error("etcd was not started");
    const message = Buffer.concat(fields);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
    const stream = this.#session.request(headers);
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("trailers", (trailers) => {
      if (trailers["grpc-status"] !== "0") reject(new Error(`etcd: ${String(trailers["grpc-message"])}`));
    });
    stream.on("end", () => resolve(Buffer.concat(chunks).subarray(5)));
    stream.setTimeout(10_000, () => reject(new Error("etcd does not answer")));
    stream.end(Buffer.concat([prefix, message]));
    return promise;
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Uint8Array.from([...bytes, Number(rest)]);
}

function intField(number: number, value: bigint): Uint8Array {
  return Buffer.concat([varint(BigInt(number << 3)), varint(value)]);
}

function bytesField(number: number, value: string | Uint8Array): Uint8Array {
  const content = Buffer.from(value);
  return Buffer.concat([varint(BigInt((number << 3) | 2)), varint(BigInt(content.length)), content]);
}

/** The last field of that number in a message of varints and byte strings. */
function fieldOf(message: Uint8Array, wanted: number): bigint | Uint8Array | undefined {
  let found: bigint | Uint8Array | undefined;
  let offset = 0;
  const readVarint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[offset++];
      if (byte === undefined) throw new Error("etcd's answer ends early");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (offset < message.length) {
    const tag = Number(readVarint());
    let value: bigint | Uint8Array = readVarint();
    if ((tag & 7) === 2) {
      const length = Number(value);
      value = message.subarray(offset, offset + length);
      offset += length;
    }
    if (tag >> 3 === wanted) found = value;
  }
  return found;
}
