import { KNOWN_MANAGED_POLICIES } from "./managed-policies.js";
import type { Statement } from "../model/policies.js";
import { readStatements } from "./policy-document.js";
import type { RoleModel, UserModel } from "../model/principals.js";
import { fakePhysicalId } from "../template/physical-ids.js";
import { resolve } from "../template/intrinsics.js";
import type { Properties, ResourceReader } from "./reader.js";

/** A standalone policy that is attached to roles and users. */
interface AttachedPolicy {
  /** How roles name it, if they do: by ARN. */
  arn?: string;
  /** Names of the roles that it names. */
  roles: string[];
  /** Names of the users that it names. */
  users: string[];
  statements: Statement[];
}

const POLICIES = ["AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::ManagedPolicy"];

/**
 * How unique ids of IAM begin.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
 */
const ID_PREFIX = { roles: "AROA", users: "AIDA" };

/** Characters after it. */
const ID_CHARACTERS = 17;

/** The principals that policies grant permissions to. */
export interface Principals {
  roles: RoleModel[];
  users: UserModel[];
}

/**
 * Reads the roles and users of the construct's stack, with all their policies. An app may grant the construct's
 * functions more anywhere in the stack.
 */
export const readPrincipals = (reader: ResourceReader): Principals => {
  const whole = reader.ofStack();
  const policies = whole.each(POLICIES, (logicalId, properties) => readPolicy(whole, logicalId, properties));
  const readAll = (type: string, kind: "roles" | "users") =>
    whole.each([type], (logicalId, properties) => readPrincipal(whole, { logicalId, kind }, properties, policies));
  const roles = readAll("AWS::IAM::Role", "roles");
  const users = readAll("AWS::IAM::User", "users");
  reader.adopt(whole.verdicts);
  return { roles, users };
};

const readPolicy = (reader: ResourceReader, logicalId: string, properties: Properties): AttachedPolicy => ({
  ...(reader.resources[logicalId]?.Type === "AWS::IAM::ManagedPolicy" && {
    arn: String(reader.scope.lookup(logicalId)),
  }),
  roles: [properties.get("Roles") ?? properties.get("RoleName") ?? []].flat().map(String),
  users: [properties.get("Users") ?? properties.get("UserName") ?? []].flat().map(String),
  statements: statementsOf(reader, properties.unresolved("PolicyDocument")),
});

const readPrincipal = (
  reader: ResourceReader,
  { logicalId, kind }: { logicalId: string; kind: "roles" | "users" },
  properties: Properties,
  policies: AttachedPolicy[],
): RoleModel => {
  const name = String(reader.scope.lookup(logicalId));
  const inline = [properties.unresolved("Policies") ?? []].flat() as { PolicyDocument?: unknown }[];
  const attached = policies.filter((policy) => policy[kind].includes(name)).flatMap(({ statements }) => statements);
  const managed = ([properties.get("ManagedPolicyArns") ?? []].flat() as string[]).map((arn) =>
    managedPolicy(arn, policies),
  );
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
    uniqueId: ID_PREFIX[kind] + fakePhysicalId({ stack: reader.stack.name, logicalId }, ID_CHARACTERS).toUpperCase(),
    statements,
    ...(boundary && { boundary: boundary.statements ?? [] }),
    doubts: [
      ...[...managed, ...(boundary ? [boundary] : [])].flatMap(({ statements: known, arn }) =>
        known ? [] : `The managed policy ${arn} of ${logicalId} is not known here: nothing is allowed by it.`,
      ),
      ...([properties.get("Groups") ?? []].flat().length > 0
        ? [`Groups of ${logicalId} are not known here: nothing is allowed by them.`]
        : []),
    ],
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
