(() => {
  "use strict";
  const all = (selector) => [...document.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);

  const copy = async (text, code) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(code);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      document.execCommand("copy");
    }
  };
  for (const code of all("code[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy: ${code.textContent}`);
    button.addEventListener("click", async () => {
      await copy(code.textContent, code);
      button.textContent = "Copied";
      byId("told").textContent = `Copied: ${code.textContent}`;
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    code.after(button);
  }

  const reveal = () => {
    const target = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden) clear();
    if (target.tagName === "DETAILS") target.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) reveal();
  });

  const form = document.querySelector("form.filter");
  const filter = () => {
    const node = byId("by-node").value;
    const verdict = byId("by-verdict").value;
    for (const each of all("[data-case]")) {
      each.hidden = (node !== "" && !each.dataset.nodes.split(" ").includes(node))
        || (verdict !== "" && each.dataset.verdict !== verdict);
    }
    const cases = all("section.cases [data-case]");
    const shown = cases.filter((each) => !each.hidden).length;
    for (const section of all("section.cases")) {
      section.hidden = !section.querySelector("[data-case]:not([hidden])");
    }
    byId("filtered").textContent = node || verdict ? `${shown} of ${cases.length} cases shown` : `${cases.length} cases`;
  };
  const clear = () => {
    byId("by-node").value = "";
    byId("by-verdict").value = "";
    filter();
  };
  if (form) {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", filter);
    const fold = (open) => () => {
      for (const each of all("details.case:not([hidden])")) each.open = open;
    };
    byId("unfold").addEventListener("click", fold(true));
    byId("fold").addEventListener("click", fold(false));
    filter();
  }
  reveal();
})();
