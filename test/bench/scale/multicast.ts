import { SimulatedMulticast } from "@pi-controller/mesh/simulated";
import { seededRandom, VirtualClock } from "@pi-controller/runtime";

const SERVICE = "_pic-scale._tcp.local";
const SETTLE_MS = 20 * 60_000;
const WATCH_MS = 20 * 60_000;
const SECOND_MS = 1_000;

export interface MulticastLoad {
  /** Packets that everybody hears, a second. */
  readonly mean: number;
  /** In the worst second. */
  readonly most: number;
}

/** What members of one local network multicast to find each other, long after they were switched on within a second. */
export async function measureMulticast(members: number): Promise<MulticastLoad> {
  const clock = new VirtualClock();
  const random = seededRandom(members);
  const network = new SimulatedMulticast({ clock, random });
  for (let index = 0; index < members; index++) {
    const texts = [`id=12D3KooW${index}`, `a=/ip4/10.0.0.1/tcp/4001`];
    const topic = {
      longestQuestionIntervalMs: 600_000,
      browsed: () => [SERVICE],
      announced: () => ({ service: SERVICE, instance: `peer-${index}`, texts }),
      heard: () => undefined,
      knownCount: () => members - 1,
    };
    clock.setTimer(
      () => network.speak(topic, `10.0.${index >> 8}.${index & 255}`),
      random.next() * SECOND_MS,
    );
  }
  await clock.advance(SETTLE_MS);
  const sent = () => network.sent.answers + network.sent.questions;
  const began = sent();
  let most = 0;
  for (let passedMs = 0; passedMs < WATCH_MS; passedMs += SECOND_MS) {
    const before = sent();
    await clock.advance(SECOND_MS);
    most = Math.max(most, sent() - before);
  }
  return { mean: (sent() - began) / (WATCH_MS / SECOND_MS), most };
}
