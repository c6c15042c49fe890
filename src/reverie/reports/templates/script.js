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
    const bins = JSON.parse(svg.dataset.bins), names = JSON.parse(svg.dataset.names);
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
      show(event, label + "\n" + shares.map((share, i) => names[i] + "  " + percent(share)).join("\n"));
    });
    svg.addEventListener("pointerleave", () => { cursor.style.opacity = 0; hide(); });
  });

  const cellAt = (event, box, rows, columns) => {
    const place = (at, start, size, n) => Math.min(n - 1, Math.max(0, Math.floor(((at - start) / size) * n)));
    return [place(event.clientY, box.top, box.height, rows), place(event.clientX, box.left, box.width, columns)];
  };
  const watchCells = (svg, rows, columns, text) => {
    svg.addEventListener("pointermove", (event) => show(event, text(...cellAt(event, svg.getBoundingClientRect(), rows, columns))));
    svg.addEventListener("pointerleave", hide);
  };

  const pairs = document.getElementById("pair-data");
  if (pairs) {
    const { names, real, fake } = JSON.parse(pairs.textContent), n = names.length;
    const value = (table, i, j) => (table[i * n + j] / 100).toFixed(2);
    all("[data-matrix] svg").forEach((svg) => watchCells(svg, n, n, (i, j) =>
      names[i] + " × " + names[j] + "\nreal  " + value(real, i, j) + "\nsynthetic  " + value(fake, i, j)));
  }
  all("[data-cells]").forEach((joint) => {
    const { rows, columns, real, fake } = JSON.parse(joint.dataset.cells);
    all("svg", joint).forEach((svg) => watchCells(svg, rows.length, columns.length, (i, j) => {
      const at = i * columns.length + j;
      const told = real[at] < 0 ? "under 5 real rows" : "real  " + percent(real[at]) + "\nsynthetic  " + percent(fake[at]);
      return rows[i] + " × " + columns[j] + "\n" + told;
    }));
  });

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
