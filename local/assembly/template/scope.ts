import type { Place } from "../../core/place.js";
import { physicalIdOf, type Subject } from "./physical-ids.js";
import { NO_VALUE, resolve, Unresolvable, type Scope } from "./intrinsics.js";
import type { StackArtifact } from "./manifest.js";

/** Account of a stack that leaves it open; AWS uses it in its documentation. */
const EXAMPLE_ACCOUNT = "123456789012";

/** Region of a stack that leaves it open, when the developer's environment names none either. */
const DEFAULT_REGION = "us-east-1";

/** The Region, account and partition of a stack: its own environment, or defaults. */
export const placeOf = (stack: StackArtifact, env: NodeJS.ProcessEnv = process.env): Place => {
  const region = stack.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? DEFAULT_REGION;
  return { region, account: stack.account ?? EXAMPLE_ACCOUNT, partition: partitionOf(region) };
};

/** Resources whose address differs from AWS. */
export interface Served {
  /** The local addresses of function URLs, by logical id. */
  urls?: Readonly<Record<string, string>>;
  /** The local endpoint of SQS. */
  queues?: string;
}

/** Resolves the names that a stack's intrinsic functions refer to. */
export const scopeOf = (stack: StackArtifact, place: Place, { urls = {}, queues }: Served = {}): Scope => {
  const { Resources = {}, Parameters = {}, Mappings = {}, Conditions = {} } = stack.template;
  const pseudo = pseudoParameters(stack, place);
  const scope: Scope = {
    lookup(name, attribute) {
      const resource = Resources[name];
      if (resource && attribute === "FunctionUrl" && Object.hasOwn(urls, name)) return urls[name];
      if (resource && queues !== undefined && isQueueUrl(resource.Type, attribute)) {
        return physicalIdOf(subjectOf(name)).replace(/^https:\/\/[^/]+/, queues);
      }
      if (resource) return physicalIdOf(subjectOf(name), attribute);
      if (attribute === undefined && Object.hasOwn(pseudo, name)) return pseudo[name];
      return parameter(name, Parameters[name]);
    },
    condition(name) {
      if (!Object.hasOwn(Conditions, name)) throw new Unresolvable(`there is no condition ${name}`);
      return Conditions[name];
    },
    mapping: (map, first, second) => Mappings[map]?.[first]?.[second],
  };
  const subjectOf = (logicalId: string): Subject => ({
    logicalId,
    resource: Resources[logicalId]!,
    stack: stack.name,
    place,
    named(property) {
      const value = resolve(Resources[logicalId]?.Properties?.[property], scope);
      return typeof value === "string" ? value : undefined;
    },
  });
  return scope;
};

/** SQS clients send their requests to the host of the queue's URL. */
const isQueueUrl = (type: string, attribute?: string): boolean =>
  type === "AWS::SQS::Queue" && (attribute === undefined || attribute === "QueueUrl");

const parameter = (name: string, definition: { Type: string; Default?: string | number } | undefined): unknown => {
  if (!definition) throw new Unresolvable(`${name} is not in the template`);
  if (definition.Type.startsWith("AWS::SSM::Parameter")) {
    throw new Unresolvable(`the parameter ${name} is read from Systems Manager`);
  }
  if (definition.Default === undefined) throw new Unresolvable(`the parameter ${name} has no default`);
  const { Type: type, Default: value } = definition;
  return type.startsWith("List<") || type === "CommaDelimitedList" ? String(value).split(",") : value;
};

const pseudoParameters = (stack: StackArtifact, place: Place): Record<string, unknown> => ({
  "AWS::Region": place.region,
  "AWS::AccountId": place.account,
  "AWS::Partition": place.partition,
  "AWS::URLSuffix": place.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com",
  "AWS::StackName": stack.name,
  "AWS::StackId": `arn:${place.partition}:cloudformation:${place.region}:${place.account}:stack/${stack.name}/local`,
  "AWS::NotificationARNs": [],
  "AWS::NoValue": NO_VALUE,
});

const partitionOf = (region: string): string => {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
};
