import type { FunctionComponent } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Properties<Name extends string> {
  readonly title: string;
  /** The part that is open. */
  readonly section: Name;
  /** The parts that the user may see, in the order of their tabs. */
  readonly shown: readonly Name[];
  readonly titles: Readonly<Record<Name, string>>;
  readonly contents: Readonly<Record<Name, FunctionComponent>>;
  readonly pathOf: (section: Name) => string;
}

/** A page of several parts, of which only those are offered that the user may see. */
export function TabbedPage<Name extends string>(properties: Properties<Name>) {
  const { title, section, shown, titles, contents, pathOf } = properties;
  const nav = useRef<HTMLElement>(null);
  // On a phone there may be more tabs than fit.
  useEffect(() => {
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [section]);
  const Content: FunctionComponent = contents[section];
  return (
    <>
      <div class="title">
        <h1>{title}</h1>
      </div>
      <nav class="tabs" aria-label={title} ref={nav}>
        {shown.map((name) => (
          <a key={name} href={pathOf(name)} aria-current={name === section ? "page" : undefined}>
            {titles[name]}
          </a>
        ))}
      </nav>
      {shown.includes(section) ? (
        <Content key={section} />
      ) : (
        <section class="empty">
          <h2>You may not see this</h2>
          <p>Your role does not include it. An admin can give you another one.</p>
        </section>
      )}
    </>
  );
}
