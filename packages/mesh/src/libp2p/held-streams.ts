import type { Connection, StreamHandler } from "@libp2p/interface";

/** The part of libp2p's registrar that a service uses to say which protocols it answers. */
interface Registrar {
  handle(protocol: string, handler: StreamHandler, ...options: never[]): Promise<void>;
}

/**
 * The components that a libp2p service is made with, changed so that streams which others open to it wait.
 *
 * libp2p's own means for that, `use`, cannot be taken: it appends the handler to the list of what runs before the
 * handler at each stream, so that the second stream is handled twice (libp2p 3.3.11, connection.ts).
 *
 * @param whenOpen resolves when the connection may carry streams; when it rejects, the stream is aborted
 */
export function holdStreams<Components extends { registrar: object }>(
  components: Components,
  whenOpen: (connection: Connection) => Promise<void>,
): Components {
  const registrar = replaced(components.registrar, "handle", (protocol, handler, ...options) =>
    (components.registrar as Registrar).handle(
      protocol,
      async (stream, connection) => {
        await whenOpen(connection);
        await handler(stream, connection);
      },
      ...options,
    ),
  );
  return new Proxy(components, {
    get: (target, name) => (name === "registrar" ? registrar : Reflect.get(target, name, target)),
  });
}

function replaced<Target extends object>(
  target: Target,
  method: keyof Registrar,
  replacement: Registrar["handle"],
): Target {
  return new Proxy(target, {
    get(_, name) {
      if (name === method) return replacement;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
