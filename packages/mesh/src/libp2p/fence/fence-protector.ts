import type {
  AbortOptions,
  ConnectionProtector,
  MessageStream,
  MultiaddrConnection,
} from "@libp2p/interface";
import { type ByteStream, byteStream } from "@libp2p/utils";
import { type Clock, type Logger, LogLimiter } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { Uint8ArrayList } from "uint8arraylist";
import type { Fence } from "../../gate/gate.ts";
import { hostOf } from "../dial-plan.ts";
import {
  answerCipher,
  beginFence,
  type FenceCipher,
  HELLO_BYTES,
  newSalt,
  recogniseFence,
  SALT_BYTES,
} from "./fence-cipher.ts";
import { FencedConnection } from "./fenced-connection.ts";

/** How long a dialler may take for its hello, which it sends in the first packet. */
const HELLO_TIMEOUT_MS = 3_000;
/** More than the hello is what the dialler sends right behind it: no more than the first messages of libp2p. */
const MAX_EARLY_BYTES = 16 * 1024;
/**
 * Of one machine: half of the places for handshakes that libp2p has, so that it alone cannot take them all, and
 * more than honest peers behind one address need, who are accepted in one go before the first one is read.
 */
const MAX_WAITING_PER_HOST = 128;
const LOG_PERIOD_MS = 60_000;
/** A ring holds one key an epoch whose members have not all fetched the next; more than this is not tried. */
const MAX_ACCEPTED_KEYS = 16;

/**
 * The fence as libp2p's connection protector, in the manner of its pre-shared keys but with a ring of them, and
 * with a listener that says nothing before it has recognised the key.
 *
 * Dialler: 32 bytes of salt and 16 that only a holder of the key can have derived from it, then everything under
 * ChaCha20 with a key from HKDF-SHA256(fence key, salt). Listener: 32 bytes of salt, then the same with a key of
 * both salts. It hides and keeps out; that nothing was changed and who is there is proven by Noise, inside of it.
 */
export class FenceProtector implements ConnectionProtector {
  readonly #fence: Fence;
  readonly #logger: Logger;
  readonly #logLimiter: LogLimiter;
  /** How many diallers of each machine have not sent their hello yet; none is kept at zero. */
  readonly #waiting = new Map<string, number>();

  constructor(components: { fence: Fence; clock: Clock; logger: Logger }) {
    this.#fence = components.fence;
    this.#logger = components.logger;
    this.#logLimiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
  }

  /** @throws MeshError PERMISSION_DENIED for a dialler outside the fence; what libp2p throws when it is too slow */
  async protect(stream: MessageStream, options: AbortOptions = {}): Promise<MessageStream> {
    // libp2p's upgrader is the only caller and gives it the transport's connection.
    const connection = stream as MultiaddrConnection;
    return connection.direction === "outbound"
      ? this.#enter(connection)
      : this.#guard(connection, options.signal);
  }

  #enter(connection: MultiaddrConnection): MessageStream {
    const fenceKey = this.#fence.dialling(peerIn(connection.remoteAddr.toString()));
    if (fenceKey === undefined) return connection;
    const { hello, cipher } = beginFence(fenceKey);
    const diallerSalt = hello.subarray(0, SALT_BYTES);
    const received = new Uint8ArrayList();
    let incoming: FenceCipher | undefined;
    connection.send(hello);
    return new FencedConnection(connection, cipher, (bytes) => {
      if (incoming !== undefined) return incoming.update(bytes);
      received.append(bytes);
      if (received.byteLength < SALT_BYTES) return undefined;
      incoming = answerCipher(fenceKey, diallerSalt, received.subarray(0, SALT_BYTES));
      return incoming.update(received.subarray(SALT_BYTES));
    });
  }

  async #guard(connection: MultiaddrConnection, signal: AbortSignal | undefined): Promise<MessageStream> {
    const accepted = this.#fence.accepted().slice(0, MAX_ACCEPTED_KEYS);
    if (accepted.length === 0) return connection;
    const bytes = byteStream(connection, { maxBufferSize: HELLO_BYTES + MAX_EARLY_BYTES });
    const hello = await this.#wait(connection, () => readHello(bytes, signal));
    const recognised = recogniseFence(hello, accepted);
    if (recognised === undefined) {
      const host = hostOf(connection.remoteAddr.toString());
      this.#logLimiter.limit("no key", (suppressed) =>
        this.#logger.info({ host, suppressed }, "Somebody without a key of this mesh was turned away"),
      );
      throw new MeshError("PERMISSION_DENIED", "The dialler does not have a key of this mesh");
    }
    const listenerSalt = newSalt();
    connection.send(listenerSalt);
    const diallerSalt = hello.subarray(0, SALT_BYTES);
    const outgoing = answerCipher(recognised.fenceKey, diallerSalt, listenerSalt);
    const fenced = new FencedConnection(connection, outgoing, (part) => recognised.cipher.update(part));
    bytes.unwrap();
    return fenced;
  }

  async #wait<T>(connection: MultiaddrConnection, read: () => Promise<T>): Promise<T> {
    const host = hostOf(connection.remoteAddr.toString());
    const waiting = this.#waiting.get(host) ?? 0;
    if (waiting >= MAX_WAITING_PER_HOST) {
      throw new MeshError("RESOURCE_EXHAUSTED", `Too many connections from ${host} wait at the fence`);
    }
    this.#waiting.set(host, waiting + 1);
    try {
      return await read();
    } finally {
      const left = (this.#waiting.get(host) ?? 1) - 1;
      if (left > 0) this.#waiting.set(host, left);
      else this.#waiting.delete(host);
    }
  }
}

async function readHello(
  bytes: ByteStream<MessageStream>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(HELLO_TIMEOUT_MS);
  const hello = await bytes.read({
    bytes: HELLO_BYTES,
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
  return hello.subarray();
}

function peerIn(address: string): string | undefined {
  return /\/p2p\/([^/]+)$/.exec(address)?.[1];
}
