/** The quotas of an account in a Region. A quota is absent if it could not be read. */
export interface AccountFacts {
  region: string;
  /** Functions that run at once. */
  concurrency?: number;
  /** Requests a second to all APIs, posts to clients included, and at once. */
  requestsPerSecond?: number;
  requestBurst?: number;
  /** New WebSocket connections a second. */
  connectionsPerSecond?: number;
  /** Read and write units a second that one table may have at most. */
  tableReads?: number;
  tableWrites?: number;
  /** The throughput that the table of `--table` has at once, before it scales. */
  warmReads?: number;
  warmWrites?: number;
  /** Whether API Gateway has the account-wide role that it needs for access logs. */
  hasLogRole?: boolean;
}

/** The readings, and the failed readings with their reasons. */
export interface AccountReading {
  facts: AccountFacts;
  /** Such as "the concurrency (lambda:GetAccountSettings): AccessDeniedException". */
  unread: string[];
}
