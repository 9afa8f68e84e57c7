import type { ComponentChildren } from "preact";
import type { Loaded } from "../session/use-loaded.ts";

interface Properties<Value> {
  readonly loaded: Pick<Loaded<Value>, "value" | "error" | "reload">;
  readonly children: (value: Value) => ComponentChildren;
}

/** What was asked for, or how far that has got, or why it cannot be shown. */
export function LoadedContent<Value>({ loaded, children }: Properties<Value>) {
  const { value, error, reload } = loaded;
  return (
    <>
      {error !== null && (
        <div class="refused" role="alert">
          <p class="problem">
            {error.code === "PERMISSION_DENIED" ? "You may not see this. " : ""}
            {error.message}
          </p>
          {error.code !== "PERMISSION_DENIED" && (
            <button type="button" class="quiet" onClick={reload}>
              Try again
            </button>
          )}
        </div>
      )}
      {value !== null ? children(value) : error === null && <p class="muted">Asking the peer …</p>}
    </>
  );
}
