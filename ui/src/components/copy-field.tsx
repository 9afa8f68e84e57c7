import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

interface Properties {
  readonly label: string;
  readonly text: string;
}

const COPIED_SHOWN_MS = 3000;

/** A text to take away, as a token that is shown this one time. */
export function CopyField({ label, text }: Properties) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => setCopied(await copyText(text, field.current));
  return (
    <div class="copy-field">
      <textarea
        ref={field}
        aria-label={label}
        readOnly
        rows={rowsOf(text)}
        value={text}
        spellcheck={false}
        onFocus={(event) => event.currentTarget.select()}
      />
      <button type="button" class="primary" autoFocus onClick={() => void copy()}>
        <Icon name={copied ? "alive" : "copy"} /> {copied ? "Copied" : "Copy"}
      </button>
      <p class="visually-hidden" role="status">
        {copied ? `${label}: copied` : ""}
      </p>
    </div>
  );
}

/** About as many lines as the text takes on a phone, within reason. */
function rowsOf(text: string): number {
  const lines = text.split("\n").map((line) => Math.max(1, Math.ceil(line.length / 44)));
  return Math.min(
    8,
    lines.reduce((sum, count) => sum + count, 0),
  );
}

/** @returns whether it is in the clipboard; otherwise the text is selected, to be copied by hand */
async function copyText(text: string, field: HTMLTextAreaElement | null): Promise<boolean> {
  try {
    // Undefined where the page came over plain HTTP from another machine.
    await (navigator.clipboard as Clipboard | undefined)?.writeText(text);
    if (window.isSecureContext) return true;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
  field?.focus();
  field?.select();
  return document.execCommand("copy");
}
