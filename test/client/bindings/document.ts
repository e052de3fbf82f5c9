// A page in Node. Import it before a framework, which looks for a page when it is loaded.
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html>", { pretendToBeVisual: true });
const { document, navigator, Node, Element, HTMLElement, SVGElement, Text, Comment } = window;
const PAGE = { window, document, navigator, Node, Element, HTMLElement, SVGElement, Text, Comment };
for (const [name, value] of Object.entries(PAGE))
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

afterAll(async () => {
  // The framework still runs its scheduled work.
  await new Promise((resolve) => setTimeout(resolve, 50));
  window.close();
  // Jest reads what tests have left in the global scope.
  for (const name of Object.keys(PAGE)) delete (globalThis as Record<string, unknown>)[name];
});
