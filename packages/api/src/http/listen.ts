import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { MeshError } from "@pi-controller/schema";

export interface ListenOptions {
  readonly hosts: readonly string[];
  /** 0 takes one that is free on all of them. */
  readonly port: number;
  /** What the person who configures the peer calls the port. */
  readonly portOption: string;
}

/** How often a free port is looked for that all addresses have. */
const PORT_ATTEMPTS = 5;

/**
 * Listens on one port of several addresses, or on none of them.
 *
 * @throws MeshError FAILED_PRECONDITION when the port is taken, PERMISSION_DENIED, INVALID_ARGUMENT
 */
export async function listenOnAll(
  options: ListenOptions,
  onConnection: (socket: Socket) => void,
): Promise<readonly Server[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptAll(options, onConnection);
    } catch (error) {
      const mayTryAnotherPort = options.port === 0 && options.hosts.length > 1 && attempt < PORT_ATTEMPTS;
      const taken = error instanceof MeshError && error.code === "FAILED_PRECONDITION";
      if (!mayTryAnotherPort || !taken) throw error;
    }
  }
}

export function addressOf(server: Server | undefined): AddressInfo | undefined {
  const address = server?.address();
  return address === null || typeof address === "string" ? undefined : address;
}

async function attemptAll(
  options: ListenOptions,
  onConnection: (socket: Socket) => void,
): Promise<readonly Server[]> {
  const servers: Server[] = [];
  let { port } = options;
  try {
    for (const host of options.hosts) {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
      // `::` takes IPv4 in as well, unless IPv4 is listened on by itself.
      await listen(server, { host, port, ipv6Only: options.hosts.length > 1 }, options.portOption);
      servers.push(server);
      port = addressOf(server)?.port ?? port;
    }
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    throw error;
  }
}

function listen(
  server: Server,
  where: { readonly host: string; readonly port: number; readonly ipv6Only: boolean },
  portOption: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => reject(listenError(error, where, portOption));
    server.once("error", onError);
    // Not with the start's signal: that one would go on to close the server after it has started.
    server.listen(where, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

function listenError(
  error: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
  portOption: string,
): Error {
  const options = { cause: error };
  if (error.code === "EADDRINUSE") {
    const message = `Port ${port} on ${host} is in use by another program: choose another one with ${portOption}`;
    return new MeshError("FAILED_PRECONDITION", message, {}, options);
  }
  if (error.code === "EACCES") {
    const message = `Listening on port ${port} is not allowed: choose one above 1023 with ${portOption}`;
    return new MeshError("PERMISSION_DENIED", message, {}, options);
  }
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    return new MeshError("INVALID_ARGUMENT", `${host} is no address of this machine`, {}, options);
  }
  return error;
}
