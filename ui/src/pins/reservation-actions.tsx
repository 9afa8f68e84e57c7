import type { GpioView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { usePinRights } from "../access/pin-rights.ts";
import { useSubmission } from "../forms/submission.ts";
import { useSession } from "../session/session-context.ts";
import { ForceReleaseDialog } from "./force-release-dialog.tsx";
import { useHeldHere } from "./held-here-context.ts";
import { TransferDialog } from "./transfer-dialog.tsx";

interface Properties {
  readonly view: GpioView;
  readonly mine: boolean;
  readonly onChanged: () => void;
}

/** Gives back or hands over what is one's own, takes what is not. */
export function ReservationActions({ view, mine, onChanged }: Properties) {
  const { client, lost } = useSession();
  const held = useHeldHere();
  const may = usePinRights();
  const submission = useSubmission();
  const [open, setOpen] = useState<"transfer" | "force" | null>(null);
  const isGranted = view.state === "granted";
  const release = () =>
    submission.run(async () => {
      // First, or a renewal in between would take it for lost.
      held.letGo(view.id);
      await client.gpio.release(view.id, view.token === null ? {} : { token: view.token });
      onChanged();
    });
  const close = () => setOpen(null);
  return (
    <>
      {submission.error !== null && (
        <p class="problem" role="alert">
          Not given back: {submission.error.message}
        </p>
      )}
      <div class="actions actions-left">
        {mine && may("delete", view.namespace) && (
          <button type="button" disabled={lost.value || submission.busy} onClick={() => void release()}>
            {isGranted ? "Release" : "Leave the line"}
          </button>
        )}
        {mine && isGranted && may("update", view.namespace) && (
          <button type="button" disabled={lost.value} onClick={() => setOpen("transfer")}>
            Hand over
          </button>
        )}
        {!mine && may("revoke", view.namespace) && (
          <button type="button" class="danger" disabled={lost.value} onClick={() => setOpen("force")}>
            Take it away
          </button>
        )}
      </div>
      {open === "transfer" && <TransferDialog view={view} onChanged={onChanged} onClose={close} />}
      {open === "force" && <ForceReleaseDialog view={view} onChanged={onChanged} onClose={close} />}
    </>
  );
}
