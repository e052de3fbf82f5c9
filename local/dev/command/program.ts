import { spawn } from "node:child_process";
import { constants } from "node:os";
import { UserError } from "../../core/user-error.js";
import type { Ready } from "./ready.js";

/** A program that runs next to the system. */
export interface Program {
  /** The exit status when it has ended. Rejects with a `UserError` if it cannot be started. */
  ended: Promise<number>;
  stop(signal: NodeJS.Signals): void;
}

/** The status of a program that a signal has ended, as shells count it. */
const SIGNAL_STATUS = 128;

/**
 * Starts the program that the developer has named after `--`. It has the variables of a back end, and `PUSH_IT_URL`.
 * @param json whether stdout is for the line of JSON alone; then the program writes to stderr
 */
export const startProgram = ([command, ...args]: string[], ready: Ready, json: boolean): Program => {
  const variables = { ...ready.environment, PUSH_IT_URL: ready.websocketUrl };
  const child = spawn(command!, args, {
    stdio: ["inherit", json ? 2 : "inherit", "inherit"],
    env: { ...process.env, ...variables },
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", (error) => {
      const next = `Install ${command}, or give its path.`;
      reject(new UserError(`${command} cannot be started: ${error.message}.`, next));
    });
    child.once("exit", (status, signal) => resolve(status ?? SIGNAL_STATUS + constants.signals[signal!]));
  });
  return { ended, stop: (signal) => void child.kill(signal) };
};
