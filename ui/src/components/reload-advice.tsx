/**
 * What to do when a node is out of reach because its certificate has changed: no script may see that, but the
 * browser asks about it when the page is loaded again. Nothing where the page came without TLS.
 */
export function ReloadAdvice() {
  if (window.location.protocol !== "https:") return null;
  return (
    <p>
      If the node runs, it may have a new certificate that this browser does not trust.{" "}
      <button type="button" class="inline" onClick={() => window.location.reload()}>
        Load the page again
      </button>
    </p>
  );
}
