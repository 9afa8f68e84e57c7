// A libp2p node of its own making that dials a peer, run on another host of a test's network. Arguments: the address,
// and the stream protocols to try. Prints what came of it.
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";

const [address = "", ...protocols] = process.argv.slice(2);
const node = await createLibp2p({
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  connectionMonitor: { enabled: false },
});
// A peer closes a connection to somebody who does not speak what it speaks itself.
await node.handle(protocols, () => undefined);
const spoken: string[] = [];
let connected = false;
try {
  const connection = await node.dial(multiaddr(address), { signal: AbortSignal.timeout(6_000) });
  connected = true;
  for (const protocol of protocols) {
    try {
      await connection.newStream(protocol, { signal: AbortSignal.timeout(3_000) });
      spoken.push(protocol);
    } catch (error) {
      console.error(`${protocol}: ${String(error)}`);
    }
  }
} catch (error) {
  console.error(String(error));
}
console.log(JSON.stringify({ connected, spoken }));
process.exit(0);
