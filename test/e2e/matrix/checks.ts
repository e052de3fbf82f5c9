import type { Reply } from "../../../protocol/index.js";
import type { Row } from "../support/rows.js";
import type { Wire } from "../support/wire.js";
import type { Outcome } from "./table.js";

/** Every guard's timeout here, and how much later the client may learn of it. */
export const TIMEOUT_MS = 2_500;
const GRACE_MS = 20_000;

/** The codes of an outcome. */
export const codesOf = (outcome: Outcome): string[] => outcome.split(" or ");

/** Within the guard's timeout and some grace, and without a word of what the guard threw. */
export const inTime = async <T>(ask: () => Promise<T>): Promise<T> => {
  const begun = performance.now();
  const answer = await ask();
  expect(performance.now() - begun).toBeLessThan(TIMEOUT_MS + GRACE_MS);
  expect(JSON.stringify(answer)).not.toContain("planted secret");
  return answer;
};

/** Checks a reply. */
export const expectAnswer = (answer: Reply, outcome: Outcome, yes: string, no = yes): void => {
  if (outcome === "permitted") return expect(answer).toMatchObject({ channel: yes, successful: true });
  expect(answer).toMatchObject({ channel: no, successful: false });
  expect(codesOf(outcome)).toContain(answer.code);
};

/** Whatever the guard did, the connection and its functions still work. */
export const goesOn = async (wire: Wire): Promise<void> => {
  expect((await wire.subscribe("after")).successful).toBe(true);
  const mark = `still works ${wire.uuid()}`;
  expect((await wire.publish("after", mark)).successful).toBe(true);
  await wire.message(mark);
};

/** The key of a row. */
export const keyOf = ({ pk, sk }: Row): string => `${pk} ${sk}`;

const texts = (rows: Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

/** The keys of new and changed rows. */
export const expectChange = (
  before: Row[],
  after: Row[],
  { come = [], gone = [] }: { come?: string[]; gone?: string[] },
): void => {
  const [were, are] = [new Set(texts(before)), new Set(texts(after))];
  const keys = (rows: Row[], others: Set<string>): string[] =>
    rows
      .filter((row) => !others.has(JSON.stringify(row)))
      .map(keyOf)
      .sort();
  expect({ come: keys(after, were), gone: keys(before, are) }).toEqual({
    come: [...come].sort(),
    gone: [...gone].sort(),
  });
};
