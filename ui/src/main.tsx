import "./without-eval.ts";
import "./style/index.css";
import { createClient } from "@pi-controller/client";
import { render } from "preact";
import { App } from "./app.tsx";
import { followLocation } from "./route/location.ts";
import { PeerSession } from "./session/peer-session.ts";
import { SessionContext } from "./session/session-context.ts";
import { browserClock, tabVisibility } from "./time/page-clock.ts";

const session = new PeerSession({
  client: createClient({ baseUrl: window.location.origin }),
  clock: browserClock,
  visibility: tabVisibility,
  random: Math.random,
});
session.start();
window.addEventListener("online", () => session.refreshNow());
followLocation();

const root = document.getElementById("app");
if (root !== null) {
  render(
    <SessionContext.Provider value={session}>
      <App />
    </SessionContext.Provider>,
    root,
  );
}
