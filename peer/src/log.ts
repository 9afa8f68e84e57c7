import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import type { Logger } from "@pi-controller/runtime";
import { type DestinationStream, type Level, pino } from "pino";
import type { Config } from "./config/config.ts";
import type { LogComponent } from "./config/options.ts";

/** Loggers of one root, each with the name of a component and the level asked for that component. */
export interface Log {
  component(name: LogComponent): Logger;
  /** Tells something to whoever stands at the console: as text there, as an entry with these fields in a log. */
  showPerson(fields: object, text: string): void;
}

/**
 * The one log of the process, on standard output: a line of JSON an entry, or pretty on a terminal.
 *
 * @param bindings stand in every entry, as the node's name
 * @param lines where lines of JSON go; standard output unless a test says otherwise
 */
export async function createLog(
  options: Pick<Config, "logLevel" | "logFormat">,
  bindings: Readonly<Record<string, string>>,
  lines?: DestinationStream,
): Promise<Log> {
  const levels = parseLevels(options.logLevel);
  const pretty = options.logFormat === "pretty" || (options.logFormat === "auto" && isatty(1));
  // Synchronous: the last words before a crash are the ones that matter, and a peer writes few.
  const destination: DestinationStream = pretty
    ? await prettyDestination()
    : (lines ?? pino.destination({ dest: 1, sync: true }));
  const root = pino(
    {
      base: bindings,
      level: "debug",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      // By itself pino knows `err` alone: of an error in any other field neither message nor stack would be written.
      serializers: { error: pino.stdSerializers.err },
    },
    destination,
  );
  return {
    component: (name) =>
      root.child({ component: name }, { level: levels.components.get(name) ?? levels.base }),
    showPerson(fields, text) {
      // Synchronous, as the log is: otherwise it would stand in the middle of what comes later.
      if (pretty) writeSync(1, text);
      else root.child({ component: "peer" }).info(fields, "This node waits to be set up");
    },
  };
}

async function prettyDestination(): Promise<DestinationStream> {
  // Loaded only for people: a service never needs it.
  const { default: prettyPrint } = await import("pino-pretty");
  return prettyPrint({
    sync: true,
    destination: 1,
    colorize: isatty(1) && process.env.NO_COLOR === undefined,
    translateTime: "SYS:HH:MM:ss.l",
    messageFormat: "{name} {component}: {msg}",
    singleLine: true,
    ignore: "component,name",
  });
}

interface Levels {
  readonly base: Level;
  readonly components: ReadonlyMap<string, Level>;
}

/** @param text as `info,mesh=debug`; its form has been checked */
export function parseLevels(text: string): Levels {
  let base: Level = "info";
  const components = new Map<string, Level>();
  for (const item of text.split(",")) {
    const [name = "", level] = item.split("=");
    if (level === undefined) base = name as Level;
    else components.set(name, level as Level);
  }
  return { base, components };
}
