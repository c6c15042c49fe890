(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const tip = document.getElementById("tip");

  const show = (event, text) => {
    tip.textContent = text;
    tip.classList.add("on");
    const box = tip.getBoundingClientRect();
    const left = Math.min(event.clientX + 14, innerWidth - box.width - 8);
    const above = event.clientY - box.height - 12;
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = (above > 8 ? above : event.clientY + 18) + "px";
  };
  const hide = () => tip.classList.remove("on");
  const percent = (share) => (share === null || share === undefined ? "under 5 rows" : share.toFixed(share < 10 ? 2 : 1) + " %");

  all("[data-tip]").forEach((element) => {
    element.addEventListener("pointermove", (event) => show(event, element.dataset.tip));
    element.addEventListener("pointerleave", hide);
  });

  all("svg[data-bins]").forEach((svg) => {
    const bins = JSON.parse(svg.dataset.bins);
    const cursor = svg.querySelector(".cursor");
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * 320;
      const at = Math.max(0, bins.findIndex((bin) => x <= bin[0]));
      const [right, label, ...shares] = bins[at];
      const left = at ? bins[at - 1][0] : 0;
      cursor.setAttribute("x", left);
      cursor.setAttribute("width", right - left);
      cursor.style.opacity = 0.07;
      const names = ["real", "synthetic", "unseen real"];
      show(event, label + "\n" + shares.map((share, i) => names[i] + "  " + percent(share)).join("\n"));
    });
    svg.addEventListener("pointerleave", () => { cursor.style.opacity = 0; hide(); });
  });

  const pairs = document.getElementById("pair-data");
  if (pairs) {
    const { names, real, fake } = JSON.parse(pairs.textContent);
    all("svg[data-matrix]").forEach((svg) => {
      svg.addEventListener("pointermove", (event) => {
        const box = svg.getBoundingClientRect();
        const cell = (at, start, size) => Math.min(names.length - 1, Math.max(0, Math.floor(((at - start) / size) * names.length)));
        const i = cell(event.clientY, box.top, box.height), j = cell(event.clientX, box.left, box.width);
        const at = i * names.length + j;
        const text = names[i] + " × " + names[j] + "\nreal  " + (real[at] / 100).toFixed(2) + "\nsynthetic  " + (fake[at] / 100).toFixed(2);
        show(event, text);
      });
      svg.addEventListener("pointerleave", hide);
    });
  }

  const search = document.getElementById("filter");
  if (search) {
    const cards = all(".col"), rest = document.getElementById("more"), status = document.getElementById("found");
    const grids = all(".grid");
    search.addEventListener("input", () => {
      const wanted = search.value.trim().toLowerCase();
      let found = 0;
      cards.forEach((card) => {
        card.hidden = wanted !== "" && !card.dataset.search.includes(wanted);
        found += card.hidden ? 0 : 1;
      });
      if (rest && wanted) rest.open = true;
      status.textContent = wanted ? found + " of " + cards.length : cards.length + " columns";
    });
    document.getElementById("order").addEventListener("change", (event) => {
      const key = event.target.value;
      const sorted = [...cards].sort((a, b) => (key === "name" ? a.dataset.search.localeCompare(b.dataset.search) : a.dataset[key] - b.dataset[key]));
      const first = grids[0].childElementCount;
      sorted.forEach((card, place) => grids[place < first ? 0 : 1].append(card));
    });
  }
  const open = () => {
    const card = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    const folded = card && card.closest("details");
    if (folded && !folded.open) { folded.open = true; card.scrollIntoView({ block: "center" }); }
  };
  addEventListener("hashchange", open);
  open();
  addEventListener("beforeprint", () => all("details").forEach((part) => { part.open = true; }));

  document.getElementById("theme").addEventListener("click", () => {
    const root = document.documentElement.style;
    const dark = root.colorScheme ? root.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.colorScheme = dark ? "light" : "dark";
  });
  const links = all("nav li a");
  const watch = new IntersectionObserver((entries) => {
    entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
      links.forEach((link) => link.toggleAttribute("aria-current", link.hash === "#" + entry.target.id));
    });
  }, { rootMargin: "-20% 0px -70% 0px" });
  all("main > section[id]").forEach((section) => watch.observe(section));
})();
