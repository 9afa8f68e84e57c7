import { existsSync, readFileSync } from "node:fs";
import { type FieldProblem, MeshError } from "@pi-controller/schema";
import type * as z from "zod";
import { parseArguments } from "./arguments.ts";
import { type OptionDefinition, optionDefinitions } from "./options.ts";

type CamelCase<Text extends string> = Text extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Text;
type Definition = (typeof optionDefinitions)[number];

/** The settings of a peer, checked and frozen. Keys are those of the options in camel case. */
export type Config = {
  readonly [Option in Definition as CamelCase<Option["key"]>]: z.infer<Option["schema"]>;
};

export interface ConfigSources {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Read when no file is named and it exists. */
export const DEFAULT_CONFIG_FILE = "/etc/pi-controller/config.yaml";
const ENVIRONMENT_PREFIX = "PI_CONTROLLER_";

interface Setting {
  readonly value: unknown;
  /** Where it was set, for the error message. */
  readonly origin: string;
}

/**
 * Settings from file, environment and flags; later ones win.
 *
 * @throws MeshError INVALID_ARGUMENT that lists everything that is wrong, in all sources
 */
export async function loadConfig({ argv, env }: ConfigSources): Promise<Config> {
  const problems: FieldProblem[] = [];
  const flags = parseArguments(argv, optionDefinitions, problems);
  const environment = fromEnvironment(env, problems);
  const file = await fromFile(flags.configFile ?? env[`${ENVIRONMENT_PREFIX}CONFIG`], problems);
  const config: Record<string, unknown> = {};
  for (const definition of optionDefinitions) {
    const { key } = definition;
    const setting = flags.settings.get(key) ?? environment.get(key) ?? file.get(key);
    config[toCamelCase(key)] =
      setting === undefined ? definition.defaultValue : check(definition, setting, problems);
  }
  checkTogether(config, problems);
  if (problems.length > 0) {
    const list = problems.map(({ field, message }) => `  ${field}: ${message}`).join("\n");
    throw new MeshError("INVALID_ARGUMENT", `The configuration is not valid:\n${list}`, { fields: problems });
  }
  return Object.freeze(config) as Config;
}

/** The configuration as a file would have it, secrets masked. */
export function printConfig(
  config: Readonly<Record<string, unknown>>,
  definitions: readonly OptionDefinition[] = optionDefinitions,
): string {
  const lines = definitions.map(({ key, secret }) => {
    const value = config[toCamelCase(key)];
    return `${key}: ${secret && value !== "" ? "********" : JSON.stringify(value)}`;
  });
  return `${lines.join("\n")}\n`;
}

function toCamelCase(key: string): string {
  return key.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function check(definition: OptionDefinition, { value, origin }: Setting, problems: FieldProblem[]): unknown {
  // One entry may stand for a list of one, as it may among the flags.
  const entries = definition.list && typeof value === "string" ? [value] : value;
  const result = definition.schema.safeParse(entries);
  if (result.success) return result.data;
  const message = result.error.issues.map((issue) => issue.message).join("; ");
  const shown = definition.secret ? "" : `, not ${JSON.stringify(value)}`;
  problems.push({ field: origin, message: `${message}${shown}` });
  return undefined;
}

/** Rules that concern more than one setting; those that are wrong by themselves are left out. */
function checkTogether(config: Partial<Config>, problems: FieldProblem[]): void {
  if (config.oidcIssuer !== undefined && config.oidcIssuer !== "" && config.oidcClientId === "") {
    problems.push({ field: "oidc-client-id", message: "expected the client id that goes with oidc-issuer" });
  }
}

function fromEnvironment(env: ConfigSources["env"], problems: FieldProblem[]): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  const known = new Map<string, OptionDefinition>(
    optionDefinitions.map((definition) => [variableOf(definition.key), definition]),
  );
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(ENVIRONMENT_PREFIX) || text === undefined) continue;
    if (variable === `${ENVIRONMENT_PREFIX}CONFIG`) continue;
    const definition = known.get(variable);
    if (definition === undefined) {
      problems.push({ field: variable, message: "there is no such setting" });
      continue;
    }
    const value = definition.list ? text.split(",").filter((item) => item !== "") : text;
    settings.set(definition.key, { value, origin: variable });
  }
  return settings;
}

function variableOf(key: string): string {
  return `${ENVIRONMENT_PREFIX}${key.replaceAll("-", "_").toUpperCase()}`;
}

async function fromFile(named: string | undefined, problems: FieldProblem[]): Promise<Map<string, Setting>> {
  const settings = new Map<string, Setting>();
  const path = named ?? DEFAULT_CONFIG_FILE;
  if (named === undefined && !existsSync(path)) return settings;
  let content: unknown;
  try {
    // Loaded only when there is a file: most peers have none.
    // By its default: from a CommonJS module in the bundle nothing else can be imported.
    const { default: yaml } = await import("yaml");
    content = yaml.parse(readFileSync(path, "utf8"));
  } catch (error) {
    problems.push({ field: path, message: error instanceof Error ? error.message : String(error) });
    return settings;
  }
  if (content === null || content === undefined) return settings;
  if (typeof content !== "object" || Array.isArray(content)) {
    problems.push({ field: path, message: "expected settings as `key: value` lines" });
    return settings;
  }
  const known = new Set<string>(optionDefinitions.map(({ key }) => key));
  for (const [key, value] of Object.entries(content)) {
    if (known.has(key)) settings.set(key, { value, origin: `${key} (in ${path})` });
    else problems.push({ field: `${key} (in ${path})`, message: "there is no such setting" });
  }
  return settings;
}
