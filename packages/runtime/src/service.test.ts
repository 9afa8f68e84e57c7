import { describe, expect, it } from "vitest";
import { type Service, startAll, stopAll } from "./service.ts";

function recorded(name: string, log: string[], failing: { start?: boolean; stop?: boolean } = {}): Service {
  return {
    name,
    async start() {
      log.push(`start ${name}`);
      if (failing.start) throw new Error(`${name} cannot start`);
    },
    async stop() {
      log.push(`stop ${name}`);
      if (failing.stop) throw new Error(`${name} cannot stop`);
    },
  };
}

describe("startAll", () => {
  it("starts in order", async () => {
    const log: string[] = [];
    await startAll([recorded("a", log), recorded("b", log)], new AbortController().signal);
    expect(log).toEqual(["start a", "start b"]);
  });

  it("stops what it started, in reverse, when one fails", async () => {
    const log: string[] = [];
    const services = [recorded("a", log), recorded("b", log, { start: true }), recorded("c", log)];
    await expect(startAll(services, new AbortController().signal)).rejects.toThrow("b cannot start");
    expect(log).toEqual(["start a", "start b", "stop b", "stop a"]);
  });

  it("starts nothing more once aborted", async () => {
    const log: string[] = [];
    await expect(startAll([recorded("a", log)], AbortSignal.abort())).rejects.toThrow("aborted");
    expect(log).toEqual([]);
  });
});

describe("stopAll", () => {
  it("stops all in reverse, then reports every failure", async () => {
    const log: string[] = [];
    const services = [
      recorded("a", log, { stop: true }),
      recorded("b", log),
      recorded("c", log, { stop: true }),
    ];
    const stopped = stopAll(services);
    await expect(stopped).rejects.toBeInstanceOf(AggregateError);
    await expect(stopped).rejects.toThrow("c did not stop; a did not stop");
    expect(log).toEqual(["stop c", "stop b", "stop a"]);
  });
});
