import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

/** The code of a page, which comes in a file of its own. */
export interface LazyPage<PageProperties> {
  /** The page, once it was fetched. */
  component: ComponentType<PageProperties> | null;
  readonly fetch: () => Promise<ComponentType<PageProperties>>;
}

/** @param fetch imports the page's code */
export function lazyPage<PageProperties>(
  fetch: () => Promise<ComponentType<PageProperties>>,
): LazyPage<PageProperties> {
  return { component: null, fetch };
}

interface Properties<PageProperties> {
  readonly page: LazyPage<PageProperties>;
  readonly properties: PageProperties;
}

/** A page whose code is fetched when it is opened first, so that the others need not wait for it. */
export function PageLoader<PageProperties>({ page, properties }: Properties<PageProperties>) {
  const [, setFetched] = useState(page.component !== null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (page.component !== null) return;
    page.fetch().then(
      (component) => {
        page.component = component;
        setFetched(true);
      },
      // Whatever it was, an import of the same file can only be tried again.
      () => setFailed(true),
    );
  }, [page]);
  if (page.component !== null) return <page.component {...(properties as PageProperties & object)} />;
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
