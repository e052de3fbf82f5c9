import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pages } from "../../../../local/dev/pages/pages.js";
import { postedEvents } from "../../../../local/dev/pages/posted-events.js";
import { UserError } from "../../../../local/core/user-error.js";

const emitted: unknown[] = [];
let server: Server;
let port: number;

beforeAll(async () => {
  const events = postedEvents((event) => {
    if (event === null) throw new UserError("This is not a complete event.");
    emitted.push(event);
    return ["Rule"];
  });
  server = createServer(pages({ dist: "nowhere", info: () => ({}), events }));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((done) => server.close(done)));
beforeEach(() => emitted.splice(0));

const post = (body: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> =>
  new Promise((done, fail) => {
    const all = { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)), ...headers };
    const sent = httpRequest({ host: "127.0.0.1", port, path: "/events", method: "POST", headers: all }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("end", () => done({ status: answer.statusCode ?? 0, text }));
    });
    sent.once("error", fail);
    sent.end(body);
  });

test("a posted event of a local program reaches the default bus", async () => {
  expect(await post('{"id":1}')).toEqual({ status: 202, text: '{"rules":["Rule"]}' });
  expect(await post('{"id":2}', { host: "localhost:1", origin: "http://localhost:1" })).toMatchObject({ status: 202 });
  expect(emitted).toEqual([{ id: 1 }, { id: 2 }]);
});

test.each<[string, number, string, Record<string, string>]>([
  ["another site's page", 403, "{}", { origin: "https://evil.example" }],
  ["a sandboxed page", 403, "{}", { origin: "null" }],
  ["a name that was bound to this machine", 403, "{}", { host: "evil.example" }],
  ["a name that begins like this machine", 403, "{}", { host: "127.0.0.1.evil.example" }],
  ["a form", 415, "a=1", { "content-type": "text/plain" }],
  ["a large event", 413, JSON.stringify("x".repeat(1024 * 1024)), {}],
  ["no JSON", 400, "{", {}],
  ["no event", 400, "null", {}],
])("%s is refused with %i", async (_, status, body, headers) => {
  expect(await post(body, headers)).toMatchObject({ status });
  expect(emitted).toEqual([]);
});

test("a preflight request is not answered as a browser needs it", async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/events`, { method: "OPTIONS" });
  expect(answer.status).toBe(405);
  expect(answer.headers.get("access-control-allow-origin")).toBeNull();
});
