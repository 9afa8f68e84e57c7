/** The part of the Shape Detection API that is used here; TypeScript does not know it, as few browsers have it. */
interface BarcodeDetector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
interface BarcodeDetectorClass {
  new (options: { readonly formats: readonly string[] }): BarcodeDetector;
  getSupportedFormats(): Promise<readonly string[]>;
}

/** The browser's reader of QR codes; undefined where it has none, or may not use a camera. */
function detectorClass(): BarcodeDetectorClass | undefined {
  const { BarcodeDetector } = window as { readonly BarcodeDetector?: BarcodeDetectorClass };
  const camera = window.isSecureContext && "mediaDevices" in navigator;
  return camera ? BarcodeDetector : undefined;
}

/** Whether a code can be scanned here. */
export function canScan(): boolean {
  return detectorClass() !== undefined;
}

/** Makes a reader of QR codes; null when the browser turns out to have none for these. */
export async function qrDetector(): Promise<BarcodeDetector | null> {
  const Detector = detectorClass();
  if (Detector === undefined) return null;
  const formats = await Detector.getSupportedFormats();
  return formats.includes("qr_code") ? new Detector({ formats: ["qr_code"] }) : null;
}
