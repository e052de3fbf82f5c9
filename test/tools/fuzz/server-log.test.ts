import { fuzzTargetOf } from "../../../tools/fuzz/fuzz.js";
import { ServerLog } from "../../../tools/fuzz/server-log.js";

const TIMEOUT = '{"event":"route_failed","error":"TimeoutError: 2000 ms"}';
const rows = { all: () => Promise.resolve([]), tableName: () => Promise.resolve("T") };

describe("the log of the fuzzed system", () => {
  it("explains an episode by a timeout of the same time", async () => {
    const log = new ServerLog();
    const { sawTimeouts } = await fuzzTargetOf({ url: "ws://x", log }, rows);
    log.add('{"event":"refused"}');
    expect(sawTimeouts(0)).toBe(false);
    log.add(TIMEOUT);
    expect(sawTimeouts(Date.now())).toBe(true);
    expect(log.lines).toHaveLength(2);
  });

  it("does not explain an episode by an old timeout", () => {
    const log = new ServerLog();
    log.add(TIMEOUT);
    expect(log.sawTimeouts(Date.now() + 31_000)).toBe(false);
  });
});
