import type { Edges, Level } from "@pi-controller/schema";

/** The other one of the two. */
export function opposite(level: Level): Level {
  return level === "low" ? "high" : "low";
}

/** Whether a change to this level is one of the edges that were asked for. */
export function isAskedFor(edges: Edges, level: Level): boolean {
  return edges === "both" || edges === (level === "high" ? "rising" : "falling");
}

/** From what a wire has to what it means, and back. */
export function swappedWhen(activeLow: boolean, level: Level): Level {
  return activeLow ? opposite(level) : level;
}
