import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { seeded } from "../e2e/support/seeded.js";
import { stepsOf } from "./support/exchange.js";
import { LiveStack } from "./support/live.js";
import { clientOf, NOW, type Party } from "./support/party.js";
import { FIRST, newFolder, ROOT, type StackTemplate, synthesizeNow, templateOf, unpack } from "./support/releases.js";
import { Traffic } from "./support/traffic.js";

const STACK = "Everything";

/** How many steps an update takes: several resources at a time, because each round of traffic takes its time. */
const STEPS = 3;

const SEEDS = [1, 2];

// A whole system is exchanged twice, on however busy a machine.
jest.setTimeout(600_000);

let folder: string;
let before: string;
let after: string;

beforeAll(() => {
  folder = newFolder();
  before = unpack(folder);
  after = synthesizeNow(join(folder, "now"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A template whose functions all differ from those of any other release, so that each is exchanged. */
const marked = (template: StackTemplate): StackTemplate => {
  for (const { Type, Properties } of Object.values(template.Resources)) {
    const { Variables } = (Properties?.["Environment"] ?? {}) as { Variables?: Record<string, unknown> };
    if (Type === "AWS::Lambda::Function" && Variables) Variables["PUSH_IT_TEST_RELEASE"] = "now";
  }
  return template;
};

/** The kinds of rows on the architecture's page, by the first letter of their keys. */
const documentedKinds = (): string[] => {
  const page = readFileSync(join(ROOT, "docs/ARCHITECTURE.md"), "utf8");
  return [...new Set([...page.matchAll(/^\| [^|]+ \| `([a-z])#/gm)].map(([, kind]) => kind!))];
};

const uuidsOf = (party: Party, channel: string): string[] =>
  party
    .on(channel)
    .map(({ uuid }) => uuid)
    .sort();

/**
 * Permissions that current functions may lack during a rollback, with the reason why that is harmless. CloudFormation takes a
 * policy back before the function that depends on it, so such a function runs without its new grants for a while.
 */
const MAY_BE_DENIED: Readonly<Record<string, string>> = {
  "PushItDeliver sqs:ChangeMessageVisibility":
    "a worker asks for its segment to come back later or sooner; without it, the queue's own timeout counts",
  "PushItUnsubscribe dynamodb:Query":
    "`unsubscribe` reads back what it has deleted; without it, the client is told `unavailable`, and its SDK asks again",
};

/** The denial itself, and what the function says of it. */
const isExpected = ({ source, message }: { source: string; message: string }): boolean =>
  Object.keys(MAY_BE_DENIED).some((denied) => {
    const [who = "", action = ""] = denied.split(" ");
    if (source === "iam") return message.startsWith(who) && message.includes(` may not ${action} on `);
    return (
      source.startsWith(who) &&
      message.includes("route_failed") &&
      message.includes(`is not authorized to perform: ${action} `)
    );
  });

/** Everything that has to hold after an update, whatever its order was. */
const requireRight = async (live: LiveStack, traffic: Traffic, isBack = false): Promise<void> => {
  for (const party of traffic.parties) {
    expect({ who: party.userId, wrong: party.wrong, disorder: party.disorder }).toEqual({
      who: party.userId,
      wrong: [],
      disorder: [],
    });
    for (const [channel, uuids] of traffic.expected) expect(uuidsOf(party, channel)).toEqual([...uuids].sort());
  }
  expect(traffic.rawDuplicates).toEqual([]);
  expect(await traffic.present()).toEqual(traffic.parties.map(({ userId }) => userId).sort());
  expect(await traffic.endless()).toEqual([]);
  expect(documentedKinds()).toEqual(expect.arrayContaining(await traffic.kinds()));
  expect(live.logs.filter((entry) => entry.level === "error" && !(isBack && isExpected(entry)))).toEqual([]);
  expect(live.invocations.filter(({ result }) => !result.ok)).toEqual([]);
};

describe("an update of the first release to this one, and a rollback", () => {
  it.each(SEEDS)("keeps working after each step, in an order by the seed %d", async (seed) => {
    const random = seeded(seed);
    const [old, now] = [templateOf(before, STACK), marked(templateOf(after, STACK))];
    const live = await LiveStack.start(join(folder, `live-${seed}`), STACK, [before, after], old);
    const traffic = await Traffic.start(live, [clientOf(folder, FIRST.replaceAll(".", "-")), NOW]);
    try {
      const go = async (from: StackTemplate, to: StackTemplate, isBack = false): Promise<void> => {
        const steps = stepsOf(from, to, random, STEPS);
        for (const [at, { template }] of steps.entries()) {
          traffic.isMixed = true;
          await traffic.round(() => live.change(template));
          if (at === steps.length - 1) traffic.isMixed = false;
        }
        await traffic.presenceSettles();
        await traffic.round(() => Promise.resolve());
        await requireRight(live, traffic, isBack);
      };
      await go(old, now);
      await go(now, old, true);
    } finally {
      await traffic.end();
      await live.close();
    }
  });
});
