import type { Message } from "../../../protocol/index.js";
import { agentOf, messageOf } from "../core/fakes.js";
import { FAILURES } from "./failures.js";
import { closeGuards, GRACE, guardFolder, TIMEOUT, timed } from "./harness.js";

afterEach(closeGuards);

/** A delivery guard that fails for the agents in `victims`, and delivers to all others after `others`. */
const failing = (body: string, others = "", victims = ["uuid-of-c7"]) => `{
  async onMessageReceived(channel, agent, message) {
    if (${JSON.stringify(victims)}.includes(agent.uuid)) { ${body} return; }
    ${others}
    agent.deliver(channel, { ...message, data: message.data + " for " + agent.uuid });
  },
}`;

const WITHIN = 5_000;

/** Delivers to `c0` … `c19`, all at once, and tells which of them got theirs. */
const deliverToTwenty = async (folder: ReturnType<typeof guardFolder>) => {
  const agents = Array.from({ length: 20 }, (_, at) => agentOf(`c${at}`));
  const { value, took } = await timed(
    Promise.all(agents.map((agent) => folder.guards.delivery(agent, messageOf("stories/5"), WITHIN))),
  );
  const got = value.filter((message): message is Message => message !== undefined);
  expect(got.every((message) => /^hello for uuid-of-c\d+$/.test(String(message.data)))).toBe(true);
  return { got: value.flatMap((message, at) => (message ? [at] : [])), took };
};

const all = (except: number[]) => Array.from({ length: 20 }, (_, at) => at).filter((at) => !except.includes(at));

const WAIT = "await new Promise((resolve) => setTimeout(resolve, 40));";

describe("one recipient's guard touches no other: of twenty, nineteen get their message when one's guard", () => {
  test.each(Object.entries(FAILURES).filter(([how]) => !/answers/.test(how)))("%s", async (_, { body }) => {
    const folder = guardFolder(failing(body));
    const { got, took } = await deliverToTwenty(folder);
    expect(got).toEqual(all([7]));
    expect(took).toBeLessThan(TIMEOUT + GRACE);
  });

  test.each(Object.entries(FAILURES).filter(([how]) => /loops|exits|memory|nobody waits|timer/.test(how)))(
    "%s, while the others still wait for something",
    async (_, { body }) => {
      const folder = guardFolder(failing(body, WAIT));
      const { got, took } = await deliverToTwenty(folder);
      expect(got).toEqual(all([7]));
      expect(took).toBeLessThan(TIMEOUT + GRACE);
    },
  );
});
