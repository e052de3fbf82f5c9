import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/**
 * Answers a rule of cdk-nag where the construct knows why it does not apply. Kept here, and not in each app that uses
 * the construct, because only the construct can justify its own design. An app that disagrees sees each answer in the
 * metadata of the resource.
 */
export const acknowledge = (construct: IConstruct, id: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id, reason });
