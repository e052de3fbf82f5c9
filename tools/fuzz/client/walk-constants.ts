/** The `limit` with which the walk itself asks for a history: so its questions are told from the SDK's. */
export const WALK_HISTORY_LIMIT = 7;
