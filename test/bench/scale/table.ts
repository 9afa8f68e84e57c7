import type { Measurements } from "./measurements.ts";
import { type Protocol, protocols } from "./traffic.ts";

interface Row {
  readonly label: string;
  readonly digits: number;
  readonly valueOf: (measured: Measurements) => number;
  /** Whether it is told how it grows. */
  readonly grows: boolean;
}

const NAMES: Readonly<Record<Protocol, string>> = {
  membership: "membership",
  metrics: "metrics",
  documents: "documents",
  events: "events",
  trust: "trust",
  gpio: "pins",
  connections: "connecting and closing",
  other: "anything else",
};

const row = (label: string, digits: number, valueOf: Row["valueOf"], grows = true): Row => ({
  label,
  digits,
  valueOf,
  grows,
});

/** Bytes a peer and second of all protocols, sent and received. */
export function bytesOf({ rates }: Measurements): number {
  return protocols.reduce((sum, protocol) => sum + rates[protocol].bytes, 0);
}

const rows: readonly Row[] = [
  row("connections a peer, mean", 1, (m) => m.connectionsMean),
  row("connections a peer, most", 0, (m) => m.connectionsMax),
  row("connections opened, a peer and second", 2, (m) => m.dialsPerPeer),
  ...protocols.flatMap((protocol) => [
    row(`${NAMES[protocol]}: messages a peer and second`, 2, (m) => m.rates[protocol].messages),
    row(`${NAMES[protocol]}: kB a peer and second`, 2, (m) => m.rates[protocol].bytes / 1_000),
  ]),
  row("all together: kB a peer and second", 2, (m) => bytesOf(m) / 1_000),
  row("mDNS packets a second that everybody hears", 2, (m) => m.multicast.mean),
  row("the same in the worst second", 0, (m) => m.multicast.most),
  row("memory a peer, MB", 2, (m) => m.memoryMb),
  row("of that, who belongs to the mesh, MB", 2, (m) => m.trustMb),
  row("mesh document, kB", 0, (m) => m.meshBytes / 1_000),
  row("all other documents, kB", 0, (m) => m.nodeBytes / 1_000),
  row("CPU, ms a peer and second", 2, (m) => m.cpuMsPerNodeSecond),
  row("signatures verified, a peer and second", 2, (m) => m.signaturesPerNodeSecond),
  row("a process was killed: until all know, ms", 0, (m) => m.killedMs, false),
  row("a machine lost power: until all know, ms", 0, (m) => m.poweredOffMs, false),
  row("a change of the mesh document: until all have it, ms", 0, (m) => m.changeMs, false),
  row("a restart: until it and all others agree, ms", 0, (m) => m.restartedMs, false),
  row("a newcomer: until it has everything and all know it, ms", 0, (m) => m.joinedMs, false),
];

/** What was measured, one column a mesh, and how it grows from each to the next beside the logarithm of its size. */
export function tableOf(measured: readonly Measurements[]): string {
  const steps = measured.slice(1).map((larger, index) => [measured[index] as Measurements, larger] as const);
  const header = [
    "",
    ...measured.map(({ peers }) => `${peers} peers`),
    ...steps.map(([smaller, larger]) => `${smaller.peers} to ${larger.peers}`),
  ];
  const logs = [
    "log N",
    ...measured.map(({ peers }) => Math.log10(peers).toFixed(2)),
    ...steps.map(([smaller, larger]) => `× ${(Math.log(larger.peers) / Math.log(smaller.peers)).toFixed(2)}`),
  ];
  const lines = rows
    .filter(({ valueOf }) => measured.some((one) => valueOf(one) !== 0))
    .map(({ digits, grows, label, valueOf }) => [
      label,
      // JSON has no NaN: null is what was waited for in vain.
      ...measured.map((one) => ((valueOf(one) as number | null) ?? Number.NaN).toFixed(digits)),
      ...steps.map(([smaller, larger]) => (grows ? growth(valueOf(smaller), valueOf(larger)) : "")),
    ]);
  const rule = header.map((_, index) => (index === 0 ? "---" : "---:"));
  return [header, rule, logs, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function growth(smaller: number, larger: number): string {
  return smaller === 0 ? "" : `× ${(larger / smaller).toFixed(2)}`;
}
