import { useEffect, useRef, useState } from "preact/hooks";
import { qrDetector } from "./barcode-detector.ts";
import { readSetupCode } from "./setup-code.ts";

export { canScan } from "./barcode-detector.ts";

interface Properties {
  readonly onCode: (code: string) => void;
  readonly onClose: () => void;
}

/** Looks often enough that one need not hold still, and seldom enough for an old phone. */
const LOOK_EVERY_MS = 200;

/** Shows what the camera sees until there is a set-up code in it. The picture never leaves the page. */
export function CameraScanner({ onCode, onClose }: Properties) {
  const video = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const stopped = new AbortController();
    const element = video.current;
    if (element !== null) {
      scan(element, stopped.signal, { onCode, onStranger: () => setSeen(true) }).catch((error: unknown) => {
        if (!stopped.signal.aborted) setProblem(problemText(error));
      });
    }
    return () => stopped.abort();
  }, []);
  return (
    <div class="scanner">
      {problem === null ? (
        <>
          <video ref={video} muted playsInline aria-label="What the camera sees" />
          <p class="hint" role="status">
            {seen
              ? "That is a QR code, but not one with a set-up code."
              : "Hold the QR code of the node in front of the camera."}
          </p>
        </>
      ) : (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <button type="button" class="quiet" onClick={onClose}>
        {problem === null ? "Stop the camera" : "Close"}
      </button>
    </div>
  );
}

interface Findings {
  readonly onCode: (code: string) => void;
  readonly onStranger: () => void;
}

async function scan(video: HTMLVideoElement, signal: AbortSignal, findings: Findings): Promise<void> {
  const detector = await qrDetector();
  if (detector === null) throw new DOMException("no reader of QR codes", "NotSupportedError");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const stop = () => {
    for (const track of stream.getTracks()) track.stop();
  };
  if (signal.aborted) {
    stop();
    return;
  }
  signal.addEventListener("abort", stop);
  video.srcObject = stream;
  await video.play();
  while (!signal.aborted) {
    for (const { rawValue } of await detector.detect(video)) {
      const entered = readSetupCode(rawValue);
      if (entered.state === "complete") {
        stop();
        findings.onCode(entered.code);
        return;
      }
      findings.onStranger();
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function problemText(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError")
    return "The browser may not use the camera. Type or paste the code instead.";
  if (name === "NotFoundError") return "There is no camera. Type or paste the code instead.";
  return "The camera cannot be used here. Type or paste the code instead.";
}
