import { numbers } from "../talk-page.js";
import type { BrowserTest } from "./world.js";

/** Tests of a page's life cycle. */
export const LIFE: readonly BrowserTest[] = [
  {
    title: "continues at its position after a reload",
    async run(world) {
      const page = await world.open({}, { channels: ["kept/reload"] });
      const other = await world.open();
      await other.publish("kept/reload", ...numbers(1, 5));
      expect(await page.messages(5)).toEqual(numbers(1, 5));
      await page.tab.reload();
      await page.shows("subscribed kept/reload");
      await other.publish("kept/reload", "6");
      expect(await page.messages(1)).toEqual(["6"]);
    },
  },
  {
    title: "shows missed messages after the back button",
    async run(world) {
      const page = await world.open({}, { channels: ["kept/back"] });
      const other = await world.open();
      await other.publish("kept/back", ...numbers(1, 5));
      const before = await page.messages(5);
      await page.tab.goto(world.elsewhere);
      await other.publish("kept/back", ...numbers(6, 10));
      await page.tab.back();
      await other.publish("kept/back", "11");
      // An engine may have kept the page with what it showed, or load it anew.
      await page.tab.until(() => document.querySelector("#messages li:last-child")?.textContent === "11", []);
      const after = await page.messages();
      expect(after.length === 11 ? after : [...before, ...after]).toEqual(numbers(1, 11));
    },
  },
  {
    title: "checks its connection after a freeze, and keeps it",
    engines: ["chromium"],
    async run(world) {
      const way = await world.way();
      const page = await world.open({}, { channels: ["kept/frozen"], way });
      const other = await world.open();
      await page.clearEvents();
      await page.tab.setFrozen!(true);
      await other.publish("kept/frozen", ...numbers(1, 5));
      await page.tab.setFrozen!(false);
      await page.shows("connecting frozen");
      await page.shows("connected verified");
      expect(await page.messages(5)).toEqual(numbers(1, 5));
      expect(way.accepted).toBe(1);
    },
  },
  {
    title: "reconnects if its network died during a freeze",
    engines: ["chromium"],
    async run(world) {
      const way = await world.way();
      const page = await world.open({ pingTimeout: 2_000 }, { channels: ["kept/thawed"], way });
      const other = await world.open();
      await page.clearEvents();
      await page.tab.setFrozen!(true);
      way.die();
      await other.publish("kept/thawed", ...numbers(1, 5));
      await page.tab.setFrozen!(false);
      await page.shows("connecting frozen");
      await page.shows("connecting unresponsive");
      way.mend();
      await page.shows("subscribed kept/thawed true");
      expect(await page.messages(5)).toEqual(numbers(1, 5));
    },
  },
];
