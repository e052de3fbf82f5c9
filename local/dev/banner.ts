import type { OutsideVerdict, ResourceVerdict, SystemModel } from "../model.js";
import { functionsText, type GuardsInfo } from "./info.js";
import type { Style } from "./style.js";

/** What is told when the system is ready. */
export interface BannerFacts {
  consoleUrl: string;
  websocketUrl: string;
  dynamodb: string;
  guards: GuardsInfo;
  /** From the command's start, in milliseconds. */
  startedMs: number;
  construct: string;
}

/** The lines that greet a developer. */
export const banner = (facts: BannerFacts, style: Style): string => {
  const { bold, cyan, dim, green } = style;
  const seconds = (facts.startedMs / 1000).toFixed(1);
  return [
    "",
    `  ${green("●")} ${bold("Push-It")} runs ${bold(facts.construct)} ${dim(`ready in ${seconds} s`)}`,
    "",
    `    ${dim("Console  ")} ${cyan(bold(facts.consoleUrl))}`,
    `    ${dim("WebSocket")} ${cyan(facts.websocketUrl)}`,
    `    ${dim("DynamoDB ")} ${facts.dynamodb}`,
    `    ${dim("Guards   ")} ${guardsLine(facts.guards, style)}`,
    "",
    `    Open the console in two tabs, subscribe both to ${bold("rooms/5")}, and publish in one.`,
    `    ${dim("Ctrl-C ends it.")}`,
    "",
    "",
  ].join("\n");
};

/**
 * What becomes of the template's resources: one line for those that run, by type; inert ones by type with the reason;
 * refused ones each by logical id; and what stands outside: what runs when it is invoked, what cannot, and the rest.
 */
export const resourceLines = ({ path, resources, outside, warnings }: SystemModel, style: Style): string => {
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
    ...outsideLines(outside, style),
    ...warnings.map((warning) => `${style.yellow("warning ")} ${warning}`),
  ];
  return `${style.bold(path)}\n${lines.map((line) => `  ${line}\n`).join("")}`;
};

const outsideLines = (outside: OutsideVerdict[], { dim, yellow }: Style): string[] => {
  const of = (verdict: OutsideVerdict["verdict"]) => outside.filter((each) => each.verdict === verdict);
  const names = (all: OutsideVerdict[], what: string) =>
    all.length > 0 ? [`${dim("outside ")} ${all.map(({ logicalId }) => logicalId).join(", ")} ${dim(`– ${what}`)}`] : [];
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
