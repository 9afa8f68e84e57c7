import type { NodeGpio } from "@pi-controller/schema";
import { Facts } from "../components/facts.tsx";

/** What a pin and the board can take, with the document that says so. */
export function LimitsFacts({ node }: { readonly node: NodeGpio }) {
  const { pinMilliamperes, totalMilliamperes, boardMilliwatts, source } = node.limits;
  if (node.header.length === 0) return null;
  return (
    <section class="panel" aria-label="Electrical limits">
      <h2>What the pins can take</h2>
      <Facts
        facts={[
          ["Levels", "3.3 V. A pin that gets 5 V is destroyed."],
          ["One pin", `${pinMilliamperes} mA at most`],
          [
            "All together",
            totalMilliamperes === null ? "no document says" : `${totalMilliamperes} mA at most`,
          ],
          [
            "Power budget",
            boardMilliwatts === null
              ? "none is set for this board"
              : `${boardMilliwatts} mW for all that reservations declare`,
          ],
          ["Source", source],
        ]}
      />
    </section>
  );
}
