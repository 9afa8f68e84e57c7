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
const LOG_LEVELS =
  /^((debug|info|warn|error)|[a-z-]+=(debug|info|warn|error))(,((debug|info|warn|error)|[a-z-]+=(debug|info|warn|error)))*$/;

const port = z.coerce
  .number("expected a port: 0 to 65535, 0 for any free one")
  .int("expected a port: 0 to 65535, 0 for any free one")
  .min(0, "expected a port: 0 to 65535, 0 for any free one")
  .max(65_535, "expected a port: 0 to 65535, 0 for any free one");

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
          z.string().regex(/^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$|^[0-9A-Fa-f:]+$/),
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
    help: "the built web UI",
    schema: z.string("expected a directory").min(1, "expected a directory"),
    defaultValue: "",
  },
  {
    key: "events-keep",
    placeholder: "COUNT",
    help: "how many events the local log keeps",
    schema: z.coerce
      .number("expected a count of 100 to 10000000")
      .int("expected a count of 100 to 10000000")
      .min(100, "expected a count of 100 to 10000000")
      .max(10_000_000, "expected a count of 100 to 10000000"),
    defaultValue: 100_000,
  },
  {
    key: "events-keep-days",
    placeholder: "DAYS",
    help: "for how many days the local log keeps events",
    schema: z.coerce
      .number("expected 1 to 3650 days")
      .min(1, "expected 1 to 3650 days")
      .max(3_650, "expected 1 to 3650 days"),
    defaultValue: 30,
  },
  {
    key: "log-level",
    placeholder: "LEVELS",
    help: `${logLevels.join(", ")}; by component as info,mesh=debug`,
    schema: z.string().regex(LOG_LEVELS, `expected ${logLevels.join(", ")}, or as info,mesh=debug`),
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
