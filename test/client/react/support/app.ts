import { createElement, type FunctionComponent } from "react";
import type { PushIt } from "push-it-client";
import { PushItProvider } from "push-it-client/react";

/** Components of one client. */
export const appOf = (client: PushIt, components: FunctionComponent[]) =>
  createElement(
    PushItProvider,
    { client },
    components.map((Component, key) => createElement(Component, { key })),
  );
