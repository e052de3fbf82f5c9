import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pages } from "../../../../local/dev/pages/pages.js";

let dist: string;
let server: Server;

beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), "pages-test-"));
  for (const folder of ["console/img", "consoleToo", "sdk"]) mkdirSync(join(dist, folder), { recursive: true });
  writeFileSync(join(dist, "console/index.html"), "<title>Console</title>");
  writeFileSync(join(dist, "console/main.js"), "main");
  writeFileSync(join(dist, "console/img/a.svg"), "<svg/>");
  writeFileSync(join(dist, "consoleToo/secret.txt"), "secret");
  writeFileSync(join(dist, "cli.js"), "secret");
  writeFileSync(join(dist, "sdk/index.js"), "sdk");
  server = createServer(pages({ dist, info: () => ({ construct: "App/PushIt" }) })).listen(0, "127.0.0.1");
  await new Promise((ready) => server.once("listening", ready));
});

afterAll(() => {
  server.close();
  rmSync(dist, { recursive: true });
});

interface Got {
  status: number | undefined;
  type: string | undefined;
  body: string;
}

/** Sends the path as it is: `fetch` would tidy it up. */
const get = (path: string, method = "GET"): Promise<Got> =>
  new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    request({ port, path, method, host: "127.0.0.1" }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode, type: response.headers["content-type"], body }));
    })
      .on("error", reject)
      .end();
  });

describe("pages", () => {
  test.each([
    ["/", "text/html; charset=utf-8", "<title>Console</title>"],
    ["/?url=x", "text/html; charset=utf-8", "<title>Console</title>"],
    ["/main.js", "text/javascript; charset=utf-8", "main"],
    ["/img/a.svg", "image/svg+xml", "<svg/>"],
    ["/sdk/index.js", "text/javascript; charset=utf-8", "sdk"],
    ["/_push-it/info", "application/json", '{"construct":"App/PushIt"}'],
  ])("%s is %s", async (path, type, body) => {
    expect(await get(path)).toEqual({ status: 200, type, body });
  });

  test.each([
    "/nothing",
    "/img",
    "/sdk/push-it.iife.js",
    "/../cli.js",
    "/%2e%2e/cli.js",
    "/..%2fcli.js",
    "/img/..%2f..%2fcli.js",
    "/../consoleToo/secret.txt",
    "/..%5ccli.js",
    "/%00",
    "/%zz",
    "//etc/passwd",
  ])("%s is not found", async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, body: "Not Found" });
  });

  test("HEAD has no body, and nothing can be written", async () => {
    expect(await get("/", "HEAD")).toMatchObject({ status: 200, body: "" });
    expect((await get("/", "POST")).status).toBe(405);
  });
});
