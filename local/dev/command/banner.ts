import type { ExternalVerdict, ResourceVerdict } from "../../assembly/model/verdicts.js";
import type { SystemModel } from "../../assembly/model/system.js";
import { functionsText, type GuardsInfo } from "../../console/api.js";
import { publisherLines, type Ready } from "./ready.js";
import type { Style } from "../../core/terminal-style.js";

/** The facts of the banner. */
export interface BannerFacts {
  ready: Ready;
  dynamodb: string;
  guards: GuardsInfo;
}

/** The lines that greet a developer. */
export const banner = (facts: BannerFacts, style: Style): string => {
  const { bold, cyan, dim, green } = style;
  const { construct, consoleUrl, websocketUrl, readyMs } = facts.ready;
  const seconds = (readyMs / 1000).toFixed(1);
  const commands = publisherLines(facts.ready).map((line) => `      ${line}`);
  return [
    "",
    `  ${green("●")} ${bold("Push-It")} runs ${bold(construct)} ${dim(`ready in ${seconds} s`)}`,
    "",
    `    ${dim("Console  ")} ${cyan(bold(consoleUrl))}`,
    `    ${dim("WebSocket")} ${cyan(websocketUrl)}`,
    `    ${dim("DynamoDB ")} ${facts.dynamodb}`,
    `    ${dim("Guards   ")} ${guardsLine(facts.guards, style)}`,
    "",
    ...(commands.length > 0
      ? [`    ${dim("A back end publishes with the keys of this run, and may do nothing else:")}`, ...commands, ""]
      : []),
    `    Open the console in two tabs, subscribe both to ${bold("rooms/5")}, and publish in one.`,
    `    ${dim("Ctrl-C ends it.")}`,
    "",
    "",
  ].join("\n");
};

/** Warns that other machines can reach the run. */
export const reachableLine = ({ yellow }: Style): string =>
  `${yellow("warning ")} --host: other machines can connect to this run, and read what it sends: nothing is encrypted.\n`;

/**
 * The verdicts on the template's resources. One line lists the types that run. Ignored types have a line with the
 * reason, refused resources one each. External resources follow, by verdict.
 */
export const resourceLines = ({ path, resources, external, warnings }: SystemModel, style: Style): string => {
  const of = (verdict: ResourceVerdict["verdict"]) => resources.filter((each) => each.verdict === verdict);
  const inert = Object.entries(groupBy(of("inert"), ({ type, reason }) => `${shortType(type)}\t${reason}`));
  const lines = [
    `${style.green("run     ")} ${countByType(of("run"))}`,
    ...inert.map(([key, group]) => {
      const [type, reason] = key.split("\t");
      return `${style.dim("inert   ")} ${times(type!, group.length)} ${style.dim(`– ${reason}`)}`;
    }),
    ...of("refused").map(
      ({ logicalId, reason }) => `${style.yellow("refused ")} ${logicalId} ${style.dim(`– ${reason}`)}`,
    ),
    ...externalLines(external, style),
    ...warnings.map((warning) => `${style.yellow("warning ")} ${warning}`),
  ];
  return `${style.bold(path)}\n${lines.map((line) => `  ${line}\n`).join("")}`;
};

/**
 * A loud warning that the built-in stack runs and that its guards permit everything, with instructions for other
 * guards.
 */
export const starterLines = (project: string, guards: string | undefined, { bold, cyan, yellow }: Style): string =>
  [
    `${yellow("!")} There is no cdk.json in ${project}: the stack that is built into push-it-cli runs.`,
    ...(guards === undefined
      ? [
          `${yellow("!")} ${bold("EVERYONE MAY DO EVERYTHING")}: its guards permit all. A client with the credentials {"userId":"ada"} is the user ada.`,
          `  For guards of your own, write guards.js, and start with ${cyan("--guards guards.js")}:`,
          "    export default {",
          "      onConnectionRequest(agent) { agent.connected(); },",
          '      onPublicationRequest(channel, agent, message) { agent.publicationDenied(message, "Nobody may."); },',
          "    };",
        ]
      : []),
    "",
  ].join("\n");

const externalLines = (external: ExternalVerdict[], { dim, yellow }: Style): string[] => {
  const of = (verdict: ExternalVerdict["verdict"]) => external.filter((each) => each.verdict === verdict);
  const names = (all: ExternalVerdict[], what: string) =>
    all.length > 0
      ? [`${dim("outside ")} ${all.map(({ logicalId }) => logicalId).join(", ")} ${dim(`– ${what}`)}`]
      : [];
  const [functions, others] = split(of("run"), ({ type }) => type === "AWS::Lambda::Function");
  const [queues, settings] = split(others, ({ type }) => type === "AWS::SQS::Queue");
  return [
    ...names(functions, "run when they are invoked"),
    ...names(queues, "served"),
    ...names(settings, "honoured"),
    ...of("refused").map(
      ({ logicalId, reason }) => `${dim("outside ")} ${yellow(logicalId)} ${dim(`– cannot be run: ${reason}`)}`,
    ),
    ...names(of("left"), "left alone"),
  ];
};

const split = <T>(all: T[], first: (each: T) => boolean): [T[], T[]] => [
  all.filter(first),
  all.filter((each) => !first(each)),
];

const guardsLine = ({ source, file, functions = 0 }: GuardsInfo, { yellow, dim }: Style): string => {
  const more = functions > 0 ? ` and ${functionsText(functions)}` : "";
  if (source === "file") return `${file}${more} ${dim("(--guards; reloads when it changes)")}`;
  if (source === "app") return `${file}${more} ${dim("(the app's own; reloads when it changes)")}`;
  if (source === "functions") return `${functionsText(functions)} ${dim("(the app's own)")}`;
  if (source === "starter") return `${yellow("built in: everyone may do everything")} ${dim("(see below)")}`;
  return `${yellow("none: everyone may do everything")} ${dim("(try --guards guards.ts)")}`;
};

const countByType = (resources: ResourceVerdict[]): string =>
  Object.entries(groupBy(resources, ({ type }) => shortType(type)))
    .map(([type, group]) => times(type, group.length))
    .join(", ");

const times = (type: string, count: number): string => (count === 1 ? type : `${type} ×${count}`);

/** `ApiGatewayV2::Route` of `AWS::ApiGatewayV2::Route`. */
const shortType = (type: string): string => type.replace(/^AWS::/, "");

const groupBy = <T>(values: T[], key: (value: T) => string): Record<string, T[]> => {
  const groups: Record<string, T[]> = {};
  for (const value of values) (groups[key(value)] ??= []).push(value);
  return groups;
};
