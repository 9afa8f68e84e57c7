import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileTree } from "./file-tree.ts";
import { type Files, writeFiles } from "./pi-fixtures.ts";
import { headerUarts } from "./uarts.ts";

const BASE = "sys/firmware/devicetree/base";
const cells = (...values: number[]) => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
};

/** A node with the pin groups that it names. */
function uart(path: string, status: string, groups: readonly number[] = []): Files {
  return {
    [`${BASE}${path}/compatible`]: "arm,pl011\0",
    [`${BASE}${path}/status`]: `${status}\0`,
    ...(groups.length === 0 ? {} : { [`${BASE}${path}/pinctrl-0`]: cells(...groups) }),
  };
}

function group(name: string, handle: number, pins: readonly number[]): Files {
  const folder = `${BASE}/soc/gpio@7e200000/${name}`;
  return { [`${folder}/phandle`]: cells(handle), [`${folder}/brcm,pins`]: cells(...pins) };
}

const aliases = (names: Readonly<Record<string, string>>): Files =>
  Object.fromEntries(Object.entries(names).map(([name, path]) => [`${BASE}/aliases/${name}`, `${path}\0`]));

const UART0 = "/soc/serial@7e201000";
const UART1 = "/soc/serial@7e215040";
const UART3 = "/soc/serial@7e201600";
/** Its UART0 serves Bluetooth at GPIO32 and 33; of the mini UART the firmware sets the pins. */
const pi4: Files = {
  ...aliases({ uart0: UART0, uart1: UART1, uart3: UART3, serial0: UART1, serial1: UART0 }),
  ...uart(UART0, "okay", [1, 2]),
  ...uart(UART1, "disabled", [3]),
  ...uart(UART3, "disabled", [4]),
  ...group("uart0_pins", 1, [32, 33]),
  ...group("bt_pins", 2, []),
  ...group("uart1_pins", 3, []),
  ...group("uart3_pins", 4, [4, 5]),
};

const RP1 = "/axi/pcie@1000120000/rp1";
/** Its primary UART has a connector of its own. */
const pi5: Files = {
  ...aliases({
    uart0: `${RP1}/serial@30000`,
    uart10: "/soc@107c000000/serial@7d001000",
    serial0: "/soc@107c000000/serial@7d001000",
  }),
  ...uart(`${RP1}/serial@30000`, "disabled", [7]),
  ...uart("/soc@107c000000/serial@7d001000", "okay"),
  [`${BASE}${RP1}/gpio@d0000/rp1_uart0_14_15/phandle`]: cells(7),
  [`${BASE}${RP1}/gpio@d0000/rp1_uart0_14_15/pins`]: "gpio14\0gpio15\0",
};

describe("the UARTs of the header", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "uarts-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const find = (...files: readonly Files[]) => {
    writeFiles(root, Object.assign({}, ...files));
    return headerUarts(new FileTree(root));
  };

  it("are none as long as none is on, though Bluetooth has one", async () => {
    expect(await find(pi4)).toEqual([]);
  });

  it("are the mini UART of a Pi 4 with enable_uart=1", async () => {
    expect(await find(pi4, uart(UART1, "okay"))).toEqual(["uart-1"]);
  });

  it("are its first one when Bluetooth is off: its overlay leaves the pins to the firmware", async () => {
    expect(await find(pi4, group("uart0_pins", 1, []), aliases({ serial0: UART0 }))).toEqual(["uart-0"]);
  });

  it("are those that an overlay leads there", async () => {
    expect(await find(pi4, uart(UART3, "okay"), uart(UART1, "ok"))).toEqual(["uart-1", "uart-3"]);
  });

  it("are not the one with the connector of a Pi 5", async () => {
    expect(await find(pi5)).toEqual([]);
  });

  it("are that of its header when it is on", async () => {
    expect(await find(pi5, uart(`${RP1}/serial@30000`, "okay"))).toEqual(["uart-0"]);
  });

  it("are none of a machine without a device tree", async () => {
    expect(await find({ "proc/cmdline": "console=ttyS0" })).toEqual([]);
  });
});
