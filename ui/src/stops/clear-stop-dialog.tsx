import { FormDialog } from "../forms/form-dialog.tsx";
import { useSubmission } from "../forms/submission.ts";
import { useSession } from "../session/session-context.ts";
import { type StandingStop, stopCause } from "./standing-stops.ts";
import { useStops } from "./stops-context.ts";

interface Properties {
  readonly stop: StandingStop;
  readonly onClose: () => void;
}

/** Clears the stops of a node or of the mesh, after a look at what that means. */
export function ClearStopDialog({ stop, onClose }: Properties) {
  const { client } = useSession();
  const stops = useStops();
  const submission = useSubmission();
  const clear = async () => {
    stops.replace(await client.gpio.clear(stop.node));
    onClose();
  };
  return (
    <FormDialog
      title={`Clear the emergency stop of ${stop.nodeName ?? "all nodes"}?`}
      action="Clear it"
      busyText="Clearing …"
      cancel="Leave it"
      danger
      submission={submission}
      shownFields={[]}
      onSubmit={clear}
      onClose={onClose}
    >
      <p>
        It was set by {stopCause(stop)}
        {stop.reason === "" ? "" : `: ${stop.reason}`}. Make sure that what hangs on the pins may move again.
      </p>
      <p>Outputs stay in their safe state until somebody writes to them; programs may do so at once.</p>
    </FormDialog>
  );
}
