/**
 * Builds elements and formats values. Data becomes text nodes only: nothing here, and nothing that uses it, parses
 * HTML.
 */

/** @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * @param {string} tag with classes: `p.small.quiet`
 * @param {Record<string, unknown> | null} properties set as properties, or as attributes where there is a dash
 * @param {...(Node | string | null)} children null is left out
 */
export function element(tag, properties, ...children) {
  const [name, ...classes] = tag.split('.');
  const made = document.createElement(name);
  made.className = classes.join(' ');
  for (const [key, value] of Object.entries(properties ?? {}))
    if (key.includes('-') || key === 'scope') made.setAttribute(key, String(value));
    else made[key] = value;
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** `1,234` */
export function formatCount(value) {
  return value.toLocaleString('en');
}

/** @param {number} count @param {string} noun */
export function formatNumberOf(count, noun) {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `12 s`, `3 min`, `5 h`, `2 d` */
export function formatDuration(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `1,840`, `182K`: for a large figure in a narrow place. */
export function formatShort(value) {
  return value < 100_000
    ? formatCount(value)
    : value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 });
}
