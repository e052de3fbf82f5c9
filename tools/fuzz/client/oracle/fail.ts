/** Notes that a promise was broken: which one, and how. */
export type Fail = (rule: string, what: string) => void;
