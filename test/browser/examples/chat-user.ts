import type { Page } from "playwright-core";

/*
 * A user's actions on the page of a chat example. Playwright drives the page.
 */

/** Signs in, and waits until the page is connected. */
export const signIn = async (page: Page, name: string): Promise<void> => {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Enter" }).click();
  await page.getByText("online", { exact: true }).waitFor();
};

/** The field for messages. */
export const messageField = (page: Page) => page.getByPlaceholder("Write a message");

/** Sends a message. */
export const sendFrom = async (page: Page, text: string): Promise<void> => {
  await messageField(page).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
};

/** Waits until the page shows a message. */
export const sees = async (page: Page, text: string): Promise<void> =>
  await page.getByRole("listitem").filter({ hasText: text }).waitFor();
