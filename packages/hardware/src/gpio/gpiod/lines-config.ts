import { type Level, MeshError } from "@pi-controller/schema";
import type { LineConfig } from "../gpio-driver.ts";
import { attributeIds, type LineAttribute, type LinesConfig, lineFlags, MAX_ATTRIBUTES } from "./uapi.ts";

/** One line of a request. */
export interface LineState {
  readonly config: LineConfig;
  /** Logical; of an output what it drives or is to drive. */
  readonly level: Level;
}

/**
 * How a request's lines are set up, in the order of their numbers in it.
 *
 * @throws MeshError RESOURCE_EXHAUSTED when their settings differ in more ways than one request can tell
 */
export function linesConfig(lines: readonly LineState[]): LinesConfig {
  const flags = masksBy(lines, ({ config }) => flagsOf(config));
  const debounces = masksBy(lines, ({ config }) =>
    config.direction === "input" ? Math.round(config.debounceMs * 1_000) : 0,
  );
  const outputs = masksBy(lines, ({ config }) => config.direction).get("output");
  const [[first] = [0]] = flags;
  const attributes: LineAttribute[] = [...flags]
    .slice(1)
    .map(([value, mask]) => ({ id: attributeIds.flags, value: BigInt(value), mask }));
  if (outputs !== undefined) {
    const high = masksBy(lines, ({ level }) => level).get("high") ?? 0n;
    attributes.push({ id: attributeIds.values, value: high & outputs, mask: outputs });
  }
  for (const [durationUs, mask] of debounces) {
    if (durationUs > 0) attributes.push({ id: attributeIds.debounce, value: BigInt(durationUs), mask });
  }
  if (attributes.length > MAX_ATTRIBUTES) {
    throw new MeshError(
      "RESOURCE_EXHAUSTED",
      "Lines that were set up together differ in too many settings by now: release them, and set them up one by one",
    );
  }
  return { flags: first, attributes };
}

function flagsOf(config: LineConfig): number {
  const activeLow = config.activeLow ? lineFlags.activeLow : 0;
  if (config.direction === "output") return lineFlags.output | activeLow | driveFlags[config.drive];
  return lineFlags.input | activeLow | pullFlags[config.pull] | edgeFlags[config.edges];
}

const driveFlags = {
  "push-pull": 0,
  "open-drain": lineFlags.openDrain,
  "open-source": lineFlags.openSource,
} as const;
const pullFlags = {
  none: lineFlags.pullDisabled,
  up: lineFlags.pullUp,
  down: lineFlags.pullDown,
} as const;
const edgeFlags = {
  none: 0,
  rising: lineFlags.edgeRising,
  falling: lineFlags.edgeFalling,
  both: lineFlags.edgeRising | lineFlags.edgeFalling,
} as const;

/** Which lines share a value, as a mask of their numbers. */
function masksBy<Key>(lines: readonly LineState[], keyOf: (line: LineState) => Key): Map<Key, bigint> {
  const masks = new Map<Key, bigint>();
  lines.forEach((line, index) => {
    const key = keyOf(line);
    masks.set(key, (masks.get(key) ?? 0n) | (1n << BigInt(index)));
  });
  return masks;
}
