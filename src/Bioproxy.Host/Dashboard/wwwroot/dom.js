// A small virtual DOM: views describe what they show, and only what changed is touched, so that focus and scroll positions stay.

const svgTags = new Set(["svg", "g", "rect", "line", "path", "text", "title", "circle"]);

/** Describes an element. Children may be nested arrays; null and false are left out; the rest is text. */
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, children: flat(children) };
}

function flat(children) {
  const all = [];
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "")
      continue;
    all.push(typeof child === "object" ? child : String(child));
  }
  return all;
}

/** Makes the content of an element what the description says. */
export function render(root, ...children) {
  patch(root, flat(children));
}

function patch(parent, wanted) {
  const keyed = new Map();
  for (const node of parent.childNodes) {
    if (node.vKey !== undefined)
      keyed.set(node.vKey, node);
  }
  let at = parent.firstChild;
  for (const want of wanted) {
    const key = typeof want === "string" ? undefined : want.props.key;
    let node = key !== undefined && keyed.get(key) !== undefined ? keyed.get(key) : at;
    if (!matches(node, want, key)) {
      const made = create(want);
      parent.insertBefore(made, at);
      continue;
    }
    if (node !== at)
      parent.insertBefore(node, at);
    else
      at = at.nextSibling;
    if (typeof want === "string") {
      if (node.data !== want)
        node.data = want;
    } else {
      update(node, want);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function matches(node, want, key) {
  if (!node)
    return false;
  if (typeof want === "string")
    return node.nodeType === Node.TEXT_NODE;
  return node.nodeType === Node.ELEMENT_NODE && node.localName === want.tag && node.vKey === key;
}

function create(want) {
  if (typeof want === "string")
    return document.createTextNode(want);
  const node = svgTags.has(want.tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", want.tag)
    : document.createElement(want.tag);
  node.vKey = want.props.key;
  node.vProps = {};
  update(node, want);
  return node;
}

function update(node, want) {
  const before = node.vProps ?? {};
  for (const name in before) {
    if (!(name in want.props))
      set(node, name, null, before[name]);
  }
  for (const name in want.props) {
    if (want.props[name] !== before[name] || name === "value" || name === "checked")
      set(node, name, want.props[name], before[name]);
  }
  node.vProps = want.props;
  if (!want.props.opaque)
    patch(node, want.children);
}

function set(node, name, value, before) {
  if (name === "key" || name === "opaque") {
    return;
  } else if (name.startsWith("on")) {
    node[name] = value;
  } else if (name === "style") { // set through the object model: the page's policy forbids style attributes
    for (const property in before ?? {})
      node.style.setProperty(property, "");
    for (const property in value ?? {})
      node.style.setProperty(property, value[property]);
  } else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden" || name === "open") {
    const wanted = value ?? (name === "value" ? "" : false);
    if (node[name] !== wanted)
      node[name] = wanted;
  } else if (value === null || value === undefined || value === false) {
    node.removeAttribute(name);
  } else {
    node.setAttribute(name, value === true ? "" : value);
  }
}
