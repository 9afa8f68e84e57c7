/** What the tabs of one browser tell each other: that somebody has logged in or out. */
export type TabMessage = "logged-in" | "logged-out";

/** Port: talks to the other tabs that show the same peer. */
export interface TabChannel {
  post(message: TabMessage): void;
  onMessage(callback: (message: TabMessage) => void): void;
}

/** The browser's own, by which only pages of the same origin hear each other. */
export function browserTabChannel(): TabChannel {
  const channel = new BroadcastChannel("pi-controller.session");
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has its own origin alone
    post: (message) => channel.postMessage(message),
    onMessage(callback) {
      channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
        if (data === "logged-in" || data === "logged-out") callback(data);
      });
    },
  };
}
