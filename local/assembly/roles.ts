import { KNOWN_MANAGED_POLICIES } from "../iam/managed.js";
import type { Statement } from "../iam/policy.js";
import { readStatements } from "../iam/statements.js";
import type { RoleModel } from "../model.js";
import { resolve } from "./intrinsics.js";
import type { Properties, ResourceReader } from "./reader.js";

/** A policy that stands by itself, and whose roles have what it says. */
interface AttachedPolicy {
  /** How roles name it, if they do: by ARN. */
  arn?: string;
  /** Names of the roles that it names. */
  roles: string[];
  statements: Statement[];
}

const POLICIES = ["AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"];

/**
 * The roles of the construct's stack, with all their policies, wherever in the stack these are: an app may grant the
 * construct's functions more.
 */
export const readRoles = (reader: ResourceReader): RoleModel[] => {
  const whole = reader.whole();
  const policies = whole.each(POLICIES, (logicalId, properties) => readPolicy(whole, logicalId, properties));
  const roles = whole.each(["AWS::IAM::Role"], (logicalId, properties) => readRole(whole, logicalId, properties, policies));
  reader.adopt(whole.verdicts);
  return roles;
};

const readPolicy = (reader: ResourceReader, logicalId: string, properties: Properties): AttachedPolicy => ({
  ...(reader.resources[logicalId]?.Type === "AWS::IAM::ManagedPolicy" && { arn: String(reader.scope.lookup(logicalId)) }),
  roles: [properties.get("Roles") ?? properties.get("RoleName") ?? []].flat().map(String),
  statements: statementsOf(reader, properties.unresolved("PolicyDocument")),
});

const readRole = (
  reader: ResourceReader,
  logicalId: string,
  properties: Properties,
  policies: AttachedPolicy[],
): RoleModel => {
  const name = String(reader.scope.lookup(logicalId));
  const inline = [properties.unresolved("Policies") ?? []].flat() as { PolicyDocument?: unknown }[];
  const attached = policies.filter(({ roles }) => roles.includes(name)).flatMap(({ statements }) => statements);
  const managed = ([properties.get("ManagedPolicyArns") ?? []].flat() as string[]).map((arn) => managedPolicy(arn, policies));
  const boundaryArn = properties.get("PermissionsBoundary") as string | undefined;
  const boundary = boundaryArn === undefined ? undefined : managedPolicy(boundaryArn, policies);
  const statements = [
    ...inline.flatMap(({ PolicyDocument: document }) => statementsOf(reader, document)),
    ...attached,
    ...managed.flatMap((policy) => policy.statements ?? []),
  ];
  return {
    logicalId,
    name,
    statements,
    ...(boundary && { boundary: boundary.statements ?? [] }),
    doubts: [...managed, ...(boundary ? [boundary] : [])].flatMap(({ statements: known, arn }) =>
      known ? [] : `The managed policy ${arn} of ${logicalId} is not known here: nothing is allowed by it.`,
    ),
  };
};

const managedPolicy = (arn: string, policies: AttachedPolicy[]): { arn: string; statements?: Statement[] } => {
  const own = policies.find((policy) => policy.arn === arn);
  const document = KNOWN_MANAGED_POLICIES[arn.replace(/^arn:[\w-]+:iam::aws:policy\//, "")];
  if (own) return { arn, statements: own.statements };
  return document ? { arn, statements: readStatements(document, (value) => value) } : { arn };
};

const statementsOf = ({ scope }: ResourceReader, document: unknown): Statement[] =>
  readStatements(document, (value) => resolve(value, scope));
