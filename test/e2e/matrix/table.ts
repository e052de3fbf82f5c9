import { BEHAVIOURS, type Behaviour, HOSTS, type Host, type Place, PLACES } from "./behaviours.js";

/** What comes of asking a guard. */
export type Outcome =
  | "permitted"
  | "denied"
  | "guard_timeout"
  | "guard_failed"
  /** Exhausting memory may take longer than the guard has: the machine decides which of the two it is. */
  | "guard_failed or guard_timeout";

/** What comes of each behaviour, where a verdict is asked for. */
const OUTCOMES: Record<Behaviour, Outcome | Record<Host, Outcome>> = {
  allows: "permitted",
  denies: "denied",
  "never answers": "guard_timeout",
  "answers late": "guard_timeout",
  throws: "guard_failed",
  rejects: "guard_failed",
  exits: "guard_failed",
  "loops for ever": "guard_timeout",
  "exhausts memory": "guard_failed or guard_timeout",
  "exhausts memory outside its heap": "guard_failed or guard_timeout",
  // A module's guard may return what it likes, and decide later; a response that is no verdict decides nothing later.
  "returns garbage": { module: "guard_timeout", "guard Lambda": "guard_failed" },
  "calls two verdicts": "denied",
  "stages effects and then denies": "denied",
};

/** One cell of the matrix. */
export interface Cell {
  outcome: Outcome;
  /** What the client sees. */
  client: string;
  /** What is stored afterwards. */
  stored: string;
}

const no = (outcome: Outcome): string => `\`${outcome.replace(" or ", "` or `")}\``;

/** What a client sees and what is stored, by what is asked about and what comes of it. */
const CELLS: Record<Place, (outcome: Outcome) => Omit<Cell, "outcome">> = {
  connect: (outcome) =>
    outcome === "permitted"
      ? { client: "connected", stored: "the agent" }
      : { client: `${no(outcome)}, then closed`, stored: "no agent, no subscription" },
  subscribe: (outcome) =>
    outcome === "permitted" ? { client: "subscribed", stored: "the subscription" } : { client: no(outcome), stored: "no subscription" },
  "wildcard subscribe": (outcome) => CELLS.subscribe(outcome),
  publish: (outcome) =>
    outcome === "permitted"
      ? { client: "acknowledged; subscribers receive it", stored: "nothing" }
      : { client: `${no(outcome)}; nobody receives anything`, stored: "nothing" },
  unsubscribe: (outcome) =>
    outcome === "permitted"
      ? { client: "unsubscribed", stored: "no subscription" }
      : { client: no(outcome), stored: "the subscription, as before" },
  deliver: (outcome) =>
    outcome === "permitted"
      ? { client: "the recipient receives it; the publisher is acknowledged", stored: "nothing" }
      : { client: "the recipient receives nothing; the publisher is acknowledged", stored: "nothing" },
  disconnect: () => ({ client: "nothing: it has left", stored: "nothing" }),
};

/** What must come of one behaviour, where it is asked and wherever the guard runs. */
export const cellOf = (host: Host, place: Place, behaviour: Behaviour): Cell => {
  const general = OUTCOMES[behaviour];
  const verdict = typeof general === "string" ? general : general[host];
  // The first of two deliveries is the verdict; and whoever has left is gone, whatever a guard makes of it.
  const firstDelivers = place === "deliver" && behaviour === "calls two verdicts";
  const outcome = firstDelivers || place === "disconnect" ? "permitted" : verdict;
  return { outcome, ...CELLS[place](outcome) };
};

/** The matrix as docs/GUARDS.md shows it: a table for each host. */
export const markdown = (): string =>
  HOSTS.map((host) => {
    const rows = BEHAVIOURS.map((behaviour) => {
      const cells = PLACES.map((place) => {
        const { client, stored } = cellOf(host, place, behaviour);
        return `${client}. *Stored:* ${stored}`;
      });
      return `| **${behaviour}** | ${cells.join(" | ")} |`;
    });
    return [`**In a ${host}**`, "", `| the guard… | ${PLACES.join(" | ")} |`, `|---|${PLACES.map(() => "---").join("|")}|`, ...rows].join("\n");
  }).join("\n\n");
