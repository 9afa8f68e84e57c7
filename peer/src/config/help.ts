import { commandFlags } from "./arguments.ts";
import { DEFAULT_CONFIG_FILE } from "./config.ts";
import { type OptionDefinition, optionDefinitions } from "./options.ts";

/** The text of `--help`. */
export function helpText(): string {
  const rows = [
    ...optionDefinitions.map((definition) => ({ flag: flagOf(definition), help: helpOf(definition) })),
    ...commandFlags.map((command) => ({
      flag: `--${command.flag}${"placeholder" in command ? ` ${command.placeholder}` : ""}`,
      help: command.help,
    })),
  ];
  const width = Math.max(...rows.map(({ flag }) => flag.length));
  return `Runs one peer of a Pi-Controller mesh on this machine.

Usage: pi-controller [flags]

${rows.map(({ flag, help }) => `  ${flag.padEnd(width)}  ${help}`).join("\n")}

Every flag can also stand in a YAML file (--config, or ${DEFAULT_CONFIG_FILE}) under its name without
dashes in front, and in the environment: --data-dir as PI_CONTROLLER_DATA_DIR, lists with commas. Flags win over the environment, and that
over the file. SIGTERM ends the peer gracefully, a second one at once.
`;
}

function flagOf({ key, placeholder }: OptionDefinition): string {
  return placeholder === undefined ? `--${key}` : `--${key} ${placeholder}`;
}

function helpOf({ help, defaultValue, list }: OptionDefinition): string {
  const values = Array.isArray(defaultValue) ? defaultValue.map(String) : [String(defaultValue)];
  const shown = typeof defaultValue === "boolean" ? "" : values.filter((value) => value !== "").join(",");
  return [help, shown === "" ? "" : `(default ${shown})`, list ? "[repeatable]" : ""]
    .filter(Boolean)
    .join(" ");
}
