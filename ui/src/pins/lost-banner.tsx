import { Icon } from "../components/icon.tsx";
import { useHeldHere } from "./held-here-context.ts";

/** Says that leases ended that this page was renewing, on whatever page that is noticed. */
export function LostLeasesBanner() {
  const held = useHeldHere();
  const losses = held.losses.value;
  if (losses.length === 0) return null;
  return (
    <section class="banner banner-warning" role="alert" aria-label="Lost reservations">
      <Icon name="suspect" />
      <div>
        {losses.map(({ id, resource, nodeName, reason }) => (
          <p key={id}>
            <strong>
              You do not hold {resource} of {nodeName} any more:
            </strong>{" "}
            {reason}
          </p>
        ))}
      </div>
      <button type="button" onClick={() => held.forgetLosses()}>
        Good
      </button>
    </section>
  );
}
