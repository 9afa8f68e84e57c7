import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { multiaddrTextSchema, nodeNameSchema, toNodeName } from "@pi-controller/schema";
import * as z from "zod";

/** How one setting is written on the command line, in the environment and in the file. */
export interface OptionDefinition {
  /** Key in the file, flag `--key`, and variable `PI_CONTROLLER_KEY`. */
  readonly key: string;
  /** What stands for the value in the help; none for a switch. */
  readonly placeholder?: string;
  /** May be given several times; separated by commas in the environment. */
  readonly list?: boolean;
  /** Never printed. */
  readonly secret?: boolean;
  readonly help: string;
  readonly schema: z.ZodType;
  readonly defaultValue: unknown;
}

const logLevels = ["debug", "info", "warn", "error"] as const;
/** The parts of a peer that log under a name of their own. */
export const logComponents = [
  "api",
  "connector",
  "discovery",
  "documents",
  "events",
  "hardware",
  "membership",
  "mesh",
  "metrics",
  "network",
  "peer",
  "roster",
  "systemd",
] as const;
export type LogComponent = (typeof logComponents)[number];

const LOG_LEVELS_EXPECTED = `expected ${logLevels.join(", ")}, or as info,mesh=debug`;
const LOG_LEVELS =
  /^((debug|info|warn|error)|[a-z-]+=(debug|info|warn|error))(,((debug|info|warn|error)|[a-z-]+=(debug|info|warn|error)))*$/;

/** Whether `host:port` has a port that there is; a host alone and a bare IPv6 address have none. */
function hasPortInRange(text: string): boolean {
  const [, digits] = /^[^:]*:(\d+)$|\]:(\d+)$/.exec(text)?.filter((part) => part !== undefined) ?? [];
  return digits === undefined || (Number(digits) >= 1 && Number(digits) <= 65_535);
}

/** Whether every component that levels are asked for is one: a mistyped one would be quiet for ever. */
function namesComponents(levels: string): boolean {
  const known: ReadonlySet<string> = new Set(logComponents);
  return levels
    .split(",")
    .filter((item) => item.includes("="))
    .every((item) => known.has(item.split("=")[0] ?? ""));
}

/** A number, or its decimal digits: coercion would take an empty value for 0, and `true` for 1. */
function number(expected: string, least: number, most: number) {
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,15}$/)
          .transform(Number),
      ],
      expected,
    )
    .pipe(z.int(expected).min(least, expected).max(most, expected));
}

const port = number("expected a port: 0 to 65535, 0 for any free one", 0, 65_535);

const flag = z.union(
  [z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")],
  "expected true or false",
);

const boards = ["pi-5", "pi-4", "pi-3", "pi-zero-2w"] as const;

/** Every setting of a peer, in the order of the help. */
export const optionDefinitions = [
  {
    key: "data-dir",
    placeholder: "DIRECTORY",
    help: "where identity, documents and events are kept",
    schema: z.string("expected a directory").min(1, "expected a directory"),
    defaultValue:
      process.getuid?.() === 0 ? "/var/lib/pi-controller" : join(homedir(), ".local/share/pi-controller"),
  },
  {
    key: "name",
    placeholder: "NAME",
    help: "name of this node when it is new to the mesh",
    schema: nodeNameSchema,
    defaultValue: toNodeName(hostname()),
  },
  {
    key: "port",
    placeholder: "PORT",
    help: "port of the API and the web UI, on loopback; 0 for any free one",
    schema: port,
    defaultValue: 8080,
  },
  {
    key: "mesh-port",
    placeholder: "PORT",
    help: "port that other peers connect to; 0 for any free one",
    schema: port,
    defaultValue: 4101,
  },
  {
    key: "mesh-name",
    placeholder: "NAME",
    help: "peers of one name find each other",
    schema: nodeNameSchema,
    defaultValue: "default",
  },
  {
    key: "listen",
    placeholder: "ADDRESS",
    list: true,
    help: "IP address on which other peers connect; 0.0.0.0 for all",
    schema: z.array(z.union([z.ipv4(), z.ipv6()], "expected IP addresses such as 127.0.0.1")).min(1),
    defaultValue: ["127.0.0.1"],
  },
  {
    key: "unsafe-listen-without-authentication",
    help: "allow --listen beyond loopback, where anybody can join: for closed test networks only",
    schema: flag,
    defaultValue: false,
  },
  {
    key: "join",
    placeholder: "PEER",
    list: true,
    help: "a peer to connect to where multicast does not reach: multiaddr, host or host:port",
    schema: z.array(
      z.union(
        [
          multiaddrTextSchema,
          z
            .string()
            .regex(/^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$|^[0-9A-Fa-f:]+$/)
            .refine(hasPortInRange),
        ],
        "expected a multiaddr, a host or host:port",
      ),
    ),
    defaultValue: [],
  },
  {
    key: "mdns",
    help: "find peers on the local network by multicast DNS; --no-mdns turns it off",
    schema: flag,
    defaultValue: true,
  },
  {
    key: "board",
    placeholder: "BOARD",
    help:
      `auto, or a simulated board: ${boards.map((board) => `simulated-${board}`).join(", ")}; a simulated one ` +
      "suffers from what is written into the file board-faults in the data directory: overheat, brown-out",
    schema: z.enum(
      ["auto", ...boards.map((board) => `simulated-${board}` as const)],
      `expected auto or ${boards.map((board) => `simulated-${board}`).join(", ")}`,
    ),
    defaultValue: "auto",
  },
  {
    key: "ui-dir",
    placeholder: "DIRECTORY",
    help: "the built web UI; empty for the one that comes with the peer",
    schema: z.string("expected a directory"),
    defaultValue: "",
  },
  {
    key: "events-keep",
    placeholder: "COUNT",
    help: "how many events the local log keeps",
    schema: number("expected a count of 100 to 10000000", 100, 10_000_000),
    defaultValue: 100_000,
  },
  {
    key: "events-keep-days",
    placeholder: "DAYS",
    help: "for how many days the local log keeps events",
    schema: number("expected 1 to 3650 days", 1, 3_650),
    defaultValue: 30,
  },
  {
    key: "log-level",
    placeholder: "LEVELS",
    help: `${logLevels.join(", ")}; by component as info,mesh=debug; components are ${logComponents.join(", ")}`,
    schema: z
      .string(LOG_LEVELS_EXPECTED)
      .regex(LOG_LEVELS, LOG_LEVELS_EXPECTED)
      .refine(namesComponents, `expected components that there are: ${logComponents.join(", ")}`),
    defaultValue: "info",
  },
  {
    key: "log-format",
    placeholder: "FORMAT",
    help: "auto (pretty on a terminal), json or pretty",
    schema: z.enum(["auto", "json", "pretty"], "expected auto, json or pretty"),
    defaultValue: "auto",
  },
  {
    key: "recover",
    help: "move a corrupt database aside and fetch the state from other peers again",
    schema: flag,
    defaultValue: false,
  },
] as const satisfies readonly OptionDefinition[];
