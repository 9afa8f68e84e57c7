import { seededRandom, silentLogger, systemClock } from "@pi-controller/runtime";
import { defaultRetention, EventLog } from "@pi-controller/telemetry";
import { onTestFinished } from "vitest";
import { describeEventReaderContract } from "./event-reader.contract.ts";
import { MemoryEvents } from "./testing/memory-events.ts";

describeEventReaderContract("the event log of telemetry", async () => {
  const log = new EventLog(
    { clock: systemClock(), random: seededRandom(1), logger: silentLogger },
    { file: ":memory:", ...defaultRetention },
  );
  await log.start();
  onTestFinished(() => log.stop());
  return { reader: log, append: (event) => log.append(event) };
});

describeEventReaderContract("the log in memory for tests", async () => {
  const reader = new MemoryEvents();
  return { reader, append: (event) => reader.append(event) };
});
