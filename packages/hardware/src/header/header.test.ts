import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import type { Header } from "./header.ts";
import { headerOf, headerOfChip } from "./header-of.ts";
import { parsePin } from "./parse-pin.ts";

const families = [
  ...["pi-zero-2w", "pi-3", "pi-3-b-plus", "pi-3-a-plus", "cm3", "cm3-plus"],
  ...["pi-4", "pi-400", "cm4", "pi-5", "pi-500", "cm5", "cm5-lite"],
];
const of = (family: string, labels: readonly string[] = []) =>
  headerOf({
    family,
    gpioChips: labels.map((label, index) => ({ name: `gpiochip${index}`, label, lines: 54 })),
  });

/** Where a header has a function, as `alt5@18`. */
function pinsWith(header: Header, name: string): string[] {
  return header.places.flatMap(({ gpio, functions }) =>
    functions
      .filter((candidate) => candidate.name === name)
      .map(({ alternative }) => `${alternative}@${gpio}`),
  );
}

describe.each(families)("the header of a %s", (family) => {
  const header = of(family);

  it("has 40 places, with each GPIO from 0 to 27 once", () => {
    expect(header.places.map(({ position }) => position)).toEqual(
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    const gpios = header.places.flatMap(({ gpio }) => (gpio === null ? [] : [gpio]));
    expect(gpios.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 28 }, (_, gpio) => gpio));
  });

  it("has power and ground where HATs expect them", () => {
    const positions = (kind: string) =>
      header.places.filter((place) => place.kind === kind).map(({ position }) => position);
    expect(positions("3v3")).toEqual([1, 17]);
    expect(positions("5v")).toEqual([2, 4]);
    expect(positions("ground")).toEqual([6, 9, 14, 20, 25, 30, 34, 39]);
  });

  it("has the pins that every tutorial uses in their places", () => {
    const at = (position: number) => header.places[position - 1]?.gpio;
    expect([at(3), at(5), at(7), at(8), at(10), at(12), at(27), at(28), at(40)]).toEqual([
      ...[2, 3, 4, 14, 15, 18, 0, 1, 21],
    ]);
  });

  it("keeps the pins of the ID EEPROM, and no others", () => {
    const reserved = header.places.filter(({ reservedFor }) => reservedFor !== null);
    expect(reserved.map(({ gpio }) => gpio)).toEqual([0, 1]);
  });

  it("carries I2C1, SPI0 and the first UART where they have been since the first Pi", () => {
    const bus = (name: string) => header.buses.find((candidate) => candidate.bus === name);
    expect(bus("i2c-1")?.shared).toEqual([2, 3]);
    expect(bus("spi-0")).toMatchObject({ shared: [9, 10, 11], chipSelects: [8, 7] });
    expect(pinsWith(header, "TXD0").map((text) => text.split("@")[1])).toEqual(["14"]);
    expect(pinsWith(header, "RXD0").map((text) => text.split("@")[1])).toEqual(["15"]);
  });

  it("names for each bus and PWM channel only pins that have its function", () => {
    const functionsAt = (gpio: number) =>
      header.places.find((place) => place.gpio === gpio)?.functions.map(({ name }) => name) ?? [];
    for (const { bus, shared, chipSelects } of header.buses) {
      const [kind, number] = bus.split("-");
      const names =
        kind === "i2c" ? [`SDA${number}`, `SCL${number}`] : Array<string>(3).fill(`SPI${number}_`);
      shared.forEach((gpio, index) => {
        expect(functionsAt(gpio), `${bus} at GPIO${gpio}`).toContainEqual(
          expect.stringContaining(names[index] ?? ""),
        );
      });
      chipSelects.forEach((gpio, select) => {
        expect(functionsAt(gpio), `${bus}.${select} at GPIO${gpio}`).toContainEqual(
          expect.stringContaining(`SPI${number}_CE${select}`),
        );
      });
    }
    for (const { gpio, channel } of header.pwm) {
      const number = channel.slice("pwm".length);
      expect(functionsAt(gpio)).toContainEqual(expect.stringMatching(`^PWM(0_(CHAN)?)?${number}$`));
    }
  });
});

describe("what differs between boards", () => {
  it("is the number of PWM channels: two that four pins share, or four on the RP1", () => {
    const channels = (family: string) =>
      Object.fromEntries(of(family).pwm.map(({ gpio, channel }) => [gpio, channel]));
    const two = { 12: "pwm0", 13: "pwm1", 18: "pwm0", 19: "pwm1" };
    expect(channels("pi-3")).toEqual(two);
    expect(channels("pi-4")).toEqual(two);
    expect(channels("pi-5")).toEqual({
      12: "pwm0",
      13: "pwm1",
      14: "pwm2",
      15: "pwm3",
      18: "pwm2",
      19: "pwm3",
    });
  });

  it("is the number of buses", () => {
    const buses = (family: string, kind: string) =>
      of(family).buses.filter(({ bus }) => bus.startsWith(kind)).length;
    expect([buses("pi-3", "i2c"), buses("pi-4", "i2c"), buses("pi-5", "i2c")]).toEqual([2, 6, 4]);
    expect([buses("pi-3", "spi"), buses("pi-4", "spi"), buses("pi-5", "spi")]).toEqual([2, 6, 5]);
  });

  it("is where PWM stands among the alternative functions", () => {
    expect(pinsWith(of("pi-3"), "PWM0")).toEqual(["alt5@18", "alt0@12"]);
    expect(pinsWith(of("pi-4"), "PWM0_1")).toEqual(["alt0@13", "alt5@19"]);
    expect(pinsWith(of("pi-5"), "PWM0_CHAN2")).toEqual(["a0@14", "a3@18"]);
  });

  it("is how much current a pin gives, and whether a document says what all give together", () => {
    expect(of("pi-4").limits).toMatchObject({
      pinMilliamperes: 16,
      totalMilliamperes: 50,
      boardMilliwatts: 165,
    });
    expect(of("pi-5").limits).toMatchObject({
      pinMilliamperes: 12,
      totalMilliamperes: null,
      boardMilliwatts: null,
    });
    expect(of("pi-5").limits.source).toContain("RP1");
  });

  it("is whether the pins of I2C1 are pulled up on the board: a module leaves that to its carrier", () => {
    const wired = (family: string) => of(family).places.filter(({ wiredTo }) => wiredTo !== undefined);
    expect(wired("pi-zero-2w").map(({ gpio }) => gpio)).toEqual([2, 3]);
    expect(wired("pi-5")[0]?.wiredTo).toContain("1.8 kΩ");
    expect(wired("cm4")).toEqual([]);
  });

  it("is whether the board has the header itself: a module's is its carrier's", () => {
    expect(of("cm4").note).toContain("Compute Module 4 IO Board");
    expect(of("cm3").note).toContain("carrier");
    expect(of("pi-4").note).toBeUndefined();
  });
});

describe("a board that is not in the tables", () => {
  it("has the header of its chip when that carries a Pi's", () => {
    const { places, note } = of("pi-1f", ["gpio-brcmstb", "pinctrl-rp1"]);
    expect(places).toEqual(of("cm5").places);
    expect(note).toContain("not in the tables");
  });

  it("has an empty header otherwise", () => {
    expect(of("generic", ["INT34C5:00"]).places).toEqual([]);
    expect(of("pi-b", ["pinctrl-bcm2835"]).places).toEqual([]);
  });

  it("has the lines of the chip that it was told to use", () => {
    const header = headerOfChip(8);
    expect(parsePin("GPIO7", header)).toBe(7);
    expect(header.places).toHaveLength(8);
    expect(headerOfChip(300).places).toHaveLength(40);
  });
});

describe("parsePin", () => {
  const header = of("pi-4");
  const message = (text: string, on = header): string => {
    try {
      parsePin(text, on);
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      expect(error.code).toBe("INVALID_ARGUMENT");
      expect(error.details.fields?.map(({ field }) => field)).toEqual(["resource"]);
      return error.details.fields?.[0]?.message ?? "";
    }
    throw new Error(`${text} was taken for a pin`);
  };

  it("takes a BCM number, its name and its place for the same pin", () => {
    for (const text of ["GPIO18", "gpio18", "18", "header:12", "HEADER:12"]) {
      expect(parsePin(text, header), text).toBe(18);
    }
    expect(parsePin("0", header)).toBe(0);
  });

  it("says what is at a place that is no GPIO", () => {
    expect(message("header:6")).toBe("header:6 is ground, expected the place of a GPIO");
    expect(message("header:17")).toContain("is 3.3 V");
    expect(message("header:4")).toContain("is 5 V");
    expect(message("header:41")).toBe("there is no header:41, expected header:1 to header:40");
    expect(message("header:0")).toContain("expected header:1 to header:40");
  });

  it("says which pins there are when one is not on the header", () => {
    expect(message("GPIO45")).toBe("GPIO45 is not on this board's header: expected GPIO0 to GPIO27");
    expect(message("4", of("generic"))).toContain("this machine has none");
    expect(message("header:4", of("generic"))).toContain("no GPIO header");
  });

  it.each([
    "",
    "GPIO",
    "BCM18",
    "GPIO 18",
    "018",
    "1e1",
    "-1",
    "18.0",
    "header:",
    "header:1a",
    "GPIO100",
    "١٨",
  ])("expects a pin instead of %j", (text) => {
    expect(message(text)).toBe("expected a pin such as GPIO18, 18 or header:12");
  });
});
