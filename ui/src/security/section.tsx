import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

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
  const titleId = useId();
  return (
    <section class="panel" aria-labelledby={titleId}>
      <div class="section-head">
        <div>
          <h2 id={titleId}>{title}</h2>
          <p class="muted">{lead}</p>
        </div>
        {actions}
      </div>
      {children}
    </section>
  );
}
