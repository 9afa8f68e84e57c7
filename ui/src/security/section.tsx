import type { ComponentChildren } from "preact";

interface Properties {
  readonly title: string;
  /** What the things listed here are for, in a sentence or two. */
  readonly lead: ComponentChildren;
  /** Buttons beside the title. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The frame of a part of the security area. */
export function Section({ title, lead, actions, children }: Properties) {
  return (
    <section class="panel" aria-labelledby="section-title">
      <div class="section-head">
        <div>
          <h2 id="section-title">{title}</h2>
          <p class="muted">{lead}</p>
        </div>
        {actions}
      </div>
      {children}
    </section>
  );
}
