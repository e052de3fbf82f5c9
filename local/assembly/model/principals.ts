import type { Policies } from "./policies.js";

/** One IAM role with its policies. */
export interface RoleModel extends Policies {
  logicalId: string;
  name: string;
  /** Its unique id, such as `AROAEXAMPLEID`; absent: it is not of this template. */
  uniqueId?: string;
  /** Why some of its policies are unknown locally, in sentences. */
  doubts: string[];
}

/** One IAM user with its policies. */
export type UserModel = RoleModel;
