import type { Level } from "@pi-controller/schema";

export function opposite(level: Level): Level {
  return level === "low" ? "high" : "low";
}

/** From what a wire has to what it means, and back. */
export function swappedWhen(activeLow: boolean, level: Level): Level {
  return activeLow ? opposite(level) : level;
}
