import type { Resource, Template } from "../../../local/assembly/template.js";

/** A part of a policy in a template: a whole statement, or one of its actions or resources. */
export interface GrantPlace {
  /** The policy's logical id, or how it begins. */
  policy: string;
  statement: number;
  /** Which of the statement's actions; absent: not one action only. */
  action?: number;
  /** Which of the statement's resources; absent: not one resource only. */
  resource?: number;
}

interface PolicyStatement {
  Action: string | string[];
  Resource: unknown;
}

/** Deletes a part of a policy; throws when it is not there. */
export const deleteGrant = (template: Template, { policy, statement, action, resource }: GrantPlace): void => {
  const statements = statementsOf(template, policy);
  const found = statements[statement];
  if (!found) throw new Error(`${policy} has no statement ${statement}`);
  if (action !== undefined) found.Action = without(found.Action, action);
  else if (resource !== undefined) found.Resource = without(found.Resource, resource);
  else statements.splice(statement, 1);
};

/** Deletes an action from all statements of a policy; throws when no statement has it. */
export const deleteAction = (template: Template, policy: string, action: string): void => {
  const found = statementsOf(template, policy).filter(({ Action }) => [Action].flat().includes(action));
  if (found.length === 0) throw new Error(`${policy} does not allow ${action}`);
  for (const statement of found) statement.Action = [statement.Action].flat().filter((each) => each !== action);
};

const statementsOf = ({ Resources = {} }: Template, policy: string): PolicyStatement[] => {
  const isIt = ([id, { Type }]: [string, Resource]): boolean => Type === "AWS::IAM::Policy" && id.startsWith(policy);
  const found = Object.entries(Resources).find(isIt)?.[1].Properties?.["PolicyDocument"];
  if (!found) throw new Error(`there is no policy ${policy}`);
  return (found as { Statement: PolicyStatement[] }).Statement;
};

const without = <T>(list: T | T[], index: number): T[] => [list].flat().filter((_, at) => at !== index) as T[];
