import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { type RunningPigpiod, startPigpiod } from "../support/pigpiod.ts";
import { waitFor } from "../support/wait.ts";

/** Numbers of https://abyz.me.uk/rpi/pigpio/sif.html */
const COMMANDS = {
  setMode: 0,
  read: 3,
  write: 4,
  servo: 8,
  beginNotifications: 19,
  openNotifications: 99,
} as const;
const OUTPUT = 1;
const MESSAGE_BYTES = 16;
const REPORT_BYTES = 12;

describe.skipIf(skipWithout(capabilities.pigpiod))("a pigpiod without hardware", () => {
  let daemon: RunningPigpiod;
  let sockets: Socket[] = [];

  beforeEach(async () => {
    daemon = await startPigpiod();
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    await daemon.stop();
  });

  async function openConnection() {
    const socket = connect(daemon.port, "127.0.0.1");
    sockets.push(socket);
    await once(socket, "connect");
    let received = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
    });
    const ask = async (command: number, first: number, second = 0): Promise<number> => {
      received = Buffer.alloc(0);
      const message = Buffer.alloc(MESSAGE_BYTES);
      message.writeUInt32LE(command, 0);
      message.writeUInt32LE(first, 4);
      message.writeUInt32LE(second, 8);
      socket.write(message);
      await waitFor("an answer", () => received.length >= MESSAGE_BYTES, { withinMs: 5_000, everyMs: 1 });
      const result = received.readInt32LE(12);
      received = received.subarray(MESSAGE_BYTES);
      return result;
    };
    /** Of the notifications so far: when each was, in microseconds, and the pin's level. */
    const reports = (gpio: number) =>
      Array.from({ length: Math.floor(received.length / REPORT_BYTES) }, (_, index) => ({
        tickUs: received.readUInt32LE(index * REPORT_BYTES + 4),
        level: (received.readUInt32LE(index * REPORT_BYTES + 8) >>> gpio) & 1,
      }));
    return { ask, reports };
  }

  it("reads what an output drives, and what a wire brings to an input", async () => {
    const { ask } = await openConnection();
    expect(await ask(COMMANDS.setMode, 17, OUTPUT)).toBe(0);
    expect(await ask(COMMANDS.write, 17, 1)).toBe(0);
    daemon.setWire(17, 0);
    expect(await ask(COMMANDS.read, 17)).toBe(1);
    daemon.setWire(4, 1);
    expect(await ask(COMMANDS.read, 4)).toBe(1);
    daemon.setWire(4, undefined);
    expect(await ask(COMMANDS.read, 4)).toBe(0);
  });

  it("notifies of an edge that a wire brings", async () => {
    const { ask } = await openConnection();
    const notified = await openConnection();
    const handle = await notified.ask(COMMANDS.openNotifications, 0);
    expect(await ask(COMMANDS.beginNotifications, handle, 1 << 4)).toBe(0);
    daemon.setWire(4, 1);
    await waitFor("the edge", () => notified.reports(4).at(-1)?.level === 1, { withinMs: 5_000, everyMs: 5 });
    daemon.setWire(4, 0);
    await waitFor("the edge back", () => notified.reports(4).at(-1)?.level === 0, {
      withinMs: 5_000,
      everyMs: 5,
    });
  });

  it("makes servo pulses as long as they should be", async () => {
    const { ask } = await openConnection();
    const notified = await openConnection();
    const handle = await notified.ask(COMMANDS.openNotifications, 0);
    expect(await ask(COMMANDS.servo, 17, 1_500)).toBe(0);
    expect(await ask(COMMANDS.beginNotifications, handle, 1 << 17)).toBe(0);
    const pulses = () => {
      const reports = notified.reports(17);
      return reports.flatMap(({ tickUs, level }, index) => {
        const before = reports[index - 1];
        return level === 0 && before?.level === 1 ? [tickUs - before.tickUs] : [];
      });
    };
    await waitFor("pulses", () => pulses().length >= 5, { withinMs: 5_000, everyMs: 5 });
    // A machine that had no time for the daemon makes some of them longer, as a starved DMA engine would.
    expect(pulses().filter((pulseUs) => pulseUs === 1_500).length).toBeGreaterThan(pulses().length / 2);
  });
});
