import { Icon } from "../components/icon.tsx";
import { securityPath } from "../route/route.ts";
import { useSession } from "../session/session-context.ts";

/** How to add other nodes, for a mesh of one. */
export function FirstSteps({ onAdd }: { readonly onAdd: () => void }) {
  const mesh = useSession().mesh.value?.value;
  const failed = mesh?.discovery.filter(({ status }) => status === "failed") ?? [];
  const reachable = (mesh?.addresses ?? []).some((address) => !isLoopback(address));
  return (
    <section class="panel first-steps" aria-label="How to add other nodes">
      <h2>This node is alone so far</h2>
      <ol class="steps">
        <li>Flash a card with Pi-Controller for the next Raspberry Pi, put it in, and plug it in.</li>
        <li>
          In the same network it is listed above in about a minute, as a node that waits. Elsewhere, look it
          up by its address under <b>Add a node</b>.
        </li>
        <li>Compare the fingerprint, and approve it with its set-up code.</li>
      </ol>
      <button type="button" onClick={onAdd}>
        <Icon name="plus" /> Add a node
      </button>
      <p>
        <b>Many at once?</b> A <a href={securityPath("join-tokens")}>join token</a> on their cards admits them
        without a click.
      </p>
      {mesh !== undefined && !reachable && (
        <p>
          This peer listens on loopback only, so just peers on this same machine can become members. Start it
          with <code>--listen 0.0.0.0</code> to change that.
        </p>
      )}
      <p>
        <b>A machine that will never run Pi-Controller</b> can be noted with “Register a machine”.
      </p>
      {failed.length > 0 && (
        <>
          <h3>Why mDNS may find nobody</h3>
          <ul>
            {failed.map((discovery) => (
              <li key={`${discovery.interface} ${discovery.address}`}>
                {discovery.interface} {discovery.address}: {discovery.reason}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** Is it the address of a machine to itself? */
function isLoopback(multiaddr: string): boolean {
  return multiaddr.startsWith("/ip4/127.") || multiaddr.startsWith("/ip6/::1/");
}
