// Draws an area point by point, by tap or by keys. Without it each tap asks the server, and works too.
(() => {
  const form = document.getElementById("draw");
  const box = document.getElementById("map");
  if (!form || !box) {
    return;
  }
  const SIDE = 320, STEP = 8, LEAP = 32, NEAR = 60;
  const field = form.elements.points, said = document.getElementById("said"), list = document.getElementById("corners");
  const sketch = box.querySelector(".sketch"), tap = box.querySelector(".tap");
  const shown = [...sketch.querySelectorAll(".corner")].map((c) => [Number(c.getAttribute("cx")), Number(c.getAttribute("cy"))]);
  // What the server knows keeps its own words, so that nothing moves by being drawn again.
  let points = field.value.split(" ").filter(Boolean).map((word, n) => ({ word, x: shown[n][0], y: shown[n][1] }));
  let cursor = null;

  const names = [...box.querySelectorAll(".map .name")].map((t) => {
    const at = t.getBBox();
    return { name: t.textContent, x: at.x + at.width / 2, y: at.y + at.height / 2 };
  });
  const near = (x, y) => {
    const found = names.map((n) => [Math.hypot(n.x - x, n.y - y), n.name]).sort((a, b) => a[0] - b[0])[0];
    return found && found[0] <= NEAR ? box.dataset.near.replace("{name}", found[1]) : "";
  };
  const km2 = () => {
    const metres = Number(form.elements.view_side.value) / SIDE;
    const twice = points.reduce((sum, p, n) => {
      const next = points[(n + 1) % points.length];
      return sum + p.x * next.y - next.x * p.y;
    }, 0);
    return (Math.abs(twice) / 2) * metres * metres / 1e6;
  };
  const say = (...words) => { said.textContent = words.filter(Boolean).join(" "); };
  const made = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) {
      element.setAttribute(key, value);
    }
    return element;
  };
  const draw = () => {
    field.value = points.map((p) => p.word).join(" ");
    const corners = points.map((p, n) => made("circle", {
      class: n === points.length - 1 ? "corner last" : "corner", cx: p.x, cy: p.y, r: n === points.length - 1 ? 6 : 4,
    }));
    const shape = points.length ? [made("polygon", { class: "drawn", points: points.map((p) => p.x + "," + p.y).join(" ") })] : [];
    const cross = cursor ? [made("path", { class: "cursor", d: `M${cursor.x - 11},${cursor.y}h22M${cursor.x},${cursor.y - 11}v22` })] : [];
    sketch.replaceChildren(...shape, ...corners, ...cross);
    list.replaceChildren(...points.map((p) => {
      const line = document.createElement("li");
      line.textContent = near(p.x, p.y) || "·";
      return line;
    }));
  };
  const size = () => (points.length > 2 ? box.dataset.size.replace("{km2}", km2().toFixed(1)) : "");
  const put = (x, y) => {
    if (points.length >= Number(box.dataset.most)) {
      say(box.dataset.full);
      return;
    }
    const at = { x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 };
    points.push({ word: `@${at.x},${at.y}`, ...at });
    draw();
    say(box.dataset.set.replace("{n}", String(points.length)), near(at.x, at.y), size());
  };
  const undo = () => {
    points.pop();
    draw();
    say(box.dataset.taken.replace("{n}", String(points.length)), size());
  };
  const inside = (value) => Math.min(SIDE - 1, Math.max(1, value));
  const move = (dx, dy) => {
    const from = cursor || { x: SIDE / 2, y: SIDE / 2 };
    cursor = { x: inside(from.x + dx), y: inside(from.y + dy) };
    draw();
    say(near(cursor.x, cursor.y));
  };
  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  tap.remove();
  box.classList.add("by-hand");
  box.tabIndex = 0;
  box.setAttribute("role", "application");
  box.setAttribute("aria-label", box.dataset.label);
  box.setAttribute("aria-describedby", "keys-hint");
  document.getElementById("keys-hint").hidden = false;
  box.addEventListener("click", (event) => {
    const at = box.querySelector(".map").getBoundingClientRect();
    cursor = null;
    put((event.clientX - at.left) * SIDE / at.width, (event.clientY - at.top) * SIDE / at.height);
  });
  box.addEventListener("focus", () => {
    if (box.matches(":focus-visible")) {
      move(0, 0);
    }
  });
  box.addEventListener("keydown", (event) => {
    const way = KEYS[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    if (way) {
      move(way[0] * (event.shiftKey ? LEAP : STEP), way[1] * (event.shiftKey ? LEAP : STEP));
    } else if (event.key === "Enter" || event.key === " ") {
      move(0, 0);
      put(cursor.x, cursor.y);
    } else if (event.key === "Backspace") {
      undo();
    } else {
      return;
    }
    event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    const name = event.submitter?.name;
    if (name === "undo") {
      event.preventDefault();
      undo();
    } else if (name === "clear") {
      event.preventDefault();
      points = [];
      draw();
      say(box.dataset.taken.replace("{n}", "0"));
    }
  });
})();
