import { guards } from "push-it-server/guards";

/** Longest `userId` that is taken, in characters. */
const USER_ID_CHARACTERS = 128;

/**
 * The guards of `push-it-cli dev` in a folder without a CDK app: everyone may do everything. A client with the
 * credentials `{ "userId": "ada" }` is that user, for trying messages for users and presence. Never deploy this.
 */
export default guards<{ userId?: unknown; info?: { [name: string]: string } } | null>({
  onConnectionRequest(agent) {
    const { userId } = agent.credentials ?? {};
    const isUser = typeof userId === "string" && userId !== "" && userId.length <= USER_ID_CHARACTERS;
    agent.connected(isUser ? { userId, info: { name: userId } } : {});
  },
});
