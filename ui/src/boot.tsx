import { useEffect, useRef } from "preact/hooks";
import { lazyPage, PageLoader } from "./components/page-loader.tsx";
import { ReloadAdvice } from "./components/reload-advice.tsx";
import { StartPage } from "./components/start-page.tsx";
import { useIdentity } from "./identity/identity-context.ts";
import type { Phase } from "./identity/phase.ts";
import { FarewellPage } from "./login/farewell-page.tsx";
import { LoginPage } from "./login/login-page.tsx";
import { SignedIn } from "./signed-in.tsx";

const setupArea = lazyPage(async () => (await import("./setup/setup-area.tsx")).SetupArea);

const titles: Readonly<Record<Exclude<Phase, "known">, string>> = {
  asking: "Connecting",
  unclaimed: "Set up",
  claiming: "Starting the mesh",
  login: "Log in",
  farewell: "Not in the mesh any more",
};

/** Set-up, login or the application: whatever the peer says is first. */
export function Boot() {
  const identity = useIdentity();
  const phase = identity.phase.value;
  useFocusOnPhase(phase);
  const nodeName = identity.status.value?.nodeName;
  useEffect(() => {
    if (phase === "known") return;
    document.title = [titles[phase], nodeName, "Pi-Controller"].filter(Boolean).join(" · ");
  }, [phase, nodeName]);
  if (phase === "known") return <SignedIn key={identity.key.value} />;
  if (phase === "login") return <LoginPage />;
  if (phase === "farewell") return <FarewellPage />;
  if (phase === "unclaimed" || phase === "claiming") {
    return <PageLoader page={setupArea} properties={{ claiming: phase === "claiming" }} />;
  }
  return <AskingPage />;
}

/** A screen reader goes on at what took the place of the page before, unless that has put the focus somewhere. */
function useFocusOnPhase(phase: Phase): void {
  const before = useRef(phase);
  useEffect(() => {
    const from = before.current;
    before.current = phase;
    if (from === phase || from === "asking" || document.activeElement !== document.body) return;
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [phase]);
}

function AskingPage() {
  const identity = useIdentity();
  const problem = identity.problem.value;
  const silent = problem?.code === "UNAVAILABLE" || problem?.code === "DEADLINE_EXCEEDED";
  const trouble = silent ? "The peer does not answer" : "The peer cannot say who you are";
  return (
    <StartPage title={problem === null ? "Asking the peer …" : trouble}>
      {problem !== null && (
        <>
          <p role="status">{problem.message}. Trying again by itself.</p>
          <ReloadAdvice />
          <button type="button" onClick={() => void identity.ask()}>
            Try now
          </button>
        </>
      )}
    </StartPage>
  );
}
