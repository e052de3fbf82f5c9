import type { Policies } from "./policies.js";

/** One IAM role, and what its policies say. */
export interface RoleModel extends Policies {
  logicalId: string;
  name: string;
  /** Its unique id, such as `AROAEXAMPLEID`; absent: it is not of this template. */
  uniqueId?: string;
  /** What of its policies is not known here, in sentences. */
  doubts: string[];
}

/** One IAM user, and what the policies say. */
export type UserModel = RoleModel;
