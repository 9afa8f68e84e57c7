import { rulesAllow } from "@pi-controller/schema";
import { useEffect, useMemo } from "preact/hooks";
import { App } from "./app.tsx";
import { useClient } from "./client-context.ts";
import { useIdentity, usePrincipal } from "./identity/identity-context.ts";
import { HeldHere } from "./pins/held-here.ts";
import { HeldHereContext } from "./pins/held-here-context.ts";
import { PeerSession } from "./session/peer-session.ts";
import { SessionContext } from "./session/session-context.ts";
import { StopsContext, useLoadedStops } from "./stops/stops-context.ts";
import { browserClock, tabVisibility } from "./time/page-clock.ts";

/** The application for the user who is logged in. Nothing of it outlives him: it starts anew for the next one. */
export function SignedIn() {
  const client = useClient();
  const identity = useIdentity();
  const { rules } = usePrincipal();
  const session = useMemo(
    () =>
      new PeerSession(
        { client, clock: browserClock, visibility: tabVisibility, random: Math.random },
        {
          mesh: rulesAllow(rules, { verb: "get", resource: "mesh" }),
          nodes: rulesAllow(rules, { verb: "list", resource: "nodes" }),
          events: rulesAllow(rules, { verb: "watch", resource: "events" }),
        },
      ),
    [],
  );
  const held = useMemo(() => new HeldHere({ client, clock: browserClock }), []);
  useEffect(() => () => held.stop(), [held]);
  useEffect(() => {
    const online = () => session.refreshNow();
    session.start();
    window.addEventListener("online", online);
    return () => {
      session.stop();
      window.removeEventListener("online", online);
    };
  }, [session]);
  const { state } = session.stream.value;
  // The stream ends at once with the session, where the next question would come later.
  useEffect(() => {
    if (state === "closed") void identity.ask();
  }, [state]);
  return (
    <SessionContext.Provider value={session}>
      <HeldHereContext.Provider value={held}>
        <WithStops />
      </HeldHereContext.Provider>
    </SessionContext.Provider>
  );
}

/** Every page shows the emergency stops that stand. */
function WithStops() {
  return (
    <StopsContext.Provider value={useLoadedStops()}>
      <App />
    </StopsContext.Provider>
  );
}
