import type { StreamGap } from "@pi-controller/client";
import type { MeshEvent } from "@pi-controller/schema";

/** What came over the live stream, or what is known to have been missed. */
export type FeedItem =
  | { readonly kind: "event"; readonly event: MeshEvent }
  /** @property time wall clock of this page, in ms: a notice has no other */
  | { readonly kind: "notice"; readonly id: string; readonly time: number; readonly text: string };

/** The live stream as this page remembers it: bounded, newest first. */
export interface EventFeed {
  readonly items: readonly FeedItem[];
  /** How many items ever came, also those that are forgotten. */
  readonly arrived: number;
}

export const emptyFeed: EventFeed = { items: [], arrived: 0 };

const MAX_ITEMS = 500;

/** The feed with an event on top, unless it has that already. */
export function addEvent(feed: EventFeed, event: MeshEvent): EventFeed {
  const known = feed.items.some((item) => item.kind === "event" && item.event.id === event.id);
  return known ? feed : addItem(feed, { kind: "event", event });
}

/**
 * The feed with a notice in the place where events are missing.
 *
 * @param time wall clock of this page, in ms
 */
export function addGap(feed: EventFeed, gap: StreamGap, time: number): EventFeed {
  return addNotice(feed, time, gapTexts[gap.reason](gap));
}

const gapTexts: Readonly<Record<StreamGap["reason"], (gap: StreamGap) => string>> = {
  dropped: ({ count }) =>
    `${count ?? "Some"} events were left out: they came faster than this page could take them.`,
  expired: () => "The connection was away for so long that the peer no longer has all events of that time.",
  "other-log": () => "Another event log answers here now. What happened without a connection may be missing.",
};

function addNotice(feed: EventFeed, time: number, text: string): EventFeed {
  return addItem(feed, { kind: "notice", id: `notice-${feed.arrived}`, time, text });
}

function addItem(feed: EventFeed, item: FeedItem): EventFeed {
  return { items: [item, ...feed.items.slice(0, MAX_ITEMS - 1)], arrived: feed.arrived + 1 };
}

/**
 * Live items and events from the log as one list, newest first, each event once. A notice stands where it
 * came by this page's clock; events by the time they tell, then by id.
 */
export function mergeTimeline(live: readonly FeedItem[], log: readonly MeshEvent[]): readonly FeedItem[] {
  const seen = new Set<string>();
  const items: FeedItem[] = [];
  for (const item of [...live, ...log.map((event): FeedItem => ({ kind: "event", event }))]) {
    const id = itemId(item);
    if (seen.has(id)) continue;
    seen.add(id);
    items.push(item);
  }
  return items.sort((left, right) => itemTime(right) - itemTime(left) || compareIds(right, left));
}

/** What tells this item from all others. */
export function itemId(item: FeedItem): string {
  return item.kind === "event" ? item.event.id : item.id;
}

function itemTime(item: FeedItem): number {
  return item.kind === "event" ? Date.parse(item.event.timestamp) : item.time;
}

function compareIds(left: FeedItem, right: FeedItem): number {
  const leftId = itemId(left);
  const rightId = itemId(right);
  if (leftId === rightId) return 0;
  return leftId < rightId ? -1 : 1;
}
