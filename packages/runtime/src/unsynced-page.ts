/**
 * Port: a small file that is written over again and again, and never synced. A kill of the process loses nothing that
 * was written; a power cut may lose what is newest, or leave it torn. One user; a call after `close` opens it again.
 */
export interface UnsyncedPage {
  /** All of it; empty when nothing was ever written. @throws what the file system does */
  read(): Promise<Uint8Array>;
  /** Over its beginning: what is beyond stays as it was. @throws what the file system does */
  write(bytes: Uint8Array): Promise<void>;
  /** Safe to call when it is not open. */
  close(): Promise<void>;
}
