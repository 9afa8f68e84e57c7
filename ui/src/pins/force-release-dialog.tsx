import type { GpioView } from "@pi-controller/schema";
import { FormDialog } from "../forms/form-dialog.tsx";
import { useSubmission } from "../forms/submission.ts";
import { useSession } from "../session/session-context.ts";
import { endTexts } from "./terms-text.ts";

interface Properties {
  readonly view: GpioView;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

/** Takes a reservation from whoever holds it or waits, after a warning. */
export function ForceReleaseDialog({ view, onChanged, onClose }: Properties) {
  const { client } = useSession();
  const submission = useSubmission();
  const { holder, resource, onExpire, mode, state } = view;
  const take = async () => {
    await client.gpio.release(view.id, { force: true });
    onChanged();
    onClose();
  };
  const isDriven = mode.kind === "output" || mode.kind === "pwm";
  return (
    <FormDialog
      title={`Take ${resource} from ${holder.userName}?`}
      action={`Take it from ${holder.userName}`}
      busyText="Taking it …"
      cancel="Leave it"
      danger
      submission={submission}
      shownFields={[]}
      onSubmit={take}
      onClose={onClose}
    >
      {state === "waiting" ? (
        <p>{holder.userName} loses the place in line.</p>
      ) : (
        <>
          <p class="warning">
            What {holder.userName} does with {resource} of {view.nodeName} ends at once, in the middle of
            whatever it is: the next write is refused.
          </p>
          {isDriven && (
            <p>
              The pin {endTexts[onExpire]}, as the reservation says for its end. Who waits in line is next.
            </p>
          )}
        </>
      )}
    </FormDialog>
  );
}
