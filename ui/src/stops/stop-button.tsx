import type { NodeId } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Icon } from "../components/icon.tsx";
import { useMay } from "../identity/identity-context.ts";
import { useSession } from "../session/session-context.ts";
import { StopDialog } from "./stop-dialog.tsx";

interface Properties {
  /** Null: all nodes. */
  readonly node: { readonly id: NodeId; readonly name: string } | null;
}

/** The way to an emergency stop, for who may make one. */
export function StopButton({ node }: Properties) {
  const { lost } = useSession();
  const [open, setOpen] = useState(false);
  if (!useMay()("create", "gpio-stops")) return null;
  return (
    <>
      <button
        type="button"
        class="danger stop-button"
        disabled={lost.value}
        title={node === null ? "Stops the outputs of all nodes" : `Stops the outputs of ${node.name}`}
        onClick={() => setOpen(true)}
      >
        <Icon name="stop" /> {node === null ? "Stop all" : `Stop ${node.name}`}
        <span class="visually-hidden"> outputs: emergency stop</span>
      </button>
      {open && <StopDialog node={node} onClose={() => setOpen(false)} />}
    </>
  );
}
