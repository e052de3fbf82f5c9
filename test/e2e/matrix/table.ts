import { BEHAVIOURS, type Behaviour, HOSTS, type Host, type Place, PLACES } from "./behaviours.js";

/** The outcome of a guard's decision. */
export type Outcome =
  | "permitted"
  | "denied"
  | "guard_timeout"
  | "guard_failed"
  /** Exhausting memory may take longer than the guard has: the machine decides which of the two it is. */
  | "guard_failed or guard_timeout";

/** The outcome of each behaviour, for guards with a verdict. */
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
  // A module's guard may return any value, and decide later. A response without a verdict cannot decide later.
  "returns garbage": { module: "guard_timeout", "guard Lambda": "guard_failed" },
  // The first one counts.
  "calls two verdicts, denies and then allows": "denied",
  "calls two verdicts, allows and then denies": "permitted",
  "stages effects and then denies": "denied",
};

/**
 * Outcomes of a departure. It has no verdict, so a guard that gives or stages one has failed. The runner waits for a
 * thread. It does not wait for a function, which therefore cannot be late: it fails at once, later, or when Lambda ends
 * it. A function with an empty event loop ends without an answer.
 */
const DEPARTURES: Record<Host, Partial<Record<Behaviour, Outcome>>> = {
  module: {
    allows: "guard_failed",
    denies: "guard_failed",
    "returns garbage": "permitted",
    "calls two verdicts, denies and then allows": "guard_failed",
    "calls two verdicts, allows and then denies": "guard_failed",
  },
  "guard Lambda": {
    ...Object.fromEntries(BEHAVIOURS.map((behaviour) => [behaviour, "guard_failed"])),
    "never answers": "permitted",
    "returns garbage": "permitted",
  },
};

/** Places without staging: a guard that tries to stage effects has failed. */
const NO_STAGE: ReadonlySet<Place> = new Set<Place>(["unsubscribe", "state", "deliver", "disconnect"]);

/** One cell of the matrix. */
export interface Cell {
  outcome: Outcome;
  /** The reply to the client. */
  client: string;
  /** The rows that are stored afterwards. */
  stored: string;
}

const no = (outcome: Outcome): string => `\`${outcome.replace(" or ", "` or `")}\``;

/** The reply and the stored rows, by the subject of the decision and by its outcome. */
const CELLS: Record<Place, (outcome: Outcome, host: Host) => Omit<Cell, "outcome">> = {
  connect: (outcome) =>
    outcome === "permitted"
      ? { client: "connected", stored: "the agent" }
      : { client: `${no(outcome)}, then closed`, stored: "no agent, no subscription" },
  subscribe: (outcome) =>
    outcome === "permitted"
      ? { client: "subscribed", stored: "the subscription" }
      : { client: no(outcome), stored: "no subscription" },
  "wildcard subscribe": (outcome, host) => CELLS.subscribe(outcome, host),
  "subscribe with a token": (outcome) =>
    outcome === "permitted"
      ? { client: "subscribed; with another token, or without one, `denied`", stored: "the subscription; no token" }
      : { client: no(outcome), stored: "no subscription, no token" },
  publish: (outcome) =>
    outcome === "permitted"
      ? { client: "acknowledged; subscribers receive it", stored: "nothing" }
      : { client: `${no(outcome)}; no subscriber receives it`, stored: "nothing" },
  unsubscribe: (outcome) =>
    outcome === "permitted"
      ? { client: "unsubscribed", stored: "no subscription" }
      : { client: no(outcome), stored: "the subscription, as before" },
  state: (outcome) =>
    outcome === "permitted"
      ? { client: "acknowledged; subscribers receive it", stored: "the state" }
      : { client: `${no(outcome)}; no subscriber receives it`, stored: "the state, as before" },
  deliver: (outcome) =>
    outcome === "permitted"
      ? { client: "the recipient receives it; the publisher is acknowledged", stored: "the subscription, as before" }
      : {
          client: "the recipient receives nothing; the publisher is acknowledged",
          stored: "the subscription, as before",
        },
  disconnect: (outcome, host) => ({
    client: `nothing: it has left${outcome === "permitted" ? "" : host === "module" ? `; the log says ${no(outcome)}` : "; the invocation fails"}`,
    stored: "nothing",
  }),
};

const outcomeOf = (host: Host, place: Place, behaviour: Behaviour): Outcome => {
  const departure = place === "disconnect" ? DEPARTURES[host][behaviour] : undefined;
  if (departure) return departure;
  if (behaviour === "stages effects and then denies" && NO_STAGE.has(place)) return "guard_failed";
  const general = OUTCOMES[behaviour];
  return typeof general === "string" ? general : general[host];
};

/** The required outcome of one behaviour, by subject and by host. */
export const cellOf = (host: Host, place: Place, behaviour: Behaviour): Cell => {
  const outcome = outcomeOf(host, place, behaviour);
  return { outcome, ...CELLS[place](outcome, host) };
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
    return [
      `**In a ${host}**`,
      "",
      `| the guard… | ${PLACES.join(" | ")} |`,
      `|---|${PLACES.map(() => "---").join("|")}|`,
      ...rows,
    ].join("\n");
  }).join("\n\n");
