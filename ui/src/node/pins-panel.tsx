import type { NodeView } from "@pi-controller/schema";
import { LoadedContent } from "../components/loaded-content.tsx";
import { newestEvent } from "../events/newest-event.ts";
import { pinsPath } from "../route/route.ts";
import { useSession } from "../session/session-context.ts";
import { useLoaded } from "../session/use-loaded.ts";

/** How many pins and devices of the node are held, and the way to its header. */
export function PinsPanel({ node }: { readonly node: NodeView }) {
  const session = useSession();
  const event = newestEvent(
    session.feed.value,
    ({ type, node: about }) => about === node.id && type.startsWith("gpio."),
  );
  const loaded = useLoaded(
    async ({ gpio }, call) => {
      const [granted, waiting] = await Promise.all([
        gpio.list({ node: node.id, state: "granted", limit: 1 }, call),
        gpio.list({ node: node.id, state: "waiting", limit: 1 }, call),
      ]);
      return { held: granted.total, waiting: waiting.total };
    },
    [node.id, event],
  );
  return (
    <section class="panel" aria-label="Pins">
      <h2>Pins</h2>
      <LoadedContent loaded={loaded}>{(counts) => <p>{countsText(counts)}</p>}</LoadedContent>
      <a class="button" href={pinsPath("pins", { node: node.id })}>
        Open its header
      </a>
    </section>
  );
}

function countsText({ held, waiting }: { readonly held: number; readonly waiting: number }): string {
  const many =
    held === 1 ? "One pin or device is held" : `${held === 0 ? "No" : held} pins or devices are held`;
  return waiting === 0 ? `${many}.` : `${many}; ${waiting} wait in line.`;
}
