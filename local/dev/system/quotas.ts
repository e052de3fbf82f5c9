import {
  ACCOUNT_THROTTLE,
  CONNECT_THROTTLE,
  type GatewayLimits,
  SMALL_REGION_THROTTLE,
} from "../../services/gateway/limits.js";
import { ACCOUNT_CONCURRENCY, NEW_ACCOUNT_CONCURRENCY } from "../../services/lambda/runtime/account-concurrency.js";

/** AWS's quotas for one account in one Region. */
export interface AccountQuotas {
  /** The rates of API Gateway. */
  readonly gateway: Required<Pick<GatewayLimits, "account" | "connects">>;
  /** The most events that the account's functions handle at a time. */
  readonly concurrency: number;
}

/** The quotas that the local run enforces: those of most accounts, of a new account, or of a small Region. */
export type QuotaProfile = "default" | "new-account" | "small-region";

/** The quotas of each profile. The units of a partition are the same for all of them. */
export const QUOTA_PROFILES: Readonly<Record<QuotaProfile, AccountQuotas>> = {
  default: {
    gateway: { account: ACCOUNT_THROTTLE, connects: CONNECT_THROTTLE },
    concurrency: ACCOUNT_CONCURRENCY,
  },
  "new-account": {
    gateway: { account: ACCOUNT_THROTTLE, connects: CONNECT_THROTTLE },
    concurrency: NEW_ACCOUNT_CONCURRENCY,
  },
  "small-region": {
    gateway: { account: SMALL_REGION_THROTTLE, connects: CONNECT_THROTTLE },
    concurrency: ACCOUNT_CONCURRENCY,
  },
};

/** Whether a text names a profile. */
export const isQuotaProfile = (text: string): text is QuotaProfile => Object.hasOwn(QUOTA_PROFILES, text);
