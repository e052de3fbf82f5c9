import { guards, secret, type Agent } from "push-it-server/guards";
import { type Claims, readToken } from "./token.js";

/** A message in a room. */
interface Utterance {
  from: string;
  text: string;
  /** Only moderators receive this. */
  flagged?: string[];
}

const LONGEST = 500;
const RUDE = /\b(darn|heck)\b/gi;

const roomOf = (channel: { name: string }) => channel.name.split("/")[1] ?? "";

const mayEnter = (channel: { name: string }, agent: Agent<Claims>) => agent.credentials.rooms.includes(roomOf(channel));

export default guards<Claims>({
  async onConnectionRequest(agent) {
    // The client sent a token. Later guards see its claims instead.
    const claims = readToken(agent.credentials, await secret("SIGNING_KEY"));
    if (!claims) return agent.connectionDenied("Please sign in again.");
    agent.credentials = claims;
    agent.connected({ info: { name: claims.name } });
  },

  // Channels that are not rooms are closed for everyone.
  onSubscriptionRequest(channel, agent) {
    agent.subscriptionDenied(channel, "There is no such room.");
  },
  onPublicationRequest(_channel, agent, message) {
    agent.publicationDenied(message, "There is no such room.");
  },

  channels: {
    "rooms/*": {
      onSubscriptionRequest(channel, agent) {
        if (mayEnter(channel, agent)) agent.subscribe(channel);
        else agent.subscriptionDenied(channel, "You are not invited to this room.");
      },

      onPublicationRequest(channel, agent, message) {
        if (!mayEnter(channel, agent)) return agent.publicationDenied(message, "You are not invited to this room.");
        const { text } = (message.data ?? {}) as { text?: unknown };
        if (typeof text !== "string" || text.trim() === "") return agent.publicationDenied(message, "Say something.");
        if (text.length > LONGEST) return agent.publicationDenied(message, `At most ${LONGEST} characters, please.`);
        const flagged = text.match(RUDE) ?? undefined;
        // The name comes from the guard, not from the client, so that people cannot use another person's name.
        const utterance: Utterance = { from: agent.credentials.name, text: text.replace(RUDE, "***"), flagged };
        channel.publish({ ...message, data: utterance });
        agent.publicationSuccess(message);
      },

      // Runs once per recipient. Define it only for channels on which recipients should see different data.
      onMessageReceived(channel, agent, message) {
        const { flagged, ...rest } = message.data as Utterance;
        const seen = agent.credentials.moderator ? { ...rest, flagged } : rest;
        agent.deliver(channel, { ...message, data: seen });
      },
    },
  },
});
