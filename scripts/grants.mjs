// What `npm run iam` and `npm run iam:mutate` both know of grants.

/** Grants that no test can use, and why they are there. */
export const JUSTIFIED = [
  {
    actions: /^logs:(CreateLogStream|PutLogEvents)$/,
    reason: "Lambda itself writes a function's log in the name of its role; locally logs go to stderr",
  },
];

/** Why no test can use an action; `undefined`: one has to. */
export const reasonFor = (action) => JUSTIFIED.find(({ actions }) => actions.test(action))?.reason;

/** A function of the construct itself, without what makes it unique. */
const OWN_FUNCTION = /^function:PushIt\w+Function[0-9A-F]{8}$/;

/** What a resource is, in whatever stack: without the stack's name, what makes it unique there, and the API's id. */
export const kindOf = (resource) =>
  resource
    .split(":")
    .slice(5)
    .join(":")
    .replace(/(^|[/:])[A-Za-z0-9]+-(PushIt\w*)-[a-z0-9]+$/, "$1$2")
    .replace(/^[a-z0-9]{10}\//, "api/");

/** One line of a recording, so that lines that say the same of different stacks are equal. */
export const textOf = ({ role, function: name, action, resource }) => `${role ?? name}  ${action}  ${targetOf(action, resource)}`;

const targetOf = (action, resource) => {
  const kind = kindOf(resource);
  // Which function guards is each test's own affair; the construct's own are what they are in every stack.
  return action === "lambda:InvokeFunction" && !OWN_FUNCTION.test(kind) ? "a guard function" : kind;
};
