import { useSession } from "../session/session-context.ts";

/** How to add other machines, for a peer that is alone. */
export function FirstSteps() {
  const mesh = useSession().mesh.value?.value;
  const address = mesh?.addresses.find((text) => !text.includes("/127.0.0.1/")) ?? mesh?.addresses[0];
  const failed = mesh?.discovery.filter(({ status }) => status === "failed") ?? [];
  return (
    <section class="panel first-steps" aria-label="How to add other nodes">
      <h2>This peer is alone so far</h2>
      <ol>
        <li>
          <b>In the same network</b>, just start another Raspberry Pi with Pi-Controller: peers find each
          other by mDNS, and it appears here by itself.
        </li>
        <li>
          <b>Where multicast does not pass</b>, tell the other peer where this one is:
          {address !== undefined && <code>npm run peer -- --join {address}</code>}
        </li>
        <li>
          <b>A machine that runs no peer yet</b> can be noted with “Register a machine”.
        </li>
      </ol>
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
