import { registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Mutation } from "./mutation.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** Exit code of a process that never loaded the file that it was to change: what it found out says nothing. */
const NOT_LOADED = 70;

/** Where the file of a mutation is. */
export function fileOf({ file }: Pick<Mutation, "file">): URL {
  return pathToFileURL(`${ROOT}${file}`);
}

/** @throws Error when the text is not there exactly once: then nothing would be changed, or who knows what */
export function mutate({ name, file, find, replace }: Mutation, source: string): string {
  const count = source.split(find).length - 1;
  if (count !== 1) {
    throw new Error(`The mutation ${name} does not fit: its text is in ${file} ${count} times, not once`);
  }
  // Not as a pattern: `$` means nothing here.
  return source.replace(find, () => replace);
}

/**
 * Has every import of a mutation's file, from now on, get the changed source; types are stripped after that. To be
 * called before anything of the product is imported. A process that ends without having loaded it fails.
 */
export function applyMutation(mutation: Mutation): void {
  const target = fileOf(mutation).href;
  let isLoaded = false;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (url !== target) return loaded;
      isLoaded = true;
      return { ...loaded, source: mutate(mutation, textOf(loaded.source)) };
    },
  });
  process.on("exit", () => {
    if (isLoaded) return;
    process.stderr.write(
      `The mutation ${mutation.name} was never loaded: nothing imports ${mutation.file}\n`,
    );
    process.exitCode = NOT_LOADED;
  });
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | undefined | null): string {
  return typeof source === "string" ? source : new TextDecoder().decode(source ?? undefined);
}
