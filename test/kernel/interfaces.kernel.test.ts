import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { MOCK_PWM_DEVICE, readPwmChannel } from "./support/mock-pwm.ts";
import { HEADER_LABELS, SimulatedChip } from "./support/simulated-chip.ts";

describe("the guest", () => {
  it("shows on an input's line what pulls its wire", () => {
    const chip = SimulatedChip.withLabel(HEADER_LABELS.pi4);
    chip.setPull(4, "pull-up");
    expect(chip.readValue(4)).toBe(1);
    chip.setPull(4, "pull-down");
    expect(chip.readValue(4)).toBe(0);
  });

  it("has more GPIO chips when a test makes them, until it takes them away", () => {
    const chip = SimulatedChip.create({ name: "second", label: HEADER_LABELS.pi5, lines: 54, lineNames: [] });
    expect(existsSync(chip.path)).toBe(true);
    expect(SimulatedChip.withLabel(HEADER_LABELS.pi5).path).toBe(chip.path);
    chip.remove();
    expect(existsSync(chip.path)).toBe(false);
    expect(() => SimulatedChip.withLabel(HEADER_LABELS.pi5)).toThrow("pinctrl-rp1");
  });

  it("remembers what a PWM channel was told, and not what the kernel refused", () => {
    const chip = `${MOCK_PWM_DEVICE}/pwm/pwmchip0`;
    writeFileSync(`${chip}/export`, "1");
    try {
      writeFileSync(`${chip}/pwm1/period`, "1000000");
      writeFileSync(`${chip}/pwm1/duty_cycle`, "250000");
      writeFileSync(`${chip}/pwm1/enable`, "1");
      const told = readPwmChannel(1);
      expect(told).toMatchObject({
        periodNs: 1_000_000,
        dutyCycleNs: 250_000,
        polarity: "normal",
        enabled: true,
      });
      expect(() => writeFileSync(`${chip}/pwm1/duty_cycle`, "1000001")).toThrow("EINVAL");
      expect(readPwmChannel(1)).toEqual(told);
    } finally {
      writeFileSync(`${chip}/unexport`, "1");
    }
    expect(() => readPwmChannel(2)).toThrow("no PWM channel 2");
  });

  it("has a network of its own, which is its loopback", async () => {
    const server = createServer((socket) => socket.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The server has no port");
    const socket = connect(address.port, "127.0.0.1");
    expect((await socket.toArray()).join("")).toBe("hello");
    await new Promise((resolve) => server.close(resolve));
    expect(
      readFileSync("/proc/net/dev", "utf8")
        .match(/^ *\w+:/gm)
        ?.map((name) => name.trim()),
    ).toEqual(["lo:"]);
  });

  it("cannot change the machine's files", () => {
    expect(() => writeFileSync(new URL("written", import.meta.url), "")).toThrow("EROFS");
  });
});
