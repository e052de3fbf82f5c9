import { agentOf } from "../support/fakes.js";
import { closeGuards, GRACE, guardFolder, TIMEOUT, timed } from "./harness.js";

afterEach(closeGuards);

const agent = agentOf("c1");

/** Modules that cannot be used, and the logged detail of each. */
const BROKEN: Record<string, [source: string, detail: RegExp]> = {
  "throws while it is loaded": ['throw new Error("no database");', /no database/],
  "rejects while it is loaded": ['await Promise.reject(new Error("no database"));', /no database/],
  "is not JavaScript": ["export default {", /SyntaxError|Unexpected/],
  "imports a missing file": ['import "./nothing.mjs"; export default {};', /nothing\.mjs/],
  "exports nothing": ["", /default export/],
  "has a named export only": ["export const guards = {};", /default export/],
  "exports a function": ["export default () => {};", /default export/],
  "exports null": ["export default null;", /default export/],
  "has a guard that is not a function": ['export default { onDisconnect: "later" };', /onDisconnect is not a function/],
  "has a channel guard that is not a function": [
    'export default { channels: { "a/*": { onPublicationRequest: true } } };',
    /channels\["a\/\*"\]\.onPublicationRequest is not a function/,
  ],
  "has guards for an invalid channel name": ['export default { channels: { "a b": {} } };', /"a b" is neither/],
  "has guards for an invalid pattern": ['export default { channels: { "*/b": {} } };', /"\*\/b" is neither/],
  "has guards for a reserved channel": ['export default { channels: { "/meta/connect": {} } };', /\/meta\/connect/],
  "has a channel without guards": ["export default { channels: { a: null } };", /TypeError/],
};

describe("a guard module that", () => {
  test.each(Object.entries(BROKEN))("%s denies and logs the reason", async (_, [source, detail]) => {
    const folder = guardFolder(source);
    const { value, took } = await timed(folder.guards.connection(agent));
    expect(value).toEqual({
      permitted: false,
      code: "guard_failed",
      reason: "The guard of the connection failed.",
    });
    expect(took).toBeLessThan(2 * GRACE);
    expect(folder.log.of("guards_not_loaded")).toMatchObject([{ detail: expect.stringMatching(detail) }]);
  });

  const NEVER = "await new Promise(() => {});";
  const DEATHS: [name: string, source: string, detail: RegExp][] = [
    ["exits", "process.exit(3);", /exited with code 3 .*process\.exit/],
    [
      "rejects a promise that is not awaited",
      `setInterval(() => {}, 1_000); void Promise.reject(new Error("no database")); ${NEVER}`,
      /no database/,
    ],
    ["throws in a timer", `setTimeout(() => { throw new Error("no database"); }, 20); ${NEVER}`, /no database/],
    ["exhausts its heap", "const all = []; for (;;) all.push(new Array(1_000).fill(all.length));", /memory limit/],
    ["awaits a promise that never settles", NEVER, /a promise that never settles/],
  ];

  test.each(DEATHS)("%s while it loads denies and logs the reason", async (_, source, detail) => {
    const folder = guardFolder(`${source} export default {};`);
    expect(await folder.guards.connection(agent)).toMatchObject({ permitted: false, code: "guard_failed" });
    expect(folder.log.of("guards_not_loaded")).toEqual([{ detail: expect.stringMatching(detail) }]);
  });

  test("crashes its thread after loading logs the reason, without any call", async () => {
    const folder = guardFolder('setTimeout(() => { throw new Error("no database"); }, 50); export default {};');
    await folder.ended;
    expect(folder.log.of("guards_not_loaded")).toEqual([{ detail: expect.stringContaining("no database") }]);
  });

  test.each([
    ["waits forever", "setInterval(() => {}, 1_000); await new Promise(() => {}); export default {};"],
    ["loops forever", "for (;;);"],
  ])("%s while it loads denies in time", async (_, source) => {
    const folder = guardFolder(source, { timeout: TIMEOUT });
    const { value, took } = await timed(folder.guards.connection(agent));
    expect(value).toMatchObject({ permitted: false, code: "guard_timeout" });
    expect(took).toBeLessThan(TIMEOUT + GRACE);
  });

  test("could not be loaded is loaded again by the next call", async () => {
    const folder = guardFolder('throw new Error("no database");');
    expect(await folder.guards.connection(agent)).toMatchObject({ permitted: false });
    folder.write("{}");
    expect(await folder.guards.connection(agent)).toMatchObject({ permitted: true });
  });

  test("takes longer to load than the guard timeout is ready later", async () => {
    const folder = guardFolder(
      "await new Promise((resolve) => setTimeout(resolve, 500)); export default { onConnectionRequest(agent) { agent.connected(); } };",
      { timeout: 200 },
    );
    const verdicts: boolean[] = [];
    while (verdicts.at(-1) !== true && verdicts.length < 20)
      verdicts.push((await folder.guards.connection(agent)).permitted);
    expect(verdicts[0]).toBe(false);
    expect(verdicts.at(-1)).toBe(true);
    expect(folder.started).toBe(1);
  });
});

describe("invalid arguments, and changes to the thread", () => {
  const failures = [
    ["cyclic credentials", "agent.credentials = {}; agent.credentials.self = agent.credentials; agent.connected();"],
    ["a BigInt in its info", "agent.connected({ info: { id: 1n } });"],
    ["too large an info", 'agent.connected({ info: "x".repeat(300) });'],
    ["a verdict of another guard", "agent.subscribe('a'); agent.publicationSuccess({});"],
    ["a verdict that does not exist", "agent.allow();"],
    ["an invalid subscription", 'agent.subscribe("/meta/connect"); agent.connected();'],
    [
      "a thread without its built-in functions",
      'delete Object.prototype.toString; JSON.stringify = () => { throw new Error("x"); }; agent.connected();',
    ],
  ];

  test.each(failures)("%s: the connection is denied as guard_failed", async (_, body) => {
    const folder = guardFolder(`{ onConnectionRequest(agent) { ${body} } }`);
    expect(await folder.guards.connection(agent)).toMatchObject({ permitted: false, code: "guard_failed" });
  });
});
