import type { ComponentChildren } from "preact";

interface Properties {
  readonly title: string;
  readonly children: ComponentChildren;
}

/** The frame of a page that is shown before anybody is logged in. */
export function StartPage({ title, children }: Properties) {
  return (
    <div class="start">
      <header class="start-brand">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>Pi-Controller</span>
      </header>
      <main id="main" tabIndex={-1} class="start-main">
        <h1>{title}</h1>
        {children}
      </main>
    </div>
  );
}
