import { useSession } from "../session/session-context.ts";

/** How to add other machines, for a peer that is alone. */
export function FirstSteps() {
  const mesh = useSession().mesh.value?.value;
  const addresses = mesh?.addresses ?? [];
  const reachable = addresses.find((address) => !isLoopback(address));
  const failed = mesh?.discovery.filter(({ status }) => status === "failed") ?? [];
  return (
    <section class="panel first-steps" aria-label="How to add other nodes">
      <h2>This peer is alone so far</h2>
      {reachable === undefined ? (
        <p>
          It listens on loopback only, so just peers on this same machine can join it. Another one is started
          with
          <code>npm run peer -- --data-dir DIRECTORY --port 0 --mesh-port 0 --join {addresses[0]}</code>
        </p>
      ) : (
        <>
          <p>
            <b>In the same network</b>, just start another Raspberry Pi with Pi-Controller: peers find each
            other by mDNS, and it appears here by itself.
          </p>
          <p>
            <b>Where multicast does not pass</b>, tell the other peer where this one is:
            <code>npm run peer -- --join {reachable}</code>
          </p>
        </>
      )}
      <p>
        <b>A machine that runs no peer yet</b> can be noted with “Register a machine”.
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
