"use server";

import { Publisher } from "push-it-server/publisher";
import { beginSession, currentUser, endSession } from "../lib/session";

const NAME = /^[\p{L}\p{N} .-]{1,20}$/u;

/** The rooms in which the server publishes. */
const BELLS = ["rooms/lobby", "rooms/music"];

/** Replace this by your sign-in. It gives the reason if the name cannot be taken. */
export async function signIn(_before: string, form: FormData): Promise<string> {
  const name = String(form.get("name")).trim();
  if (!NAME.test(name)) return "Choose a name of 1 to 20 letters, digits and spaces.";
  await beginSession(name);
  return "";
}

export async function signOut(): Promise<void> {
  await endSession();
}

/** The server publishes. No publication guard decides, so this function does. */
export async function ringBell(room: string): Promise<void> {
  const user = await currentUser();
  if (user === undefined || !BELLS.includes(room)) return;
  const publisher = new Publisher({ functionName: process.env["PUSH_IT_PUBLISHER"] ?? "" });
  await publisher.publish(room, { text: `${user} rings the bell.` });
}
