// The program: settings in, a running peer out, signals handled.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MeshError } from "@pi-controller/schema";
import { type Config, loadConfig, printConfig } from "./config/config.ts";
import { helpText } from "./config/help.ts";
import { productVersion } from "./version.ts";

/** A graceful stop that takes longer is given up: what had to be kept is on disk long before. */
const STOP_WITHIN_MS = 15_000;
const EXIT_USAGE = 2;

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes("--help")) {
    process.stdout.write(helpText());
    return;
  }
  if (argv.includes("--version")) {
    process.stdout.write(`${productVersion()}\n`);
    return;
  }
  const config = await readConfig(argv);
  if (config === undefined) return;
  if (argv.includes("--print-config")) {
    process.stdout.write(printConfig(config));
    return;
  }
  const leave = argv.includes("--leave");
  await runPeer(config.uiDir === "" ? { ...config, uiDir: builtUi() } : config, { leave });
}

/** The web UI beside the bundle, or that of the repository; whether it is there is for the API to say. */
function builtUi(): string {
  const beside = fileURLToPath(new URL("ui", import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL("../../ui/dist", import.meta.url));
}

async function readConfig(argv: readonly string[]): Promise<Config | undefined> {
  try {
    return await loadConfig({ argv, env: process.env });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT_USAGE;
    return undefined;
  }
}

async function runPeer(config: Config, { leave }: { readonly leave: boolean }): Promise<void> {
  // Everything heavy is loaded only by a peer that really runs.
  const { createLog } = await import("./log.ts");
  const { createPeer, leaveMesh } = await import("./create-peer.ts");
  const log = await createLog(config, { name: config.name });
  const logger = log.component("peer");
  const starting = new AbortController();
  let stopping: Promise<void> | undefined;

  process.on("uncaughtException", (error) => {
    logger.error({ err: error }, "Unexpected error: the peer ends, so that it can be started afresh");
    process.exit(1);
  });
  // Libraries under us reject promises nobody holds when a remote peer misbehaves; that ends no peer.
  process.on("unhandledRejection", (error) => logger.error({ err: error }, "Unexpected rejection"));

  const environment = { log, version: productVersion(), env: process.env };
  if (leave) {
    await leaveMesh(config, environment).catch(fail);
    logger.info({}, "This peer has left its mesh and forgotten it");
    process.exit(0);
  }
  const peer = await createPeer(config, environment, fail).catch((error: unknown) => {
    fail(error);
    return undefined;
  });
  if (peer === undefined) return;

  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping !== undefined) {
      logger.warn({ signal }, "Told twice to stop: ending at once");
      process.exit(1);
    }
    logger.info({ signal }, "Stopping: telling the mesh, then closing");
    starting.abort(new Error(`stopped by ${signal}`));
    const givenUp = setTimeout(() => {
      logger.error({ withinMs: STOP_WITHIN_MS }, "The peer did not stop in time: ending at once");
      process.exit(1);
    }, STOP_WITHIN_MS);
    givenUp.unref();
    stopping = peer.stop().then(
      () => {
        logger.info({}, "Stopped");
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, "The peer did not stop cleanly");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  // A terminal that is closed: the mesh is told all the same.
  process.on("SIGHUP", onSignal);

  try {
    await peer.start(starting.signal);
  } catch (error) {
    if (stopping === undefined) fail(error);
  }

  function fail(error: unknown): void {
    // What is expected to go wrong says how to mend it; where in the code it was found would only hide that.
    const fields = error instanceof MeshError ? { code: error.code } : { err: error };
    logger.error(fields, `The peer cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

await main(process.argv.slice(2));
