// A page for React, in Node. Import it before React, which looks for a page when it is loaded.
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html>", { pretendToBeVisual: true });
const { document, navigator } = window;
const PAGE = { window, document, navigator };
for (const [name, value] of Object.entries(PAGE))
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

afterAll(async () => {
  // React still runs its scheduled work.
  await new Promise((resolve) => setTimeout(resolve, 50));
  window.close();
  // Jest reads what tests have left in the global scope.
  for (const name of Object.keys(PAGE)) delete (globalThis as Record<string, unknown>)[name];
});
