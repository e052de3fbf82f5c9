import type { ApiModel, RouteModel } from "../../../assembly/model/api.js";
import { selection } from "./selection-expression.js";

/** The predefined routes: no message can name the first two. */
export const PredefinedRoutes = { connect: "$connect", disconnect: "$disconnect", default: "$default" } as const;

/** Finds the route of a message, or `undefined` when it has none and the API has no `$default`. */
export type Router = (body: string) => RouteModel | undefined;

/**
 * Compiles an API's routing.
 * @throws Error when the API's selection expression is not supported
 */
export const router = (api: ApiModel): Router => {
  const select = selection(api.selectionExpression);
  const routes = new Map(Object.entries(api.routes));
  const fallback = routes.get(PredefinedRoutes.default);
  routes.delete(PredefinedRoutes.connect);
  routes.delete(PredefinedRoutes.disconnect);
  return (body) => {
    const key = select(body);
    return (key === undefined ? undefined : routes.get(key)) ?? fallback;
  };
};
