import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../processes.js";
import { Consumer } from "./packed.js";

/*
 * Next.js weighs 340 MB. So npm installs it for this test alone, with PUSH_IT_TEST_INSTALL=1, as .ci/run sets it.
 * Without it, bundlers.test.ts has webpack build the same for a page and for Node, and node.test.ts renders without a
 * window.
 */
const whenInstalling = process.env["PUSH_IT_TEST_INSTALL"] === "1" ? test : test.skip;

const VERSIONS = ["next@16.4.6", "react@19.3.1", "react-dom@19.3.1"];

/** Texts that only the SDK has. */
const MARK = "push-it.v1.denied";

/** Whether a script below a folder has the SDK in it. */
const hasSdk = (folder: string): boolean =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
    .some((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8").includes(MARK));

whenInstalling(
  "Next.js builds and renders a page that imports a client, and opens no socket",
  () => {
    const app = new Consumer("next", {
      "package.json": '{"private":true}',
      "app/layout.jsx": "export default ({ children }) => <html><body>{children}</body></html>;",
      "app/page.jsx": `"use client";
      import { pushIt } from "../lib/push-it";
      export default () => <p>{\`\${pushIt.state}, \${globalThis.WebSocket?.spy}\`}</p>;
    `,
      "lib/push-it.js": `
      import { PushIt } from "push-it-client";
      export const pushIt = new PushIt({ url: "wss://example.com/live", channels: ["news"] });
      pushIt.channel("chat").subscribe();
    `,
      // The packed package is in a folder above.
      "next.config.mjs": 'export default { turbopack: { root: new URL("../..", import.meta.url).pathname } };',
      // Node 20 has no WebSocket: this one stands where a newer Node has one, in each process of the build.
      "spy.cjs": `globalThis.WebSocket = class {
      static spy = "watched";
      constructor(url) { require("node:fs").appendFileSync(process.env.OPENED, url); }
    };`,
    });
    run("npm", ["install", "--no-audit", "--no-fund", ...VERSIONS], { cwd: app.folder });
    const opened = join(app.folder, "opened.txt");
    const spied = { OPENED: opened, NODE_OPTIONS: `--require=${join(app.folder, "spy.cjs")}` };
    app.node(["node_modules/next/dist/bin/next", "build"], {
      ...spied,
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
    });

    expect(existsSync(opened)).toBe(false);
    expect(readFileSync(join(app.folder, ".next/server/app/index.html"), "utf8")).toContain("disconnected, watched");
    expect([hasSdk(join(app.folder, ".next/server")), hasSdk(join(app.folder, ".next/static"))]).toEqual([true, true]);
  },
  600_000,
);
