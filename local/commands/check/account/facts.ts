/** What an account allows in a Region. What is left out could not be read. */
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
  /** What the table of `--table` takes at once, without growing first. */
  warmReads?: number;
  warmWrites?: number;
  /** Whether API Gateway has the account-wide role that it needs for access logs. */
  hasLogRole?: boolean;
}

/** What was read, and what was not, with its reason. */
export interface AccountReading {
  facts: AccountFacts;
  /** Such as "the concurrency (lambda:GetAccountSettings): AccessDeniedException". */
  unread: string[];
}
