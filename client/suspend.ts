import type { Parts } from "./parts.js";

/** Closes the connection of a page that has been hidden for a while; when it is seen again, it connects at once. */
export const suspend = ({ _connection, _settings, _subscriptions }: Parts): void => {
  const { host, suspendWhenHidden } = _settings;
  const { _lost, _opened } = _subscriptions;
  let page: AbortController | undefined;
  let timer: unknown;
  if (!suspendWhenHidden) return;

  const changed = (): void => {
    host.clearTimeout(timer);
    if (host.document?.hidden) timer = host.setTimeout(() => _connection._leave("lose", "suspended"), suspendWhenHidden);
  };
  const stop = (): void => {
    page?.abort();
    host.clearTimeout(timer);
  };

  _subscriptions._opened = () => {
    stop();
    page = new AbortController();
    host.addEventListener?.("visibilitychange", changed, { signal: page.signal });
    changed();
    _opened();
  };
  _subscriptions._lost = () => {
    stop();
    _lost();
  };
};
