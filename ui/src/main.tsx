import "./without-eval.ts";
import "./style/index.css";
import { createClient } from "@pi-controller/client";
import { render } from "preact";
import { Boot } from "./boot.tsx";
import { ClientContext } from "./client-context.ts";
import { AnswerWatch } from "./identity/answer-watch.ts";
import { Identity } from "./identity/identity.ts";
import { IdentityContext } from "./identity/identity-context.ts";
import { browserTabChannel } from "./identity/tab-channel.ts";
import { resumeAfterProvider } from "./login/return-path.ts";
import { followLocation } from "./route/location.ts";
import { watchAddressForCode } from "./setup/code-in-address.ts";
import { browserClock, tabVisibility } from "./time/page-clock.ts";

// Before anything else is done: a set-up code must not stay in the address bar, nor in the history.
watchAddressForCode();

const answers = new AnswerWatch((input, init) => fetch(input, init));
const client = createClient({ baseUrl: window.location.origin, fetch: answers.fetch });
const identity = new Identity({
  client,
  answers,
  clock: browserClock,
  visibility: tabVisibility,
  tabs: browserTabChannel(),
  random: Math.random,
});
followLocation();
resumeAfterProvider();
identity.start();

const root = document.getElementById("app");
if (root !== null) {
  render(
    <ClientContext.Provider value={client}>
      <IdentityContext.Provider value={identity}>
        <Boot />
      </IdentityContext.Provider>
    </ClientContext.Provider>,
    root,
  );
}
