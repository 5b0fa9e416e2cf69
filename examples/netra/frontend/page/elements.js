// Builds what the page shows. Text of users and agents becomes text nodes and never markup.

export const byId = (id) => document.getElementById(id);

export function element(tag, options = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "class") made.className = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// Shows `text` in the element, or hides it where there is none.
export function say(target, text) {
  target.textContent = text;
  target.hidden = !text;
}
