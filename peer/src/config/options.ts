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
  "audit",
  "certificates",
  "connector",
  "discovery",
  "documents",
  "enrolment",
  "events",
  "gpio",
  "hardware",
  "membership",
  "mesh",
  "metrics",
  "network",
  "peer",
  "roster",
  "sessions",
  "systemd",
  "trust",
  "users",
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
    help: "where identity, keys, documents and events are kept",
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
    help: "port of the API and the web UI (HTTPS; plain HTTP for this machine itself); 0 for any free one",
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
    key: "listen",
    placeholder: "ADDRESS",
    list: true,
    help: "IP address on which peers and people connect; 0.0.0.0 for all, 127.0.0.1 for this machine alone",
    schema: z.array(z.union([z.ipv4(), z.ipv6()], "expected IP addresses such as 127.0.0.1")).min(1),
    defaultValue: ["0.0.0.0"],
  },
  {
    key: "allow-from",
    placeholder: "CIDR",
    list: true,
    help: "network from which the API and the web UI may be used, as 192.168.1.0/24; all when left out",
    schema: z.array(z.union([z.cidrv4(), z.cidrv6()], "expected networks such as 192.168.1.0/24")),
    defaultValue: [],
  },
  {
    key: "host-name",
    placeholder: "NAME",
    list: true,
    help: "further DNS name by which people reach this peer, as a reverse proxy's",
    schema: z.array(z.hostname("expected host names such as pi.example.org").max(253)),
    defaultValue: [],
  },
  {
    key: "hsts",
    help: "tell browsers to use HTTPS alone (for a year): only once the root certificate is trusted by all of them",
    schema: flag,
    defaultValue: false,
  },
  {
    key: "setup-code-file",
    placeholder: "FILE",
    help: "set-up code of a peer that belongs to no mesh yet; made at first start when there is none",
    schema: z.string("expected a file"),
    // Where whoever flashes a card can write: it shows as a drive.
    defaultValue: "/boot/firmware/setup-code",
  },
  {
    key: "join-token-file",
    placeholder: "FILE",
    help: "join token of a fleet: with it this peer joins by itself; overwritten and removed afterwards",
    schema: z.string("expected a file"),
    defaultValue: "/boot/firmware/join-token",
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
      "suffers from what is written into the file board-faults in the data directory: overheat, brown-out; its " +
      "pins do what the file simulated-pins says, as GPIO17 high",
    schema: z.enum(
      ["auto", ...boards.map((board) => `simulated-${board}` as const)],
      `expected auto or ${boards.map((board) => `simulated-${board}`).join(", ")}`,
    ),
    defaultValue: "auto",
  },
  {
    key: "gpio-driver",
    placeholder: "DRIVER",
    help: "gpiod (Linux' own), pigpio (through its daemon; not on a Pi 5), simulated, or auto: by the board",
    schema: z.enum(["auto", "gpiod", "pigpio", "simulated"], "expected auto, gpiod, pigpio or simulated"),
    defaultValue: "auto",
  },
  {
    key: "gpio-chip",
    placeholder: "LABEL",
    help: "label or name of the GPIO chip of a machine that is no Raspberry Pi, as gpiochip0: its lines are the pins",
    schema: z.string("expected a label").max(64, "expected at most 64 characters"),
    defaultValue: "",
  },
  {
    key: "pigpiod",
    placeholder: "HOST:PORT",
    help: "where the daemon of pigpio listens",
    schema: z
      .string("expected host:port")
      .regex(/^[A-Za-z0-9.-]+:\d{1,5}$/, "expected host:port, as 127.0.0.1:8888")
      .refine(hasPortInRange, "expected host:port, as 127.0.0.1:8888"),
    defaultValue: "127.0.0.1:8888",
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
    key: "audit-keep",
    placeholder: "COUNT",
    help: "how many records the local audit log keeps",
    schema: number("expected a count of 1000 to 10000000", 1_000, 10_000_000),
    defaultValue: 200_000,
  },
  {
    key: "audit-keep-days",
    placeholder: "DAYS",
    help: "for how many days the local audit log keeps records",
    schema: number("expected 1 to 3650 days", 1, 3_650),
    defaultValue: 365,
  },
  {
    key: "session-idle-hours",
    placeholder: "HOURS",
    help: "a browser session ends when it was not used for so long",
    schema: number("expected 1 to 720 hours", 1, 720),
    defaultValue: 8,
  },
  {
    key: "session-days",
    placeholder: "DAYS",
    help: "a browser session ends after so long in any case",
    schema: number("expected 1 to 90 days", 1, 90),
    defaultValue: 7,
  },
  {
    key: "oidc-issuer",
    placeholder: "URL",
    help: "OpenID provider that people may log in with; its redirect URI is https://<this node>/api/v1/oidc/callback",
    schema: z.union([z.literal(""), z.url()], "expected a URL such as https://login.example.org"),
    defaultValue: "",
  },
  {
    key: "oidc-client-id",
    placeholder: "ID",
    help: "what the OpenID provider calls this mesh",
    schema: z.string("expected a client id").max(255),
    defaultValue: "",
  },
  {
    key: "oidc-client-secret-file",
    placeholder: "FILE",
    help: "client secret for the OpenID provider; a public client with PKCE when left out",
    schema: z.string("expected a file"),
    defaultValue: "",
  },
  {
    key: "oidc-label",
    placeholder: "TEXT",
    help: "what the login page calls the OpenID provider",
    schema: z.string("expected a text").max(60),
    defaultValue: "single sign-on",
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
