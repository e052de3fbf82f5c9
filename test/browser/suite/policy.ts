import type { BrowserTest } from "./world.js";

/** At least how long to wait before an attempt that the page's own policy will forbid again. */
const RARELY = 30_000;

/** What happens if something between page and server forbids the connection. */
export const POLICY: readonly BrowserTest[] = [
  {
    title: "says that the page's Content-Security-Policy forbids the connection, and tries again rarely",
    async run(world) {
      const way = await world.way();
      const page = await world.open({}, { csp: "connect-src 'self'", way });
      const { text, retryIn } = await page.shows("connecting csp");
      expect(text).toContain("connect-src");
      expect(retryIn).toBeGreaterThanOrEqual(RARELY);
      expect(way.accepted).toBe(0);
    },
  },
];
