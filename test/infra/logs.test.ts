import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../..");

/** A statement that writes a log line: `log.info("swept", …)`, or `log.warn({ event: "guard_timeout", … })`. */
const WRITTEN = /\.(debug|info|warn|error|#warn)\(\s*(?:\{ event: )?"([a-z_]+)"/g;

/** A log statement with an event that is not a literal, which this test could not see. */
const HIDDEN = /\blog\??\.(?:debug|info|warn|error)\(\s*(?!["{])\w/g;

/** `event` is a parameter of the one helper that names it. */
const HELPER = "lambdas/aws/api-gateway/management-api.ts";

const sources = readdirSync(join(root, "lambdas"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => [join("lambdas", file), readFileSync(join(root, "lambdas", file), "utf8")] as const);

/** The levels of each event. */
const written = (): Map<string, Set<string>> => {
  const events = new Map<string, Set<string>>();
  for (const [, source] of sources) {
    for (const [, level = "", event = ""] of source.matchAll(WRITTEN)) {
      events.set(event, (events.get(event) ?? new Set()).add(level.replace("#", "")));
    }
  }
  return events;
};

const page = readFileSync(join(root, "docs/LOGS.md"), "utf8");

const rows = page
  .slice(page.indexOf("## Every event"), page.indexOf("## A guard module"))
  .split("\n")
  .flatMap((line) => {
    const [, event, levels] = /^\| `([a-z_]+)` \| ([a-z, ]+) \|/.exec(line) ?? [];
    return event === undefined || levels === undefined ? [] : [[event, levels.split(", ")] as const];
  });

test("docs/LOGS.md has exactly one row per logged event, with its levels", () => {
  const inSource = [...written()].map(([event, levels]) => [event, [...levels].sort()]);
  expect(inSource.length).toBeGreaterThan(25);
  const inPage = rows.map(([event, levels]) => [event, [...levels].sort()]);
  const byName = (a: unknown[], b: unknown[]): number => String(a[0]).localeCompare(String(b[0]));
  expect(inPage.sort(byName)).toEqual(inSource.sort(byName));
});

test("each event is a literal in its log statement", () => {
  const hidden = sources.flatMap(([file, source]) =>
    file === HELPER ? [] : [...source.matchAll(HIDDEN)].map(([text]) => `${file}: ${text}`),
  );
  expect(hidden).toEqual([]);
});
