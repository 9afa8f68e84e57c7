import { parseArgs } from "node:util";
import type { FieldProblem } from "@pi-controller/schema";
import type { OptionDefinition } from "./options.ts";

export interface ParsedArguments {
  readonly settings: ReadonlyMap<string, { readonly value: unknown; readonly origin: string }>;
  readonly configFile: string | undefined;
}

/** Flags that are no settings: they make the program print something and end, or name the file. */
export const commandFlags = [
  {
    flag: "config",
    placeholder: "FILE",
    help: "settings in YAML, keys as the flags without dashes in front",
  },
  { flag: "print-config", help: "print the settings that would be used, secrets masked, and end" },
  { flag: "leave", help: "leave the mesh, wipe this peer's keys and what it knows of the mesh, and end" },
  { flag: "version", help: "print the version and end" },
  { flag: "help", help: "print this help and end" },
] as const;

/** Reads flags; what is wrong with them is added to `problems`. */
export function parseArguments(
  argv: readonly string[],
  definitions: readonly OptionDefinition[],
  problems: FieldProblem[],
): ParsedArguments {
  const byFlag = new Map(definitions.map((definition) => [definition.key, definition]));
  const options: Record<string, { type: "string" | "boolean"; multiple?: boolean }> = {};
  for (const { key, placeholder, list } of definitions) {
    options[key] =
      placeholder === undefined ? { type: "boolean" } : { type: "string", multiple: list ?? false };
  }
  for (const command of commandFlags) {
    options[command.flag] = { type: "placeholder" in command ? "string" : "boolean" };
  }
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    tokens: true,
  });
  const isNegatedSwitch = (flag: string) =>
    flag.startsWith("no-") && options[flag.slice("no-".length)]?.type === "boolean";
  const settings = new Map<string, { value: unknown; origin: string }>();
  let configFile: string | undefined;
  for (const token of tokens) {
    if (token.kind === "positional") {
      problems.push({ field: token.value, message: "expected a flag; see --help" });
    }
    if (token.kind !== "option") continue;
    const negated = isNegatedSwitch(token.name);
    const name = negated ? token.name.slice("no-".length) : token.name;
    const origin = token.rawName;
    const definition = byFlag.get(name);
    if (name === "config") {
      configFile = token.value;
      if (!token.value) problems.push({ field: origin, message: "expected a value: --config FILE" });
    }
    if (definition === undefined) {
      if (options[name] === undefined) {
        problems.push({ field: origin, message: "there is no such flag; see --help" });
      } else if (options[name].type === "boolean" && token.value !== undefined) {
        problems.push({ field: origin, message: "expected no value" });
      }
      continue;
    }
    if (definition.placeholder === undefined) {
      settings.set(name, { value: token.value ?? !negated, origin });
    } else if (token.value === undefined) {
      problems.push({ field: origin, message: `expected a value: ${origin} ${definition.placeholder}` });
    } else if (definition.list) {
      const before = settings.get(name)?.value;
      settings.set(name, { value: [...(Array.isArray(before) ? before : []), token.value], origin });
    } else {
      settings.set(name, { value: token.value, origin });
    }
  }
  return { settings, configFile };
}
