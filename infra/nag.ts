import * as cdk from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** The CDK's answers to rules, which an older CDK does not have. */
const { Validations } = cdk as Partial<Pick<typeof cdk, "Validations">>;

/**
 * Answers a rule of cdk-nag where the construct knows why it does not apply. Kept here, and not in each app that uses
 * the construct, because only the construct can justify its own design. An app that disagrees sees each answer in the
 * metadata of the resource.
 *
 * With an older CDK the rule stays unanswered: some have no answers, and some refuse the ids of single findings. A rule
 * without an answer is a finding of cdk-nag's, and no reason to stop a synthesis.
 */
export const acknowledge = (construct: IConstruct, id: string, reason: string): void => {
  try {
    Validations?.of(construct).acknowledge({ id, reason });
  } catch {
    // See above. test/infra/nag.test.ts sees it if the newest CDK comes here.
  }
};
