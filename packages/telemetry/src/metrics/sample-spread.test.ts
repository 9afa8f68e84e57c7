import type { ConnectionStatus, RequestHandler } from "@pi-controller/mesh";
import { simulatedSigner } from "@pi-controller/mesh/simulated";
import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { MAX_NODES } from "./metrics-budget.ts";
import { encodeSample, unpackSample } from "./metrics-codec.ts";
import {
  type CarriedSample,
  decodeAnswer,
  decodeComparison,
  decodeGift,
  encodeAnswer,
  encodeComparison,
  encodeGift,
  MAX_ANSWER_BYTES,
  shortIdOf,
} from "./sample-messages.ts";
import { EXCHANGE_METHOD, GIFT_METHOD, SampleSpread } from "./sample-spread.ts";
import { sampleAt } from "./samples.fixture.ts";
import { signSample, VERSION_LIMIT } from "./signed-sample.ts";

const SELF = "node-self";
const HOSTILE = "node-hostile";
const VICTIM = "node-victim";
const MEMBERS: readonly NodeId[] = [SELF, HOSTILE, VICTIM, "node-other"];
const EXPECTED_WAIT_MS = 2_500;
const NOTHING = encodeAnswer({ wanted: [], samples: [] });

/** A sample as its node signs it; `fields` is what somebody changes after that. */
function carried(
  node: NodeId,
  bootEpoch: number,
  sequence: number,
  fields: Partial<CarriedSample> & { readonly cpuUsage?: number; readonly body?: Uint8Array } = {},
): CarriedSample {
  const { cpuUsage = 0.25, ...changed } = fields;
  const body = encodeSample(sampleAt(1_000, { cpuUsage }));
  const signed = signSample(simulatedSigner(node), node, { bootEpoch, sequence }, body);
  return { ...signed, signature: new Uint8Array(signed.signature), ageMs: 0, ...changed };
}

/** One peer, whose only connection is to somebody who does as the test says. */
function make({ bootEpoch = 5 }: { bootEpoch?: number } = {}) {
  const clock = new VirtualClock();
  const handlers = new Map<string, RequestHandler>();
  const taken: { node: NodeId; ageMs: number; cpuUsage: number | null }[] = [];
  const asked: { method: string; payload: Uint8Array }[] = [];
  const warnings: string[] = [];
  const counted = { verifications: 0 };
  const hostile = {
    /** What it answers to a comparison. */
    answer: async (): Promise<Uint8Array> => NOTHING,
  };
  const connection: ConnectionStatus = {
    peer: HOSTILE,
    address: "",
    direction: "inbound",
    roundTripMs: null,
    openedAtMs: 0,
  };
  const signer = simulatedSigner(SELF);
  const spread = new SampleSpread(
    {
      clock,
      random: seededRandom(3),
      logger: { ...silentLogger, warn: (_fields: object, message: string) => void warnings.push(message) },
      memberCount: () => 100,
      isMember: (node) => MEMBERS.includes(node) || node.startsWith("member-"),
      signer: {
        sign: (bytes) => signer.sign(bytes),
        verify(...args) {
          counted.verifications++;
          return signer.verify(...args);
        },
      },
      network: {
        self: SELF,
        handle(method, handler) {
          handlers.set(method, handler);
          return () => handlers.delete(method);
        },
        async request(_peer, method, payload) {
          asked.push({ method, payload });
          return method === EXCHANGE_METHOD ? hostile.answer() : new Uint8Array();
        },
        status: () => ({ addresses: [], connections: [connection] }),
      },
      onTaken: (node, packed, measuredAtMs) =>
        taken.push({
          node,
          ageMs: clock.monotonic() - measuredAtMs,
          cpuUsage: unpackSample(packed).cpuUsage,
        }),
    },
    { bootEpoch },
  );
  spread.start();
  /** The peer asks once more, and gets this. */
  const answerWith = async (samples: readonly CarriedSample[], wanted: readonly number[] = []) => {
    hostile.answer = async () => {
      hostile.answer = async () => NOTHING;
      return encodeAnswer({ wanted, samples });
    };
    await clock.advance(2 * EXPECTED_WAIT_MS);
  };
  /** Somebody asks the peer, or gives it something. */
  const receive = async (method: string, payload: Uint8Array, from = HOSTILE) => {
    const handler = handlers.get(method);
    if (handler === undefined) throw new Error(`${method} has no handler`);
    return handler({ from, payload, signal: new AbortController().signal });
  };
  const compare = async (held: Parameters<typeof encodeComparison>[0], from = HOSTILE) =>
    decodeAnswer(await receive(EXCHANGE_METHOD, encodeComparison(held), from));
  return { clock, hostile, spread, taken, asked, warnings, counted, answerWith, receive, compare };
}

describe("SampleSpread", () => {
  it("takes what is new, with the age that it has had, and gives what the other lacks with the age that it has then", async () => {
    const { clock, taken, answerWith, compare } = make();
    await answerWith([carried(VICTIM, 1, 7, { ageMs: 20_000, cpuUsage: 0.5 })]);
    expect(taken).toEqual([{ node: VICTIM, ageMs: 20_000, cpuUsage: 0.5 }]);
    const { samples } = await compare([]);
    const before = samples[0]?.ageMs ?? 0;
    await clock.advance(10_000);
    const [later] = (await compare([])).samples;
    expect(later).toMatchObject({
      node: VICTIM,
      version: { bootEpoch: 1, sequence: 7 },
      ageMs: before + 10_000,
    });
    // Nothing, once it is there.
    expect(await compare([{ short: shortIdOf(VICTIM), version: { bootEpoch: 1, sequence: 7 } }])).toEqual({
      wanted: [],
      samples: [],
    });
  });

  it("counts the time that an answer was under way as age", async () => {
    const { clock, hostile, taken } = make();
    const arrived = Promise.withResolvers<Uint8Array>();
    hostile.answer = () => {
      clock.setTimer(
        () => arrived.resolve(encodeAnswer({ wanted: [], samples: [carried(VICTIM, 1, 1)] })),
        4_000,
      );
      return arrived.promise;
    };
    await clock.advance(EXPECTED_WAIT_MS + 4_000);
    expect(taken).toEqual([{ node: VICTIM, ageMs: 4_000, cpuUsage: 0.25 }]);
  });

  it("asks for what is newer there and takes it as a gift, once and in time", async () => {
    const { clock, taken, compare, receive } = make();
    const sample = carried(VICTIM, 2, 1);
    const held = [{ short: shortIdOf(VICTIM), version: sample.version }];
    expect((await compare(held)).wanted).toEqual([shortIdOf(VICTIM)]);
    await receive(GIFT_METHOD, encodeGift([sample]));
    expect(taken).toHaveLength(1);
    const unasked = encodeGift([carried(VICTIM, 2, 2)]);
    await expect(receive(GIFT_METHOD, unasked)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await compare([{ short: shortIdOf(VICTIM), version: { bootEpoch: 2, sequence: 2 } }]);
    await expect(receive(GIFT_METHOD, unasked, VICTIM)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    await clock.advance(10_001);
    await expect(receive(GIFT_METHOD, unasked)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(taken).toHaveLength(1);
  });

  it("gives what it is asked for, and nothing else", async () => {
    const { spread, asked, answerWith } = make();
    spread.share(sampleAt(0));
    await answerWith([], [shortIdOf(SELF), shortIdOf(VICTIM), 12_345]);
    const gifts = asked
      .filter(({ method }) => method === GIFT_METHOD)
      .map(({ payload }) => decodeGift(payload));
    expect(gifts).toEqual([
      [expect.objectContaining({ node: SELF, version: { bootEpoch: 5, sequence: 1 } })],
    ]);
  });

  it.each<[string, Partial<CarriedSample>]>([
    ["another value", { body: encodeSample(sampleAt(1_000, { cpuUsage: 1 })) }],
    ["another start", { version: { bootEpoch: 3, sequence: 1 } }],
    ["a later sample", { version: { bootEpoch: 2, sequence: 2 } }],
    ["another node", { node: "node-other" }],
    ["no signature", { signature: new Uint8Array(64) }],
    [
      "no sample, though signed",
      signSample(simulatedSigner(VICTIM), VICTIM, { bootEpoch: 2, sequence: 1 }, Buffer.from("[]")),
    ],
  ])(
    "does not let a member put %s under a node's signature, and believes it nothing for a minute",
    async (_, changed) => {
      const { clock, taken, warnings, counted, answerWith, compare, asked } = make();
      await answerWith([carried(VICTIM, 2, 1, changed), carried("node-other", 1, 1)]);
      expect(taken).toEqual([]);
      expect(warnings).toEqual(["Metrics that a peer passed on are none; skipped."]);
      expect(counted.verifications).toBeLessThanOrEqual(1);
      // It is neither asked nor answered.
      const questions = asked.length;
      await expect(compare([])).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
      await clock.advance(30_000);
      expect(asked).toHaveLength(questions);
      await clock.advance(30_000);
      await answerWith([carried(VICTIM, 2, 1)]);
      expect(taken).toHaveLength(1);
      expect(warnings).toHaveLength(1);
    },
  );

  it("takes what its node has signed for this purpose, in the form that the protocol names", () => {
    const signed: string[] = [];
    const sign = (bytes: Uint8Array) => {
      signed.push(Buffer.from(bytes).toString());
      return new Uint8Array(64);
    };
    const body = Buffer.from("[1]");
    signSample({ sign, verify: () => false }, VICTIM, { bootEpoch: 2, sequence: 3 }, body);
    expect(signed).toEqual(["pi-controller/metrics/sample/1\nnode-victim\n2\n3\n[1]"]);
  });

  it("loses nothing of two nodes whose short ids are the same", async () => {
    const { answerWith, compare } = make();
    await answerWith([carried(VICTIM, 5, 5)]);
    const short = shortIdOf(VICTIM);
    const versions = [
      { short, version: { bootEpoch: 1, sequence: 1 } },
      { short, version: { bootEpoch: 9, sequence: 9 } },
    ];
    for (const held of [versions, versions.toReversed()]) {
      const { samples, wanted } = await compare(held);
      expect(samples.map(({ node }) => node)).toEqual([VICTIM]);
      expect(wanted).toEqual([short]);
    }
  });

  it("ignores replays and older versions, and verifies no signature twice", async () => {
    const { taken, counted, answerWith } = make();
    const [first, second] = [carried(VICTIM, 3, 1), carried(VICTIM, 3, 2)];
    await answerWith([second]);
    for (const old of [first, second, carried(VICTIM, 2, 1_000_000)]) await answerWith([old]);
    expect(taken).toHaveLength(1);
    expect(counted.verifications).toBe(1);
    // Its next start begins the sequence anew.
    await answerWith([carried(VICTIM, 4, 1, { cpuUsage: 0.75 })]);
    expect(taken.at(-1)).toMatchObject({ node: VICTIM, cpuUsage: 0.75 });
  });

  it("takes and keeps nothing of nodes that are no members, without blaming who passes it on", async () => {
    const { taken, warnings, counted, answerWith, compare } = make();
    await answerWith([carried("stranger-1", 1, 1), carried(VICTIM, 1, 1)]);
    expect(taken.map(({ node }) => node)).toEqual([VICTIM]);
    expect(warnings).toEqual([]);
    expect(counted.verifications).toBe(1);
    expect((await compare([])).samples.map(({ node }) => node)).toEqual([VICTIM]);
  });

  it("has a node that exaggerates its version spoil nothing but its own values", async () => {
    const { taken, answerWith } = make();
    const last = VERSION_LIMIT - 1;
    await answerWith([carried(HOSTILE, last, last), carried(VICTIM, 1, 1)]);
    await answerWith([carried(VICTIM, 1, 2), carried(HOSTILE, 1, 1)]);
    expect(taken.map(({ node }) => node)).toEqual([HOSTILE, VICTIM, VICTIM]);
  });

  it("goes on from what others have of this node, when its counter was set back, but only if it has signed that", async () => {
    const { spread, compare, answerWith } = make({ bootEpoch: 3 });
    spread.share(sampleAt(0));
    await answerWith([carried(SELF, 40, 7)]);
    const version = { bootEpoch: 40, sequence: 8 };
    expect((await compare([])).samples).toMatchObject([{ node: SELF, version }]);
    await answerWith([carried(SELF, 41, 1, { signature: new Uint8Array(64) })]);
    spread.share(sampleAt(0));
    const { samples } = await compare([], VICTIM);
    expect(samples).toMatchObject([{ node: SELF, version: { bootEpoch: 40, sequence: 9 } }]);
  });

  it("answers nobody more often than once a second for long, nor gives one peer all again and again", async () => {
    const { clock, answerWith, compare } = make();
    const all = Array.from({ length: 900 }, (_, index) => carried(`member-${index}`, 1, 1));
    await answerWith(all);
    await clock.advance(10_000);
    let given = 0;
    let refused = 0;
    for (let second = 0; second < 60; second++) {
      for (let time = 0; time < 10; time++) {
        try {
          given += (await compare([])).samples.length;
        } catch (error) {
          expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
          refused++;
        }
      }
      await clock.advance(1_000);
    }
    expect(refused).toBeGreaterThan(500);
    expect(given).toBeLessThan(MAX_NODES + 60 * 30 + 1);
    // Another one gets all of it.
    expect((await compare([], VICTIM)).samples.length).toBe(900);
  });

  it("verifies a few signatures at a time, however many come at once", async () => {
    const { clock, hostile, taken, counted } = make();
    const all = Array.from({ length: 500 }, (_, index) => carried(`member-${index}`, 1, 1, { ageMs: 1_000 }));
    hostile.answer = async () => encodeAnswer({ wanted: [], samples: all });
    let most = 0;
    for (let before = 0; taken.length < 500; before = counted.verifications) {
      await clock.advance(10);
      most = Math.max(most, counted.verifications - before);
    }
    expect(most).toBe(10);
    expect(counted.verifications).toBe(500);
    // Waiting made nothing younger.
    expect(Math.max(...taken.map(({ ageMs }) => ageMs))).toBeGreaterThan(3_000);
    expect(Math.min(...taken.map(({ ageMs }) => ageMs))).toBe(1_000);
  });

  it("lets no peer have it verify sample after sample of one node", async () => {
    const own = Array.from({ length: 400 }, (_, index) => carried(HOSTILE, 1, index + 1));
    const asking = make();
    await asking.answerWith(own);
    await asking.clock.advance(60_000);
    const asked = make();
    await asked.compare([{ short: shortIdOf(HOSTILE), version: { bootEpoch: 1, sequence: 400 } }]);
    await asked.receive(GIFT_METHOD, encodeGift(own));
    await asked.clock.advance(60_000);
    for (const { counted, warnings } of [asking, asked]) {
      expect(counted.verifications).toBeLessThanOrEqual(1);
      expect(warnings).toHaveLength(1);
    }
  });

  it.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["another format", Uint8Array.of(2, 0, 0)],
    ["more than fits", new Uint8Array(MAX_ANSWER_BYTES + 1).fill(1)],
    ["a count of too many", Uint8Array.of(1, 255, 255, 255, 3)],
    ["numbers without end", new Uint8Array(1_000).fill(255).fill(1, 0, 1)],
    ["half a message", encodeAnswer({ wanted: [], samples: [carried(VICTIM, 1, 1)] }).subarray(0, 100)],
    ["something after the end", Buffer.concat([NOTHING, Buffer.from("x")])],
  ])("skips %s for an answer, and refuses it as a question", async (_, garbage) => {
    const { clock, hostile, taken, warnings, receive } = make();
    await expect(receive(EXCHANGE_METHOD, garbage)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    hostile.answer = async () => garbage;
    await clock.advance(30_000);
    expect(taken).toEqual([]);
    expect(warnings).toHaveLength(1);
  });

  it("outlives peers that fail or do not answer", async () => {
    const { clock, hostile, taken, asked, warnings, answerWith } = make();
    hostile.answer = async () => {
      throw new MeshError("UNAVAILABLE", "gone");
    };
    await clock.advance(20_000);
    expect(asked.length).toBeGreaterThan(5);
    await answerWith([carried(VICTIM, 1, 1)]);
    expect(taken).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  it("asks and answers nothing after stop", async () => {
    const { clock, spread, asked, compare } = make();
    await clock.advance(5_000);
    spread.stop();
    const before = asked.length;
    await clock.advance(30_000);
    expect(asked).toHaveLength(before);
    await expect(compare([])).rejects.toThrow("has no handler");
  });
});

describe("messages of samples", () => {
  it("come out as they went in", () => {
    const samples = [
      carried(VICTIM, 0, 0, { ageMs: 1e12 }),
      carried("x".repeat(128), 2 ** 48 - 1, 2 ** 48 - 1),
    ];
    const wanted = [0, 2 ** 48 - 1, shortIdOf(VICTIM)];
    expect(decodeAnswer(encodeAnswer({ wanted, samples }))).toEqual({ wanted, samples });
    expect(decodeGift(encodeGift(samples))).toEqual(samples);
    const held = wanted.map((short, index) => ({
      short,
      version: { bootEpoch: 127 + index, sequence: 2 ** 40 },
    }));
    expect(decodeComparison(encodeComparison(held))).toEqual(held);
  });

  it("leave out what does not fit", () => {
    const samples = Array.from({ length: 5_000 }, (_, index) => carried(`member-${index}`, 1, 1));
    const payload = encodeGift(samples);
    expect(payload.byteLength).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
    const there = decodeGift(payload);
    expect(there).toEqual(samples.slice(0, there.length));
    expect(there.length).toBeGreaterThan(MAX_NODES);
  });
});
