import type { MessageStream } from "@libp2p/interface";
import { byteStream, multiaddrConnectionPair } from "@libp2p/utils";
import { type Random, seededRandom, silentLogger, systemClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import type { Fence } from "../../gate/gate.ts";
import { beginFence, HELLO_BYTES, recogniseFence, SALT_BYTES } from "./fence-cipher.ts";
import { FenceProtector } from "./fence-protector.ts";

const keyOf = (number: number) => new Uint8Array(32).fill(number);

function protectorOf(fence: Fence): FenceProtector {
  return new FenceProtector({ fence, clock: systemClock(), logger: silentLogger });
}

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random.next() * 256));
}

/** Sends some bytes in pieces of any size, and takes as many from the other side. */
async function exchange(
  from: MessageStream,
  to: MessageStream,
  sent: Uint8Array,
  random: Random,
): Promise<Uint8Array> {
  const received = byteStream(to).read({ bytes: sent.byteLength, signal: AbortSignal.timeout(5_000) });
  for (let start = 0; start < sent.byteLength; ) {
    const end = start + 1 + Math.floor(random.next() * 200);
    from.send(sent.subarray(start, end));
    start = end;
  }
  return (await received).subarray();
}

describe("FenceProtector", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "carries bytes both ways in whatever pieces they come (seed %i)",
    async (seed) => {
      const random = seededRandom(seed);
      const pieces = () => ({ maxMessageSize: 1 + Math.floor(random.next() * 90) });
      const [outbound, inbound] = multiaddrConnectionPair({ outbound: pieces(), inbound: pieces() });
      const ring = [keyOf(1), keyOf(2), keyOf(3)];
      const dialler = protectorOf({ accepted: () => [], dialling: () => keyOf(1 + (seed % 3)) });
      const listener = protectorOf({ accepted: () => ring, dialling: () => undefined });
      const [one, other] = await Promise.all([dialler.protect(outbound), listener.protect(inbound)]);
      const [there, back] = [randomBytes(random, 1_500), randomBytes(random, 1_500)];
      const arrived = await Promise.all([
        exchange(one, other, there, random),
        exchange(other, one, back, random),
      ]);
      expect(arrived[0], `seed ${seed}`).toEqual(there);
      expect(arrived[1], `seed ${seed}`).toEqual(back);
    },
  );

  it("asks for the key of the peer that is dialled", async () => {
    const peer = "12D3KooWGZaFe49yE1nV7J1WTLw5rzVJbTEkrYBqo9SyeM4WaGCG";
    const [outbound] = multiaddrConnectionPair();
    const asked: (string | undefined)[] = [];
    const protector = protectorOf({
      accepted: () => [],
      dialling: (target) => {
        asked.push(target);
        return undefined;
      },
    });
    await protector.protect(outbound);
    outbound.remoteAddr = outbound.remoteAddr.encapsulate(`/p2p/${peer}`);
    expect(await protector.protect(outbound)).toBe(outbound);
    expect(asked).toEqual([undefined, peer]);
  });
});

describe("recogniseFence", () => {
  it("takes no hello of which a single bit was changed", () => {
    const { hello } = beginFence(keyOf(1));
    expect(hello).toHaveLength(HELLO_BYTES);
    expect(recogniseFence(hello, [keyOf(2), keyOf(1)])?.fenceKey).toEqual(keyOf(1));
    for (let index = 0; index < HELLO_BYTES; index++) {
      const changed = Uint8Array.from(hello);
      changed[index] = (changed[index] as number) ^ 1;
      expect(recogniseFence(changed, [keyOf(1)]), `byte ${index}`).toBeUndefined();
    }
  });

  it("never meets the same salt or keystream twice", () => {
    const [one, other] = [beginFence(keyOf(1)), beginFence(keyOf(1))];
    expect(one.hello.subarray(0, SALT_BYTES)).not.toEqual(other.hello.subarray(0, SALT_BYTES));
    const clear = new Uint8Array(64);
    expect(one.cipher.update(clear)).not.toEqual(other.cipher.update(clear));
  });
});
