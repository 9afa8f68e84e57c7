import type { GpioView, NodeView } from "@pi-controller/schema";
import { listOf } from "./document-work.ts";
import type { Machine } from "./machine.ts";

/** What all peers have to say alike, as text. */
export async function sharedViewOf(machine: Machine): Promise<string[]> {
  const nodes = await listOf(machine);
  const pins: GpioView[] = [];
  let cursor: string | undefined;
  do {
    const page = await machine.client.gpio.list({ limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    pins.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return [...nodes.map(nodeText), ...pins.map(pinText)].toSorted();
}

/** What of two views only one has, for people. */
export function differences(one: readonly string[], other: readonly string[]): string[] {
  const [first, second] = [new Set(one), new Set(other)];
  return [
    ...one.filter((line) => !second.has(line)).map((line) => `- ${line}`),
    ...other.filter((line) => !first.has(line)).map((line) => `+ ${line}`),
  ];
}

function nodeText({ id, name, labels, kind, createdAt, updatedAt }: NodeView): string {
  return JSON.stringify({ id, name, labels, kind, createdAt, updatedAt });
}

function pinText({ id, node, resource, state, token, holder, ttlMs, expiresAt }: GpioView): string {
  return JSON.stringify({ id, node, resource, state, token, holder, ttlMs, expiresAt });
}
