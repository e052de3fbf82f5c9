import { isChina, lacksFunctionUrls, SMALL_REGIONS } from "../../../../infra/props/region-sets.js";
import type { Style } from "../../../core/terminal-style.js";
import { inWords } from "../../remote/numbers.js";
import { type Bound, planFor } from "./bounds.js";
import type { AccountFacts, AccountReading } from "./facts.js";
import { CONCURRENCY } from "../../remote/quotas.js";

const count = (value: number | undefined): string => value?.toLocaleString("en-US") ?? "not known";

/** What is special about a Region, as docs/DEPLOY.md has it in "What you need". */
export const regionNotes = (region: string): string[] => [
  ...(SMALL_REGIONS.has(region)
    ? [
        `${region} gives accounts a quarter of the usual requests; the construct's throttles are a quarter if the stack knows its Region`,
      ]
    : []),
  ...(lacksFunctionUrls(region)
    ? [`${region} has no Lambda function URLs: publishUrl is not possible, grantPublish is`]
    : []),
  ...(isChina(region) ? ["in China a public API needs an ICP licence"] : []),
];

const notesOf = ({ region, hasLogRole, concurrency }: AccountFacts): string[] => [
  ...(concurrency !== undefined && concurrency < CONCURRENCY
    ? ["the concurrency is that of a new account: a few clients use it up, and reservedConcurrency is not possible"]
    : []),
  ...(hasLogRole === false
    ? ["API Gateway has no log role: accessLogs takes AccessLogs.managedRole(), and existingRole() fails"]
    : []),
  ...regionNotes(region),
];

const rowsOf = (facts: AccountFacts): [string, string][] => [
  ["functions at once", count(facts.concurrency)],
  ["requests to API Gateway", `${count(facts.requestsPerSecond)} a second, ${count(facts.requestBurst)} at once`],
  ["new connections", `${count(facts.connectionsPerSecond)} a second`],
  ["one table at most", `${count(facts.tableReads)} read and ${count(facts.tableWrites)} write units a second`],
  ...(facts.warmReads === undefined
    ? []
    : ([["the table now", `${count(facts.warmReads)} read and ${count(facts.warmWrites)} write units a second`]] as [
        string,
        string,
      ][])),
];

const NAME_CHARACTERS = 24;

const line = (name: string, text: string): string => `  ${name.padEnd(NAME_CHARACTERS)} ${text}\n`;

const boundLine = (name: string, [first]: Bound[]): string =>
  first ? line(name, `${inWords(first.seconds * 1_000)} at least: ${first.limit} (${first.name})`) : "";

/** What was read, what binds first, and what to request, for people. */
export const accountLines = ({ facts, unread }: AccountReading, users: number | undefined, style: Style): string => {
  const own = rowsOf(facts).map(([name, text]) => line(name, text));
  const notes = [...notesOf(facts), ...unread.map((each) => `could not be read: ${each}`)].map(
    (each) => `  ${style.yellow("!")} ${each}\n`,
  );
  const head = `\n${style.bold(`Account in ${facts.region}`)}\n${own.join("")}${notes.join("")}`;
  if (users === undefined) return head;
  const { publication, reconnection, requests } = planFor(facts, users);
  const asked =
    requests.length === 0
      ? line("before they come", "nothing has to be raised")
      : requests.map((each, at) => line(at === 0 ? "before they come" : "", each)).join("");
  return `${head}\n${style.bold(`With ${count(users)} users of one channel`)}\n${boundLine("a publication to all", publication)}${boundLine("all back after a loss", reconnection)}${asked}`;
};

/** The same for programs. */
export const accountJson = ({ facts, unread }: AccountReading, users: number | undefined): object => ({
  ...facts,
  unread,
  notes: notesOf(facts),
  ...(users !== undefined && { plan: planFor(facts, users) }),
});
