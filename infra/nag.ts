import * as cdk from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** The CDK's acknowledgements of rules. An older CDK does not have them. */
const { Validations } = cdk as Partial<Pick<typeof cdk, "Validations">>;

/**
 * Acknowledges a rule of cdk-nag that does not apply to the construct, with the reason. The reasons are in the
 * construct, not in each app, because only the construct can justify its own design. An app finds each reason in the
 * metadata of the resource.
 *
 * With an older CDK the rule is not acknowledged: some versions have no acknowledgements, and some refuse the ids of
 * single findings. A rule that is not acknowledged is a finding of cdk-nag, and does not stop the synthesis.
 */
export const acknowledge = (construct: IConstruct, id: string, reason: string): void => {
  try {
    Validations?.of(construct).acknowledge({ id, reason });
  } catch {
    // See above. test/infra/nag.test.ts sees it if the newest CDK comes here.
  }
};
