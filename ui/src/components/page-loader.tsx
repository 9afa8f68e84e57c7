import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

interface Properties<PageProperties> {
  /** Imports the page's code, which comes in a file of its own. */
  readonly load: () => Promise<ComponentType<PageProperties>>;
  readonly properties: PageProperties;
}

/** A page whose code is fetched when it is opened first, so that the others need not wait for it. */
export function PageLoader<PageProperties>({ load, properties }: Properties<PageProperties>) {
  const [page, setPage] = useState<{ readonly component: ComponentType<PageProperties> } | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (failed) return;
    load().then(
      (component) => setPage({ component }),
      // Whatever it was, an import of the same file can only be tried again.
      () => setFailed(true),
    );
  }, [load, failed]);
  if (page !== null) return <page.component {...(properties as PageProperties & object)} />;
  if (!failed) return <p class="empty">Loading the page …</p>;
  return (
    <section class="empty" role="alert">
      <p>This page’s code could not be loaded from the peer.</p>
      <button type="button" onClick={() => window.location.reload()}>
        Load everything again
      </button>
    </section>
  );
}
