import { numbers } from "../talk-page.js";
import type { BrowserTest } from "./world.js";

/** Tests of a working connection. */
export const CONVERSATION: readonly BrowserTest[] = [
  {
    title: "two tabs talk, one with the script tag's SDK, one with ES modules",
    async run(world) {
      const script = await world.open({}, { channels: ["rooms/5"] });
      const module = await world.open({}, { channels: ["rooms/5"], module: true });
      expect(await module.tab.evaluate(() => typeof (globalThis as { PushIt?: unknown }).PushIt)).toBe("undefined");
      await script.publish("rooms/5", "Hello from the script");
      await module.messages(1);
      await module.publish("rooms/5", "Hello from the module");
      for (const page of [script, module]) {
        expect(await page.messages(2)).toEqual(["Hello from the script", "Hello from the module"]);
      }
      await script.shows("published Hello from the script");
    },
  },
  {
    title: "a worker talks",
    async run(world) {
      const worker = await world.open({}, { channels: ["rooms/worker"], worker: true });
      const page = await world.open({}, { channels: ["rooms/worker"] });
      await page.publish("rooms/worker", "Hello from the page");
      await worker.messages(1);
      await worker.publish("rooms/worker", "Hello from the worker");
      for (const each of [page, worker]) {
        expect(await each.messages(2)).toEqual(["Hello from the page", "Hello from the worker"]);
      }
    },
  },
  {
    title: "shows why a connection is denied, and connects with other credentials",
    async run(world) {
      const page = await world.open({ credentials: { token: "expired" } });
      await page.state("denied");
      const { text } = await page.shows("denied");
      expect(text).toBe("denied denied This token has expired: sign in again.");
      await page.connect({ token: "good" });
      await page.state("connected");
    },
  },
  {
    title: "shows why a subscription is denied",
    async run(world) {
      const page = await world.open();
      await page.subscribe("drafts/7");
      const { text } = await page.shows("refused");
      expect(text).toBe("refused drafts/7 denied Only editors may read drafts.");
      await page.state("connected");
    },
  },
  {
    title: "rotates its connection without a lost or repeated message or a state change",
    async run(world) {
      const way = await world.way();
      const lifetime = { connectionLifetime: 4_000, drainTime: 500 };
      const page = await world.open(lifetime, { channels: ["kept/moves", "rooms/moves"], way });
      const other = await world.open();
      await page.clearEvents();
      let [last, moved] = [0, false];
      void way.until(({ accepted, open: standing }) => accepted > 2 && standing === 1).then(() => (moved = true));
      while (!moved) {
        await other.publish(last % 2 ? "rooms/moves" : "kept/moves", String(++last));
      }
      expect(await page.messages(last)).toEqual(numbers(1, last));
      // Only on channels without history, which could have missed messages that are posted even later.
      const texts = (await page.events()).map(({ text }) => text);
      expect(new Set(texts)).toEqual(new Set(["rotated rooms/moves"]));
    },
  },
];
