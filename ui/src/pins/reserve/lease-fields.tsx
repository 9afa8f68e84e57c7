import { onExpireSchema } from "@pi-controller/schema";
import { Field, SelectField } from "../../components/field.tsx";
import { formatTerm, onExpireTexts } from "../terms-text.ts";
import type { FormPart } from "./form-part.ts";

/** For how long it is held, and what becomes of the pin after that. */
export function LeaseFields({
  draft,
  onChange,
  submission,
  isDriven,
}: FormPart & { readonly isDriven: boolean }) {
  const onExpire = onExpireSchema.options.find((option) => option === draft.onExpire) ?? "input";
  return (
    <>
      <SelectField
        label="Hold it"
        value={draft.isLease ? "lease" : "forever"}
        onChange={(chosen) => onChange({ ...draft, isLease: chosen === "lease" })}
        choices={[
          ["lease", "while this page is open (a lease that it renews)"],
          ["forever", "until it is released"],
        ]}
      />
      {draft.isLease && (
        <Field
          label="Lease, in ms"
          value={draft.ttlMs}
          onInput={(ttlMs) => onChange({ ...draft, ttlMs })}
          inputMode="numeric"
          hint={`${leaseText(draft.ttlMs)}Once this page is closed or loses the peer, the lease ends after this time.`}
          problem={submission.problemOf("ttlMs")}
        />
      )}
      {isDriven && (
        <SelectField
          label="When it ends, the pin becomes"
          value={onExpire}
          onChange={(chosen) => onChange({ ...draft, onExpire: chosen })}
          choices={[
            ["input", "an input"],
            ["low", "low"],
            ["high", "high"],
            ["hold", "nothing else: it stays as it is"],
          ]}
          hint={`${onExpireTexts[onExpire]} Its node does this by itself, also when it is cut off.`}
          problem={submission.problemOf("onExpire")}
        />
      )}
    </>
  );
}

/** As `1 min. `; nothing for what is no time. */
function leaseText(ttlMs: string): string {
  const number = Number(ttlMs);
  return ttlMs.trim() === "" || !(number > 0) ? "" : `${formatTerm(number)}. `;
}
