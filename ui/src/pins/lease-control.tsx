import type { GpioView } from "@pi-controller/schema";
import { useSubmission } from "../forms/submission.ts";
import { useSession } from "../session/session-context.ts";
import { useHeldHere } from "./held-here-context.ts";
import { endTexts, formatTerm } from "./terms-text.ts";

/** Who renews the lease of a reservation of one's own, and what comes of it when nobody does. */
export function LeaseControl({ view }: { readonly view: GpioView }) {
  const { lost } = useSession();
  const held = useHeldHere();
  const submission = useSubmission();
  if (view.ttlMs === null) return null;
  const state = held.kept.value.get(view.id);
  const term = formatTerm(view.ttlMs);
  const end = endText(view);
  if (state === "renewing") {
    return (
      <div class="notice lease">
        <p role="status">
          <b>This page renews the lease while it is open.</b> Once it is closed, or loses the peer, the lease
          ends within {term}; {end}.
        </p>
        {view.ttlMs < HIDDEN_TAB_MS && (
          <p class="muted">
            Keep the tab in sight: browsers let pages in the background run once a minute only.
          </p>
        )}
        <button type="button" onClick={() => held.letGo(view.id)}>
          Stop renewing
        </button>
      </div>
    );
  }
  return (
    <div class="warning lease">
      <p>
        <b>This page does not renew the lease.</b> Unless a program does, it ends within {term}; {end}.
      </p>
      {submission.error !== null && (
        <p class="problem" role="alert">
          {submission.error.message}
        </p>
      )}
      <button
        type="button"
        disabled={lost.value || submission.busy || state === "taking"}
        onClick={() => void submission.run(() => held.keep(view))}
      >
        Renew it while this page is open
      </button>
    </div>
  );
}

/** Below this a browser that wakes a hidden page once a minute may renew too late. */
const HIDDEN_TAB_MS = 180_000;

function endText({ mode, onExpire }: GpioView): string {
  if (mode.kind !== "output" && mode.kind !== "pwm") return "then others may have it";
  return `the pin then ${endTexts[onExpire]}`;
}
