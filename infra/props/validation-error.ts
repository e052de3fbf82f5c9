import type { IConstruct } from "constructs";

/** An error about a construct's props, with the construct's path. */
export const validationError = (scope: IConstruct, message: string): Error => {
  const error = new Error(`${scope.node.path}: ${message}`);
  error.name = "ValidationError";
  return error;
};
