// What overlaps, sticks out or is cut off on the page, in words; an empty list where all is well.
const odd = [];
const SLACK = 1.5; // pixels; letters are drawn between them
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) odd.push(`the page scrolls sideways: ${root.scrollWidth} of ${root.clientWidth}`);

const box = (each) => each.getBoundingClientRect();
const seen = (each) => box(each).width > 0 && each.checkVisibility();
const name = (each) => each.textContent.trim().slice(0, 40);

// Text of a diagram: within it, and apart from all other text.
for (const svg of document.querySelectorAll("svg.ladder, svg.ticks")) {
  if (!seen(svg)) continue;
  const frame = box(svg);
  const texts = [...svg.querySelectorAll("text")].map((each) => [each, box(each)]);
  texts.forEach(([each, here], index) => {
    if (here.left < frame.left - SLACK || here.right > frame.right + SLACK || here.bottom > frame.bottom + SLACK) {
      odd.push(`${name(each)} leaves its diagram`);
    }
    for (const [other, there] of texts.slice(index + 1)) {
      const across = Math.min(here.right, there.right) - Math.max(here.left, there.left);
      const down = Math.min(here.bottom, there.bottom) - Math.max(here.top, there.top);
      // A line of letters is higher than what is drawn of them.
      if (across > SLACK && down > 5) odd.push(`${name(each)} overlaps ${name(other)}`);
    }
  });
}

// Everything else: within the window, unless a box of its own scrolls it.
for (const each of document.querySelectorAll("body *:not(svg *)")) {
  if (each.closest(".scroll, .sr, .skip") || !seen(each)) continue;
  const here = box(each);
  if (here.right > root.clientWidth + SLACK || here.left < -SLACK) odd.push(`<${each.localName}> ${name(each)} sticks out`);
}

// No cell, line or label runs into the one beside it.
for (const each of document.querySelectorAll("th, td, dd, li, p, h3, summary")) {
  if (!seen(each) || each.closest(".sr, .strip")) continue;
  if (each.scrollWidth > each.clientWidth + SLACK && each.clientWidth > 0) odd.push(`<${each.localName}> ${name(each)} is too narrow: ${each.scrollWidth} in ${each.clientWidth}`);
}
return odd.slice(0, 10);
