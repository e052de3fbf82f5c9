import { agentOf } from "../support/fakes.js";
import { closeGuards, GRACE, guardFolder, TIMEOUT, timed } from "./harness.js";

afterEach(closeGuards);

const agent = agentOf("c1");

/** Modules that cannot be used, and what the log says of them. */
const BROKEN: Record<string, [source: string, detail: RegExp]> = {
  "throws while it is loaded": ['throw new Error("no database");', /no database/],
  "rejects while it is loaded": ['await Promise.reject(new Error("no database"));', /no database/],
  "is no JavaScript": ["export default {", /SyntaxError|Unexpected/],
  "imports what is not there": ['import "./nothing.mjs"; export default {};', /nothing\.mjs/],
  "exports nothing": ["", /default-export/],
  "exports under a name only": ["export const guards = {};", /default-export/],
  "exports a function": ["export default () => {};", /default-export/],
  "exports null": ["export default null;", /default-export/],
  "has a guard that is no function": ['export default { onDisconnect: "later" };', /onDisconnect is not a function/],
  "has a channel guard that is no function": [
    'export default { channels: { "a/*": { onPublicationRequest: true } } };',
    /channels\["a\/\*"\]\.onPublicationRequest is not a function/,
  ],
  "has guards for what is no channel": ['export default { channels: { "a b": {} } };', /"a b" is neither/],
  "has guards for what is no pattern": ['export default { channels: { "a/*/b": {} } };', /"a\/\*\/b" is neither/],
  "has guards for a reserved channel": ['export default { channels: { "/meta/connect": {} } };', /\/meta\/connect/],
  "has a channel without guards": ["export default { channels: { a: null } };", /TypeError/],
};

describe("a guard module that", () => {
  test.each(Object.entries(BROKEN))("%s permits nothing, and says in the log why", async (_, [source, detail]) => {
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
      "rejects a promise that nobody handles",
      `setInterval(() => {}, 1_000); void Promise.reject(new Error("no database")); ${NEVER}`,
      /no database/,
    ],
    ["throws in a timer", `setTimeout(() => { throw new Error("no database"); }, 20); ${NEVER}`, /no database/],
    ["exhausts its heap", "const all = []; for (;;) all.push(new Array(1_000).fill(all.length));", /memory limit/],
    ["waits for what never comes", NEVER, /await what never comes/],
  ];

  test.each(DEATHS)("%s while it is loaded permits nothing, and says in the log why", async (_, source, detail) => {
    const folder = guardFolder(`${source} export default {};`);
    expect(await folder.guards.connection(agent)).toMatchObject({ permitted: false, code: "guard_failed" });
    expect(folder.log.of("guards_not_loaded")).toEqual([{ detail: expect.stringMatching(detail) }]);
  });

  test("is loaded, and whose thread dies of it before anybody asks, says in the log why", async () => {
    const folder = guardFolder('setTimeout(() => { throw new Error("no database"); }, 50); export default {};');
    await folder.ended;
    expect(folder.log.of("guards_not_loaded")).toEqual([{ detail: expect.stringContaining("no database") }]);
  });

  test.each([
    ["waits for ever", "setInterval(() => {}, 1_000); await new Promise(() => {}); export default {};"],
    ["loops for ever", "for (;;);"],
  ])("%s while it is loaded permits nothing, in time", async (_, source) => {
    const folder = guardFolder(source, { timeout: TIMEOUT });
    const { value, took } = await timed(folder.guards.connection(agent));
    expect(value).toMatchObject({ permitted: false, code: "guard_timeout" });
    expect(took).toBeLessThan(TIMEOUT + GRACE);
  });

  test("could not be loaded is tried again by the next call", async () => {
    const folder = guardFolder('throw new Error("no database");');
    expect(await folder.guards.connection(agent)).toMatchObject({ permitted: false });
    folder.write("{}");
    expect(await folder.guards.connection(agent)).toMatchObject({ permitted: true });
  });

  test("takes longer to load than its guards may is there in the end", async () => {
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

describe("what a guard does to its arguments or its thread", () => {
  const failures = [
    ["cyclic credentials", "agent.credentials = {}; agent.credentials.self = agent.credentials; agent.connected();"],
    ["a BigInt in its info", "agent.connected({ info: { id: 1n } });"],
    ["too large an info", 'agent.connected({ info: "x".repeat(300) });'],
    ["a verdict of another guard", "agent.subscribe('a'); agent.publicationSuccess({});"],
    ["a verdict that does not exist", "agent.allow();"],
    ["a subscription that cannot be", 'agent.subscribe("/meta/connect"); agent.connected();'],
    [
      "a thread it empties",
      'delete Object.prototype.toString; JSON.stringify = () => { throw new Error("x"); }; agent.connected();',
    ],
  ];

  test.each(failures)("%s: denied as guard_failed", async (_, body) => {
    const folder = guardFolder(`{ onConnectionRequest(agent) { ${body} } }`);
    expect(await folder.guards.connection(agent)).toMatchObject({ permitted: false, code: "guard_failed" });
  });
});
