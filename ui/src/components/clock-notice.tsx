import { formatDuration } from "../format/duration.ts";
import { useIdentity } from "../identity/identity-context.ts";
import { Icon } from "./icon.tsx";

/** Says that the node's clock is behind, while it is. */
export function ClockNotice() {
  const status = useIdentity().status.value;
  if (status === null || status.clock === null) return null;
  return (
    <section class="banner banner-warning" role="status" aria-label="Clock">
      <Icon name="suspect" />
      <p>
        <strong>
          The clock of {status.nodeName} is behind by {formatDuration(status.clock.behindByMs)} or more.
        </strong>{" "}
        A Raspberry Pi without a battery for its clock needs a time server. Until then whatever expires is
        judged by the latest time that this node has proof of; nobody is locked out by it.
      </p>
    </section>
  );
}
