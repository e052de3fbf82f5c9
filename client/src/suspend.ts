import type { Core } from "./parts.js";

/** Closes the connection of a page that has been hidden for a while; when it is seen again, it connects at once. */
export const suspend = (core: Core): void => {
  const { host, suspendWhenHidden } = core;
  let timer: unknown;

  const look = (): void => {
    host.clearTimeout(timer);
    // A client that is not connected, and does not try, stays as it is.
    if (host.document?.hidden) timer = host.setTimeout(() => core._leave("lose", "suspended"), suspendWhenHidden!);
  };

  if (suspendWhenHidden) {
    host.addEventListener?.("visibilitychange", look);
    look();
  }
};
