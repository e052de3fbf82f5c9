import type { ExternalVerdict } from "../model/verdicts.js";
import type { UnrunnableFunction } from "../model/functions.js";
import { Unresolvable } from "../template/intrinsics.js";
import type { ResourceReader } from "./reader.js";

const FUNCTION = "AWS::Lambda::Function";

/**
 * Verdicts on the external resources.
 * @param reader the reader of these resources, which has read their functions
 */
export const externalVerdicts = ({ resources, verdicts }: ResourceReader): ExternalVerdict[] => {
  const read = new Map(verdicts.map((each) => [each.logicalId, each]));
  return Object.entries(resources)
    .filter(([, { Type }]) => Type !== "AWS::CDK::Metadata")
    .map(([logicalId, { Type: type }]) => {
      const { verdict, reason } = read.get(logicalId) ?? {};
      if (verdict === "run") return { logicalId, type, verdict };
      const refused = verdict === "refused" ? "refused" : "left";
      return { logicalId, type, verdict: refused, ...(reason !== undefined && { reason }) };
    });
};

/** The functions that a reader refused. A function without a known name is left out: no caller can name it. */
export const unrunnableFunctions = (reader: ResourceReader): UnrunnableFunction[] =>
  reader.verdicts.flatMap(({ logicalId, type, verdict, reason = "" }) => {
    const name = type === FUNCTION && verdict === "refused" ? nameOf(reader, logicalId) : undefined;
    return name === undefined ? [] : [{ logicalId, name, reason }];
  });

const nameOf = ({ scope }: ResourceReader, logicalId: string): string | undefined => {
  try {
    return String(scope.lookup(logicalId));
  } catch (error) {
    if (error instanceof Unresolvable) return undefined;
    throw error;
  }
};
