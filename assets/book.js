// What a style sheet cannot do: names and stops for those who read by ear or keyboard, and formulas that fit.

const SCROLLS = ["pre", "mjx-container", ".output", ".pst-scrollable-table-container"].map((box) => `article ${box}`).join();

// A formula in the text that is wider than the text becomes a box that scrolls.
function boxWideFormulas() {
  const formulas = [...document.querySelectorAll("article mjx-container:not([display='true'])")];
  formulas.forEach((formula) => formula.classList.remove("wide"));
  const edge = (formula) => formula.closest("p, li, dd, td, section, article").getBoundingClientRect().right;
  const wide = formulas.filter((formula) => formula.getBoundingClientRect().right > edge(formula) + 1);
  wide.forEach((formula) => formula.classList.add("wide"));
}

// The number of an equation that leaves the equation too little room goes above it.
function makeRoomForNumbers() {
  const numbered = [...document.querySelectorAll("article div.math")].filter((math) => math.querySelector(".eqno"));
  numbered.forEach((math) => math.classList.remove("beside-no-room"));
  const narrow = numbered.filter((math) => goesOn(math.querySelector("mjx-container")));
  narrow.forEach((math) => math.classList.add("beside-no-room"));
}

function goesOn(box) {
  return box !== null && box.scrollWidth > box.clientWidth + 1;
}

// A box that scrolls sideways can be reached with the Tab key, and shows on which sides it goes on; one that
// does not is no stop.
function stopAtScrollingBoxes() {
  for (const box of document.querySelectorAll(SCROLLS)) {
    // Even a pixel that is cut off, which nobody sees, makes a box one that scrolls.
    const scrolls = getComputedStyle(box).overflowX === "auto" && box.scrollWidth > box.clientWidth;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
    showWhereItGoesOn(box, scrolls);
    if (scrolls) box.addEventListener("scroll", onScroll, { passive: true });
  }
}

function onScroll(event) {
  showWhereItGoesOn(event.currentTarget, goesOn(event.currentTarget));
}

function showWhereItGoesOn(box, scrolls) {
  box.classList.toggle("goes-on-left", scrolls && box.scrollLeft > 1);
  box.classList.toggle("goes-on-right", scrolls && box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
}

// The theme's controls that show an icon only have no name, and its bibliography is a list without items.
function nameThings() {
  for (const button of document.querySelectorAll("button[title]:not([aria-label])")) {
    if (!button.textContent.trim()) button.setAttribute("aria-label", button.title);
  }
  for (const fold of document.querySelectorAll("nav .has-children > details > summary")) {
    const chapter = fold.closest("li").querySelector("a").textContent.trim();
    fold.setAttribute("aria-label", `Pages of ${chapter}`);
  }
  for (const entry of document.querySelectorAll(".citation-list > .citation")) entry.setAttribute("role", "listitem");
}

// No line begins with the comma or the full stop that follows a formula.
function keepPunctuation() {
  for (const formula of document.querySelectorAll("article span.math")) {
    const mark = formula.nextSibling?.nodeType === Node.TEXT_NODE && /^[.,;:!?)\]’]+/.exec(formula.nextSibling.data);
    if (!mark) continue;
    formula.nextSibling.splitText(mark[0].length);
    const both = document.createElement("span");
    both.className = "unbroken";
    formula.before(both);
    both.append(formula, both.nextSibling);
  }
}

function fit() {
  boxWideFormulas();
  makeRoomForNumbers();
  stopAtScrollingBoxes();
}

document.addEventListener("DOMContentLoaded", nameThings);
document.addEventListener("DOMContentLoaded", keepPunctuation);
window.addEventListener("resize", fit);
document.addEventListener("toggle", fit, true);
document.addEventListener("click", () => setTimeout(fit));
window.addEventListener("load", () => {
  const formulas = window.MathJax?.startup?.promise ?? Promise.resolve();
  formulas.then(() => document.fonts.ready).then(fit);
});
