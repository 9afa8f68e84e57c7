import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { Cleanup, PeerProcess } from "../support/peer-process.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** What systemd does: listens on a datagram socket, which Node cannot. */
const LISTENER = `
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(listener.recv(4096).decode(), flush=True)
`;

describe.skipIf(skipWithout(capabilities.systemd))("a peer under systemd", () => {
  it("says when it is ready, that it is alive, and that it stops", async () => {
    const directory = cleanup.temporaryDirectory();
    const socket = join(directory, "notify");
    const listener = spawn("python3", ["-c", LISTENER, socket], { stdio: ["ignore", "pipe", "inherit"] });
    cleanup.add(() => listener.kill("SIGKILL"));
    let heard = "";
    listener.stdout.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    await waitFor("the socket is there", () => heard.includes("bound"), { withinMs: 5_000 });
    const peer = cleanup.peer(
      await PeerProcess.start({
        name: "pi-a",
        dataDirectory: join(directory, "data"),
        flags: ["--no-mdns"],
        env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "1000000" },
      }),
    );
    await waitFor("ready", () => heard.includes("READY=1"), { withinMs: 5_000 });
    await waitFor("the watchdog is fed", () => heard.split("WATCHDOG=1").length > 2, { withinMs: 5_000 });
    expect(await peer.kill("SIGTERM")).toBe(0);
    expect(heard).toContain("STOPPING=1");
  });
});
