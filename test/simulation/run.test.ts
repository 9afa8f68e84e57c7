import { expect, it } from "vitest";
import { ProcessesEnd } from "./invariants/processes.ts";
import { run } from "./run.ts";

it("starts a machine again that is being switched off when everything heals", async () => {
  const lines: string[] = [];
  const durationMs = 10_000;
  const { violations } = await run(
    {
      seed: 1,
      peers: 3,
      strangers: 0,
      beginning: "founded",
      durationMs,
      faults: [{ kind: "stop", machine: 1, atMs: durationMs - 1, durationMs }],
    },
    {
      parts: () => ({ workloads: [], invariants: [new ProcessesEnd()] }),
      trace: (line) => lines.push(line),
    },
  );
  expect(lines.join("\n")).toContain('begins {"kind":"stop"');
  expect(violations).toEqual([]);
});
