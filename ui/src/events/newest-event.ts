import type { MeshEvent } from "@pi-controller/schema";
import type { EventFeed } from "./event-feed.ts";

/** Id of the newest live event that matches; empty when none came. It changes when another one comes. */
export function newestEvent(feed: EventFeed, matches: (event: MeshEvent) => boolean): string {
  const found = feed.items.find((item) => item.kind === "event" && matches(item.event));
  return found?.kind === "event" ? found.event.id : "";
}
