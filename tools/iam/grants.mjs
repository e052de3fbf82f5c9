// Shared by `npm run iam` and `npm run iam:mutate`.

/** Grants that tests cannot use, with the reasons. */
export const JUSTIFIED = [
  {
    actions: /^logs:(CreateLogStream|PutLogEvents)$/,
    reason:
      "Lambda itself writes a function's log in the name of its role; locally logs go to stderr (test/infra/functions/permissions.test.ts)",
  },
  {
    actions: /^kms:(DescribeKey|Encrypt|GenerateDataKey|ReEncrypt(From|To))$/,
    reason:
      "DynamoDB's documentation wants who uses a table under a customer's key to be allowed it; locally only what is needed to decrypt, and to send to a queue, is asked (test/infra/functions/key-permissions.test.ts)",
  },
];

/** Why tests cannot use an action; `undefined`: a test must use it. */
export const reasonFor = (action) => JUSTIFIED.find(({ actions }) => actions.test(action))?.reason;

const statementsOf = (document) => [document?.Statement ?? []].flat();

/**
 * Whether the local runtime checks a permission to invoke a function: it does for rules with an event pattern, not for
 * the API and schedules.
 */
const isAsked = ({ Properties: { Principal, SourceArn } }, { Resources }) => {
  const rule = Resources[SourceArn?.["Fn::GetAtt"]?.[0]];
  return Principal === "events.amazonaws.com" && rule?.Properties.EventPattern !== undefined;
};

/** Other policies by resource type: the number of statements that the local runtime does not check, and the reason. */
const OTHERS = {
  "AWS::Lambda::Permission": {
    count: (resource, template) => (isAsked(resource, template) ? 0 : 1),
    reason:
      "lets the API, or the clock, invoke a function, which they do here whatever permits it (test/infra/resource-policies.test.ts)",
  },
  "AWS::SQS::QueuePolicy": {
    count: ({ Properties }) => statementsOf(Properties.PolicyDocument).length,
    reason:
      "denies requests to a queue that are not by TLS, and there are no others to be told from here (test/infra/resource-policies.test.ts)",
  },
  "AWS::KMS::Key": {
    count: ({ Properties }) => statementsOf(Properties.KeyPolicy).length,
    reason:
      "a key's own policy, which leaves it to the policies of roles who may use the key (test/infra/resource-policies.test.ts)",
  },
  "AWS::IAM::Role": {
    count: ({ Properties }) => statementsOf(Properties.AssumeRolePolicyDocument).length,
    reason:
      "says who may assume a role: Lambda, and nothing else runs functions here (test/infra/resource-policies.test.ts)",
  },
};

/** The statements of a template that the local runtime does not check, with the number for each reason. */
export const notAsked = (template) => {
  const counts = new Map();
  for (const resource of Object.values(template.Resources)) {
    const { count, reason } = OTHERS[resource.Type] ?? {};
    const found = count?.(resource, template) ?? 0;
    if (found > 0) counts.set(reason, (counts.get(reason) ?? 0) + found);
  }
  return counts;
};

/** Logical ids of the permissions to invoke functions that the local runtime checks. */
export const permissionsAsked = (template) =>
  Object.entries(template.Resources).flatMap(([id, resource]) =>
    resource.Type === "AWS::Lambda::Permission" && isAsked(resource, template) ? [id] : [],
  );

/** A function of the construct, without its unique suffix. */
const OWN_FUNCTION = /^function:PushIt\w+Function[0-9A-F]{8}$/;

/** A resource without the stack's name, unique suffixes, and the API's id. */
export const kindOf = (resource) =>
  resource
    .split(":")
    .slice(5)
    .join(":")
    .replace(/(^|[/:])[A-Za-z0-9]+-(PushIt\w*)-[a-z0-9]+$/, "$1$2")
    .replace(/^[a-z0-9]{10}\//, "api/");

/** One line of a recording. Equal grants of different stacks give equal lines. */
export const textOf = ({ role, function: name, action, resource }) =>
  `${role ?? name}  ${action}  ${targetOf(action, resource)}`;

const targetOf = (action, resource) => {
  const kind = kindOf(resource);
  // Guard functions differ between tests, while the construct's functions are the same in each stack.
  return action === "lambda:InvokeFunction" && !OWN_FUNCTION.test(kind) ? "a guard function" : kind;
};
