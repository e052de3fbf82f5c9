import type { ConnectionInfo } from "../../../protocol/index.js";
import { count, duration } from "../model/format.js";
import { guardsText, type LocalInfo } from "../model/info.js";
import type { Session } from "../model/session.js";
import { byId, el } from "./dom.js";

/** A line of the sheet: name and value. Without a value it is a heading. */
type Line = [what: string, value?: string];

/** The server's description of itself, and the system's description from `push-it-cli dev`. */
export const showServer = (session: Session): { local: (info: LocalInfo) => void } => {
  let facts: ConnectionInfo | undefined;
  let info: LocalInfo | undefined;
  const show = (): void => {
    const lines = [...(facts ? factLines(facts) : []), ...(info ? localLines(info) : [])];
    byId("server-sheet", HTMLElement).replaceChildren(...lines.map(lineElements).flat());
    byId("server-empty", HTMLElement).hidden = lines.length > 0;
  };
  session.listen({
    server: (now) => {
      facts = now;
      show();
    },
    gone: () => {
      facts = undefined;
      show();
    },
  });
  return {
    local: (now) => {
      info = now;
      showInHeader("guards", guardsText(now)?.split(/[\\/]/).at(-1));
      showInHeader("dynamodb", now.dynamodb);
      show();
    },
  };
};

const showInHeader = (id: string, text: string | undefined): void => {
  byId(id, HTMLElement).textContent = text ?? "";
  byId(`fact-${id}`, HTMLElement).hidden = text === undefined;
};

const lineElements = ([what, value]: Line): HTMLElement[] =>
  value === undefined
    ? [el("dt", { class: "heading", text: what })]
    : [el("dt", { text: what }), el("dd", { text: value })];

const factLines = ({ agent, userId, timeouts, limits }: ConnectionInfo): Line[] => [
  ["This connection"],
  ["agent", agent],
  ...(userId === undefined ? [] : [["user", userId] satisfies Line]),
  ["Guard timeouts"],
  ...Object.entries({ ...timeouts }).map(([guard, milliseconds]): Line => [guard, duration(milliseconds)]),
  ["Limits"],
  ...Object.entries({ ...limits }).map(([name, value]): Line => [
    name,
    typeof value === "number" ? count(value) : value,
  ]),
];

const localLines = (info: LocalInfo): Line[] => {
  const guards = guardsText(info);
  const resources = info.resources ?? [];
  const run = resources.filter(({ verdict }) => verdict === "run");
  const refused = resources.filter(({ verdict }) => verdict === "refused");
  return [
    ["Running on this machine"],
    ...(info.construct ? [["construct", info.construct] satisfies Line] : []),
    ["websocketUrl", info.websocketUrl],
    ...(guards ? [["guards", guards] satisfies Line] : []),
    ...(info.dynamodb ? [["dynamodb", info.dynamodb] satisfies Line] : []),
    ...(info.warnings ?? []).map((warning): Line => ["warning", warning]),
    ["Resources of the template"],
    ...byType(run).map(([type, group]): Line => [type, times("run", group)]),
    ...byType(resources.filter(({ verdict }) => verdict === "inert")).map(([type, group]): Line => [
      type,
      inert(group),
    ]),
    ...refused.map(({ logicalId, type, reason }): Line => [type, `refused: ${logicalId}\n${reason ?? ""}`]),
  ];
};

type Resource = NonNullable<LocalInfo["resources"]>[number];

const byType = (resources: Resource[]): [type: string, group: Resource[]][] => {
  const types = new Map<string, Resource[]>();
  for (const resource of resources) {
    const type = resource.type.replace(/^AWS::/, "");
    types.set(type, [...(types.get(type) ?? []), resource]);
  }
  return [...types];
};

const times = (what: string, group: Resource[]): string =>
  group.length === 1 ? what : `${count(group.length)} ${what}`;

const inert = (group: Resource[]): string => [times("inert", group), group[0]?.reason].filter(Boolean).join(": ");
