import type { Stream } from "@libp2p/interface";
import { MeshError } from "@pi-controller/schema";
import { type Frame, FrameReader } from "./request-frames.ts";

interface FrameListeners {
  /** May throw a MeshError INVALID_ARGUMENT for a frame that has no place here. */
  onFrame(frame: Frame): void;
  /** The peer sent what is no frame; the stream is closed after this. */
  onMalformed(error: MeshError): void;
  /** The stream has closed, for whatever reason. */
  onClose(): void;
}

/** Reads frames from a stream until it closes. Nothing that the peer sends makes it throw. */
export function readFrames(stream: Stream, listeners: FrameListeners): void {
  const reader = new FrameReader();
  stream.addEventListener("message", ({ data }) => {
    try {
      for (const frame of reader.read(data)) listeners.onFrame(frame);
    } catch (error) {
      const reason =
        error instanceof MeshError ? error : new MeshError("INTERNAL", String(error), {}, { cause: error });
      listeners.onMalformed(reason);
      stream.abort(reason);
    }
  });
  // The other side never goes on with half a stream: when it has closed its end, so do we.
  stream.addEventListener(
    "remoteCloseWrite",
    () => void stream.close().catch((error: Error) => stream.abort(error)),
  );
  stream.addEventListener("close", () => listeners.onClose(), { once: true });
}

/**
 * Resolves when the stream takes more, which is when what it holds has gone to the muxer. Its own `onDrain`
 * keeps its first promise for ever, so that it only waits once (@libp2p/utils 7.4.1).
 *
 * @throws when the stream closes before
 */
export async function untilWritable(stream: Stream): Promise<void> {
  while (stream.writableNeedsDrain) {
    await new Promise<void>((resolve, reject) => {
      if (stream.status !== "open") reject(new Error(`the stream is ${stream.status}`));
      const onDrain = () => {
        stream.removeEventListener("close", onClose);
        resolve();
      };
      const onClose = () => {
        stream.removeEventListener("drain", onDrain);
        reject(new Error("the stream was closed"));
      };
      stream.addEventListener("drain", onDrain, { once: true });
      stream.addEventListener("close", onClose, { once: true });
    });
  }
}
