import { createServer, type Server, type Socket } from "node:net";
import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pigpioConnection } from "./pigpio-connection.ts";
import { pigpioGpio } from "./pigpio-gpio.ts";
import { pigpioPwm } from "./pigpio-pwm.ts";
import { command } from "./wire.ts";

const ANY_PORT = 0;
/** Steps of a duty cycle at 50 Hz. */
const RANGE = 4_000;
const output = (level: "low" | "high") =>
  ({ direction: "output", activeLow: false, drive: "push-pull", level }) as const;

/**
 * The far end of the connection, which answers each command and notes it. What a daemon does is tested with
 * one (test/e2e/pigpio.test.ts); this is for connections that break, which one does not do at will.
 */
class FarEnd {
  readonly commands: string[] = [];
  readonly sockets = new Set<Socket>();
  server: Server | undefined;
  port = ANY_PORT;
  silent = false;

  async listen(): Promise<void> {
    const server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        if (this.silent) return;
        for (let at = 0; at + 16 <= chunk.length; at += 16 + chunk.readUInt32LE(at + 12)) {
          const answer = Buffer.from(chunk.subarray(at, at + 16));
          this.commands.push([0, 4, 8].map((offset) => chunk.readUInt32LE(at + offset)).join(" "));
          answer.writeInt32LE(chunk.readUInt32LE(at) === command.PRRG ? RANGE : 0, 12);
          socket.write(answer);
        }
      });
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    const address = server.address();
    if (address !== null && typeof address === "object") this.port = address.port;
  }

  async vanish(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
    await new Promise((resolve) => this.server?.close(resolve));
    this.commands.length = 0;
  }
}

describe("the connection to pigpiod", () => {
  let far: FarEnd;
  let clock: VirtualClock;
  beforeEach(async () => {
    far = new FarEnd();
    clock = new VirtualClock();
    await far.listen();
  });
  afterEach(() => far.vanish());

  const make = () => {
    const random = seededRandom(1);
    const nowNs = () => BigInt(Math.round(clock.monotonic() * 1e6));
    const connection = pigpioConnection(
      { clock, random, logger: silentLogger, nowNs },
      { address: `127.0.0.1:${far.port}` },
    );
    const gpio = pigpioGpio({ clock, connection, logger: silentLogger });
    const pwm = pigpioPwm({ connection }, { pins: [], lines: [17] });
    return { connection, gpio, pwm };
  };
  const started = async () => {
    const subject = make();
    await subject.gpio.start(AbortSignal.timeout(5_000));
    await subject.pwm.start(AbortSignal.timeout(5_000));
    return subject;
  };
  /** Lets sockets do their work, and time pass for what waits for it. */
  const until = async (what: () => boolean | Promise<boolean>, stepMs = 0) => {
    for (let round = 0; round < 2_000; round++) {
      if (await what()) return;
      await clock.advance(stepMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error("it did not come to that");
  };
  const works = (call: () => Promise<unknown>) => () =>
    call().then(
      () => true,
      () => false,
    );

  it("says how to start a daemon that is not there", async () => {
    await far.vanish();
    await expect(make().gpio.start(AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("systemctl enable --now pigpiod"),
    });
  });

  it.each(["nowhere", "host:port", ":8888", "host:99999"])("takes no address such as %s", (address) => {
    const components = { clock, random: seededRandom(1), logger: silentLogger, nowNs: () => 0n };
    expect(() => pigpioConnection(components, { address })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("sets everything up again, with the levels last written, when the daemon returns", async () => {
    const { gpio, pwm } = await started();
    await gpio.configure(new Map([[4, output("low")]]));
    await gpio.write([{ line: 4, level: "high" }]);
    await pwm.set(17, "software", { frequencyHz: 50, dutyCycle: 0, inverted: false });
    await far.vanish();
    const write = () => gpio.write([{ line: 4, level: "low" }]);
    await until(async () => !(await works(write)()));
    await expect(write()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await far.listen();
    await until(works(write), 100);
    expect(far.commands).toContain(`${command.WRITE} 4 1`);
    expect(far.commands).toContain(`${command.PFS} 17 50`);
    expect(far.commands.indexOf(`${command.WRITE} 4 1`)).toBeLessThan(
      far.commands.indexOf(`${command.BC1} 16 0`),
    );
    await pwm.stop();
    await gpio.stop();
  });

  it("does not set up again what was released while the daemon was away", async () => {
    const { gpio } = await started();
    await gpio.configure(new Map([4, 5].map((line) => [line, output("high")])));
    await far.vanish();
    await until(async () => !(await works(() => gpio.read([4]))()));
    await expect(gpio.release(4, "input")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await far.listen();
    await until(
      works(() => gpio.read([5])),
      100,
    );
    expect(far.commands).toContain(`${command.WRITE} 5 1`);
    expect(far.commands).not.toContain(`${command.WRITE} 4 1`);
    await gpio.stop();
  });

  it("gives up a daemon that hangs", async () => {
    const { gpio } = await started();
    await gpio.configure(new Map([[4, output("high")]]));
    far.silent = true;
    let settled = false;
    const read = gpio.read([4]).finally(() => {
      settled = true;
    });
    const refused = expect(read).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("no answer for"),
    });
    await until(() => settled, 100);
    await refused;
    await gpio.stop();
  });

  it("does not come back after a stop", async () => {
    const { gpio } = await started();
    await far.vanish();
    await gpio.stop();
    await far.listen();
    await clock.advance(120_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(far.sockets.size).toBe(0);
  });
});
