import { Meta } from "../../protocol/index.js";

/** The channel that all connections of a user are subscribed to. Messages for a user go there. */
export const userChannel = (userId: string): string => `${Meta.user}/${userId}`;
