import {
  createApp,
  type FunctionalComponent,
  defineComponent,
  h,
  isRef,
  nextTick,
  shallowRef,
  type Component,
} from "vue";
import * as hooks from "push-it-client/vue";
import type { Framework, Page, Probe } from "../bindings/framework.js";
import { settled } from "../support/setup.js";

/** How often a page was shown: the arguments of composables depend on it. */
const shown = shallowRef(0);

/** The values of refs, also of several composables. */
const plain = (result: unknown): unknown => {
  if (typeof result !== "object" || result === null) return result;
  const fields = Object.entries(result) as [string, unknown][];
  const isResult = fields.some(([, field]) => isRef(field));
  return Object.fromEntries(
    fields.map(([key, field]) => [key, isRef(field) ? field.value : isResult ? field : plain(field)]),
  );
};

export const probe = <Value>(use: () => Value): Probe<Value, Component> => {
  let value: Value;
  let renders = 0;
  const Component = defineComponent(() => {
    const result = use();
    return () => {
      value = plain(result) as Value;
      renders += 1;
      return null;
    };
  });
  return {
    Component,
    get value() {
      return value;
    },
    get renders() {
      return renders;
    },
  };
};

/** Waits until a component's effects have run, and what they have sent has arrived. */
export const rendered = async (): Promise<void> => {
  await nextTick();
  for (let turn = 0; turn < 5; turn += 1) await settled();
};

const page: Framework["page"] = (client): Page => {
  const components = shallowRef<Component[]>([]);
  const App: FunctionalComponent = () => components.value.map((each, key) => h(each, { key }));
  const app = createApp(App);
  hooks.providePushIt(client, app);
  app.mount(document.createElement("div"));
  return {
    async show(...next) {
      shown.value += 1;
      components.value = next as Component[];
      await rendered();
    },
    unmount: () => app.unmount(),
  };
};

/** Vue as the suites see it. */
export const vue: Framework = {
  hooks: hooks as unknown as Framework["hooks"],
  probe,
  page,
  reads: (get) => (() => [shown.value, get()][1]) as unknown as ReturnType<typeof get>,
};
