import { MeshError, type NodeView, nodeUpdateSchema, parseInput } from "@pi-controller/schema";
import { useEffect, useState } from "preact/hooks";
import { Field } from "../components/field.tsx";
import { FormDialog } from "../forms/form-dialog.tsx";
import { LabelEditor } from "../forms/label-editor.tsx";
import { type LabelRow, labelsOf, repeatedKeys, rowsOf } from "../forms/label-rows.ts";
import { useSubmission } from "../forms/submission.ts";
import { useSession } from "../session/session-context.ts";

/** What is in the form. */
interface Draft {
  readonly name: string;
  readonly rows: readonly LabelRow[];
}

interface Properties {
  readonly id: string;
  readonly onClose: () => void;
}

/**
 * Changes the name and the labels of a node. The change is based on the revision that the form was filled
 * from: when somebody else was faster, the form shows theirs, and offers to put one's own entries back.
 */
export function EditDialog({ id, onClose }: Properties) {
  const session = useSession();
  const submission = useSubmission();
  const [revision, setRevision] = useState<string | null>(null);
  const [draft, setDraft] = useState<Draft>({ name: "", rows: [] });
  const [overtaken, setOvertaken] = useState<Draft | null>(null);

  const fill = async () => {
    const { value, revision: current } = await session.client.nodes.get(id);
    setDraft(draftOf(value));
    setRevision(current);
  };
  useEffect(() => void submission.run(fill), []);

  const save = async () => {
    if (revision === null) return;
    const update = parseInput(
      nodeUpdateSchema,
      { name: draft.name.trim(), labels: labelsOf(draft.rows) },
      "change",
    );
    try {
      const { value } = await session.client.nodes.update(id, update, { ifMatch: revision });
      session.noteNode(value);
      onClose();
    } catch (error) {
      if (!(error instanceof MeshError) || error.code !== "FAILED_PRECONDITION") throw error;
      await fill();
      setOvertaken(draft);
    }
  };

  const repeated = repeatedKeys(draft.rows);
  return (
    <FormDialog
      title="Edit node"
      action="Save"
      busyText="One moment …"
      submission={submission}
      shownFields={["name", "labels"]}
      disabled={revision === null || repeated.length > 0}
      onSubmit={save}
      onClose={onClose}
    >
      {overtaken !== null && (
        <div class="conflict" role="alert">
          <p>
            <b>Somebody else changed this node in the meantime, so nothing was saved.</b> The form now shows
            what they saved. Look at it, and save again if you still want to.
          </p>
          <button
            type="button"
            onClick={() => {
              setDraft(overtaken);
              setOvertaken(null);
            }}
          >
            Put my entries back
          </button>
        </div>
      )}
      {/* What is typed before the form is filled would be lost. */}
      {revision !== null && (
        <>
          <Field
            label="Name"
            value={draft.name}
            onInput={(name) => setDraft({ ...draft, name })}
            autoFocus
            hint="As a host name: a-z, 0-9 and - inside. Unique in the mesh."
            problem={submission.problemOf("name")}
          />
          <LabelEditor
            rows={draft.rows}
            onChange={(rows) => setDraft({ ...draft, rows })}
            problemOf={submission.problemOf}
          />
        </>
      )}
      {repeated.length > 0 && <p class="problem">These keys are there twice: {repeated.join(", ")}</p>}
    </FormDialog>
  );
}

function draftOf(node: NodeView): Draft {
  return { name: node.name, rows: rowsOf(node.labels) };
}
