import { existsSync } from "node:fs";
import type { Engine } from "./engine.js";
import { environment } from "./environment.js";
import { launchByPuppeteer, PuppeteerTab } from "./puppeteer.js";

/** The path in Debian. */
const EXECUTABLE = "/usr/bin/firefox-esr";

/** Settings that keep the browser from talking to any server but the page's. */
const PREFERENCES = {
  "network.proxy.type": 0,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
};

/** Firefox as Debian has it; by WebDriver BiDi. */
export const firefox: Engine = {
  name: "firefox",
  missing: () => (existsSync(EXECUTABLE) ? undefined : "apt-get install -y --no-install-recommends firefox-esr"),
  launch: () =>
    launchByPuppeteer(
      {
        browser: "firefox",
        executablePath: EXECUTABLE,
        headless: true,
        extraPrefsFirefox: PREFERENCES,
        env: environment(),
      },
      (page) => new PuppeteerTab(page),
    ),
};
