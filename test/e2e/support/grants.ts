import type { Resource, Template } from "../../../local/assembly/template/template.js";

/** A part of a policy in a template: a whole statement, or one of its actions or resources. */
export interface GrantPlace {
  /** The policy's logical id. */
  id: string;
  statement: number;
  /** The whole statement. Another statement is left as it is. */
  expected: PolicyStatement;
  /** Which of the statement's actions; absent: not one action only. */
  action?: number;
  /** Which of the statement's resources; absent: not one resource only. */
  resource?: number;
}

/** Something else in a template that permits: a whole resource, such as what lets a service invoke a function. */
export interface PermissionPlace {
  /** The resource's logical id. */
  id: string;
  /** The type of the resource. */
  type: string;
}

/** A part that can be left out of a template. */
export type Place = GrantPlace | PermissionPlace;

/** Deletes it; throws when it is not there, and when something else is. */
export const deletePart = (template: Template, place: Place): void => {
  if (!("type" in place)) return deleteGrant(template, place);
  const { id, type } = place;
  const found = template.Resources?.[id];
  if (found?.Type !== type) throw new Error(`${id} is ${found?.Type ?? "not there"}, not ${type}`);
  delete template.Resources?.[id];
};

/** A statement as templates have it. */
export interface PolicyStatement {
  Action: string | string[];
  Resource: unknown;
}

/** Deletes a part of a policy; throws when it is not there, and when something else is. */
export const deleteGrant = (
  template: Template,
  { id: policy, statement, expected, action, resource }: GrantPlace,
): void => {
  const statements = statementsOf(template, (each) => each === policy, policy);
  const found = statements[statement];
  if (!found) throw new Error(`${policy} has no statement ${statement}`);
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`statement ${statement} of ${policy} is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  }
  if (action !== undefined) found.Action = without(found.Action, action);
  else if (resource !== undefined) found.Resource = without(found.Resource, resource);
  else statements.splice(statement, 1);
};

/** Deletes an action from all statements of a policy, by how its logical id begins; throws when no statement has it. */
export const deleteAction = (template: Template, policy: string, action: string): void => {
  const found = statementsOf(template, (id) => id.startsWith(policy), policy).filter(({ Action }) =>
    [Action].flat().includes(action),
  );
  if (found.length === 0) throw new Error(`${policy} does not allow ${action}`);
  for (const statement of found) statement.Action = [statement.Action].flat().filter((each) => each !== action);
};

const statementsOf = ({ Resources = {} }: Template, isIt: (id: string) => boolean, name: string): PolicyStatement[] => {
  const isPolicy = ([id, { Type }]: [string, Resource]): boolean => Type === "AWS::IAM::Policy" && isIt(id);
  const found = Object.entries(Resources).filter(isPolicy);
  if (found.length !== 1) throw new Error(`there are ${found.length} policies ${name}, not one`);
  return (found[0]?.[1].Properties?.["PolicyDocument"] as { Statement: PolicyStatement[] }).Statement;
};

const without = <T>(list: T | T[], index: number): T[] => {
  const all = [list].flat() as T[];
  // The only one goes with its statement, because a statement needs an action and a resource.
  if (all.length < 2 || !(index in all)) throw new Error(`no ${index} of ${JSON.stringify(all)} can be left out`);
  return all.filter((_, at) => at !== index);
};
