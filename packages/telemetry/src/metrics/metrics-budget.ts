/**
 * How often, and how much, so that metrics stay within bounds in a mesh of any size.
 *
 * Up to 32 peers every one is connected to all others and sends them what it measures, each time: 2 s. Measured over
 * libp2p on the loopback interface, with headers and acknowledgements, sent and received together, a message costs each
 * peer 1.2 kB at 3 peers, 1.7 at 12, 1.1 at 32. What may be spent is 30 kB/s, so 32 peers can do that every 1.8 s.
 *
 * In a larger mesh each peer compares what it has with one connected peer, chosen at random, again and again, and the
 * two give each other what is newer. Three things bound how often, and follow from the number of peers N:
 *
 * 1. Comparing. The one that asks lists the version of all N samples, about 11 bytes each. With two requests (to ask and
 *    to give), and since each peer also answers as often as it asks, a peer that asks every E carries
 *    `2 x (2 x 900 + 1.1 x 11 N) / E` bytes a second. For 6 kB/s of it E is 4.6 s at 1,000 peers, and 1 s at 100, where
 *    2 s are enough.
 * 2. Samples. Each new one comes to every peer once and is passed on once, on average, at 290 bytes. When each node makes
 *    one every T, a peer carries `2 x 1.1 x 290 N / T`. For 10 kB/s of it T is 64 s at 1,000 peers.
 * 3. Signatures. One is verified for each new sample: `N / T` a second, at about 1 ms each on a Pi Zero. For 1.5 % of its
 *    core T is 67 s at 1,000 peers.
 *
 * And T is 10 s at least, which holds up to 150 peers. Together these are 16 kB/s a peer at 1,000. The rest, up to 20, is
 * for samples that come from two sides at once, and for peers that join and get all of them.
 *
 * Alarms do not wait for any of it: they are events.
 */
const FULL_MESH = 32;
/** Nobody looks more often than this. */
export const MIN_INTERVAL_MS = 2_000;
/** Largest payload of a message sent straight to others that its costs were measured with, about. */
export const PAYLOAD_BYTES = 200;
const BYTES_PER_DIRECT_MESSAGE = 1_700;

/** Bytes a second that metrics may cost a peer in a mesh of more than 32, sent and received together. */
export const BUDGET_OF_LARGE_MESH = 20_000;
const BUDGET_OF_COMPARING = 6_000;
const BUDGET_OF_SAMPLES = 10_000;
const VERIFICATIONS_PER_SECOND = 15;
const MIN_REFRESH_MS = 10_000;
const MIN_EXCHANGE_MS = 2_000;

/**
 * What a request and its answer take besides their payloads, at either end: Noise, Yamux, TCP and acknowledgements.
 * Measured over libp2p on the loopback interface: 710 to 750 with small payloads, 930 with 11 kB one way and 12 kB the
 * other.
 */
export const BYTES_PER_REQUEST = 900;
/** What a byte of a large payload takes: on Ethernet 66 of 1,514 bytes are headers, and every second packet is acknowledged. */
export const BYTES_PER_BYTE = 1.1;
const BYTES_PER_VERSION = 11;
const BYTES_PER_SAMPLE = 290;
const REQUESTS_PER_EXCHANGE = 2;

/** Whether samples are spread by exchanges; else each peer sends its own to all others. */
export function spreadsByExchange(memberCount: number): boolean {
  return memberCount > FULL_MESH;
}

/**
 * How long a peer waits between two samples of itself that it lets the mesh have.
 *
 * @param memberCount peers in the mesh, this one included
 */
export function publishIntervalMs(memberCount: number): number {
  if (!spreadsByExchange(memberCount)) return MIN_INTERVAL_MS;
  const forSamples = (2 * memberCount * BYTES_PER_BYTE * BYTES_PER_SAMPLE) / BUDGET_OF_SAMPLES;
  const forSignatures = memberCount / VERIFICATIONS_PER_SECOND;
  return Math.max(MIN_REFRESH_MS, 1_000 * forSamples, 1_000 * forSignatures);
}

/** How long a peer of a mesh of more than 32 waits between two exchanges that it begins. */
export function exchangeIntervalMs(memberCount: number): number {
  const bytes = 2 * (REQUESTS_PER_EXCHANGE * BYTES_PER_REQUEST + comparisonBytes(memberCount));
  return Math.max(MIN_EXCHANGE_MS, (1_000 * bytes) / BUDGET_OF_COMPARING);
}

/** What metrics cost a peer, in bytes a second, sent and received, while nobody joins or fails. */
export function bytesPerSecond(memberCount: number): number {
  const publishing = publishIntervalMs(memberCount) / 1_000;
  if (!spreadsByExchange(memberCount)) return (memberCount * BYTES_PER_DIRECT_MESSAGE) / publishing;
  const comparing = 2 * (REQUESTS_PER_EXCHANGE * BYTES_PER_REQUEST + comparisonBytes(memberCount));
  const samples = 2 * memberCount * BYTES_PER_BYTE * BYTES_PER_SAMPLE;
  return comparing / (exchangeIntervalMs(memberCount) / 1_000) + samples / publishing;
}

function comparisonBytes(memberCount: number): number {
  return memberCount * BYTES_PER_VERSION * BYTES_PER_BYTE;
}

/**
 * In how long a new sample is everywhere. Who has it doubles, at least, with each round of exchanges until half have
 * it, and who has not squares down after that (Demers and others, Epidemic Algorithms for Replicated Database
 * Maintenance, 1987; Karp and others, Randomized Rumor Spreading, 2000). Connections are few, which costs some rounds more.
 */
export function spreadTimeMs(memberCount: number): number {
  if (!spreadsByExchange(memberCount)) return 0;
  return (Math.log2(memberCount) + 4) * exchangeIntervalMs(memberCount);
}

/**
 * Age from which a value no longer stands for now. In a mesh of up to 32 three messages are missing by then. In a larger
 * one nothing is lost on the way, so it is twice as old as any value is while its node and the way from it are well.
 *
 * @param memberCount peers in the mesh, this one included
 */
export function staleAfterMs(memberCount: number): number {
  if (!spreadsByExchange(memberCount)) return 3.5 * publishIntervalMs(memberCount);
  return 2 * (publishIntervalMs(memberCount) + spreadTimeMs(memberCount));
}

/** Points of all nodes together: about 300 bytes each in memory, so 4 MB. */
const TOTAL_POINTS = 12_000;
const MAX_POINTS_PER_NODE = 720;
const MIN_POINTS_PER_NODE = 6;

/** How many points of its history each node gets: fewer, the more nodes there are. */
export function pointsPerNode(nodeCount: number): number {
  const share = Math.floor(TOTAL_POINTS / Math.max(nodeCount, 1));
  return Math.min(Math.max(share, MIN_POINTS_PER_NODE), MAX_POINTS_PER_NODE);
}

/** Nodes that are remembered at all: with the least history each, still within all points. */
export const MAX_NODES = TOTAL_POINTS / MIN_POINTS_PER_NODE;
