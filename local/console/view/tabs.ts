/**
 * Makes a tab list work as people expect of one: one stop for Tab, arrows, Home and End between the tabs.
 * @see https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
 */
export const showTabs = (list: HTMLElement): void => {
  const tabs = [...list.querySelectorAll<HTMLElement>('[role="tab"]')];
  const select = (chosen: HTMLElement): void => {
    for (const tab of tabs) {
      const selected = tab === chosen;
      tab.ariaSelected = String(selected);
      tab.tabIndex = selected ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !selected;
    }
  };
  for (const tab of tabs) tab.addEventListener("click", () => select(tab));
  list.addEventListener("keydown", (event) => {
    const shown = tabs.filter((tab) => !tab.hidden);
    const target = neighbour(event.key, shown.indexOf(document.activeElement as HTMLElement), shown.length);
    const tab = target === undefined ? undefined : shown[target];
    if (!tab) return;
    event.preventDefault();
    tab.click();
    tab.focus();
  });
  select(tabs[0]!);
};

const neighbour = (key: string, index: number, length: number): number | undefined => {
  if (key === "ArrowRight") return (index + 1) % length;
  if (key === "ArrowLeft") return (index - 1 + length) % length;
  if (key === "Home") return 0;
  if (key === "End") return length - 1;
  return undefined;
};
