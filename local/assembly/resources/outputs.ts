import { holds, resolve, Unresolvable, type Scope } from "../template/intrinsics.js";
import type { Template } from "../template/template.js";

/** The outputs of a stack that have a value locally. */
export const readOutputs = ({ Outputs: outputs = {} }: Template, scope: Scope): Record<string, string> =>
  Object.fromEntries(
    Object.entries(outputs).flatMap(([name, { Value: value, Condition: condition }]) => {
      try {
        if (condition !== undefined && !holds(scope.condition(condition), scope)) return [];
        return [[name, String(resolve(value, scope))]];
      } catch (error) {
        if (error instanceof Unresolvable) return [];
        throw error;
      }
    }),
  );
