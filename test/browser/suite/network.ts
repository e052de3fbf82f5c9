import { numbers } from "../talk-page.js";
import type { BrowserTest } from "./world.js";

/** How long a dead network may go unnoticed after something was sent into it. */
const NOTICED = 15_000;

/** Tests of a failing network. */
export const NETWORK: readonly BrowserTest[] = [
  {
    title: "shows all messages of a network cut once and in order",
    async run(world) {
      const way = await world.way();
      const page = await world.open({}, { channels: ["kept/cut"], way });
      const other = await world.open({}, { channels: ["kept/cut"] });
      await other.publish("kept/cut", "1");
      await page.messages(1);
      await page.clearEvents();
      way.cut();
      await page.shows("connecting closed");
      await other.publish("kept/cut", ...numbers(2, 10));
      await page.shows("connecting unreachable");
      expect(await page.messages()).toEqual(["1"]);
      way.mend();
      const { text } = await page.shows("subscribed kept/cut");
      expect(text).toBe("subscribed kept/cut true");
      await other.publish("kept/cut", "11");
      expect(await page.messages(11)).toEqual(numbers(1, 11));
    },
  },
  {
    title: "notices a dead network within 15 s of a publication, which arrives once",
    async run(world) {
      const way = await world.way();
      const page = await world.open({}, { channels: ["kept/dead"], way });
      const other = await world.open({}, { channels: ["kept/dead"] });
      await page.clearEvents();
      way.die();
      await page.publishUnawaited("kept/dead", "from the tunnel");
      await other.publish("kept/dead", "to the tunnel");
      const sent = await page.shows("publish from the tunnel");
      const noticed = await page.shows("connecting unresponsive");
      expect(noticed.at - sent.at).toBeLessThan(NOTICED);
      way.mend();
      await page.shows("connected");
      await page.shows("published from the tunnel");
      const expected = ["from the tunnel", "to the tunnel"];
      for (const each of [page, other]) expect((await each.messages(2)).sort()).toEqual(expected);
      await other.publish("kept/dead", "the end");
      for (const each of [page, other])
        expect((await each.messages(3)).sort()).toEqual([...expected, "the end"].sort());
    },
  },
  {
    title: "notices a dead network by its heartbeat if it only listens",
    async run(world) {
      const way = await world.way();
      const page = await world.open(
        { pingInterval: 2_000, pingTimeout: 1_000 },
        { channels: ["rooms/heartbeat"], way },
      );
      await page.clearEvents();
      way.die();
      await page.shows("connecting unresponsive");
      way.mend();
      await page.shows("subscribed rooms/heartbeat");
      await page.publish("rooms/heartbeat", "back");
      expect(await page.messages(1)).toEqual(["back"]);
    },
  },
  {
    title: "checks its connection after the browser was offline, and keeps it",
    engines: ["chromium", "firefox"],
    async run(world) {
      const way = await world.way();
      const page = await world.open({}, { channels: ["rooms/offline"], way });
      await page.clearEvents();
      await page.tab.setOffline!(true);
      await page.shows("connecting offline");
      await page.tab.setOffline!(false);
      await page.shows("connected verified");
      await page.publish("rooms/offline", "still here");
      expect(await page.messages(1)).toEqual(["still here"]);
      expect(way.accepted).toBe(1);
    },
  },
];
