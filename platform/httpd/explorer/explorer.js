// Lists the operations of /openapi.json and sends requests to this server. Everything is set as text, never as markup.

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function resolve(doc, schema) {
  const name = schema?.$ref?.split('/').pop();
  return name ? doc.components.schemas[name] : schema;
}

// An example value that fits a schema; a schema met again inside itself is left empty.
function example(doc, schema, seen = new Set()) {
  if (schema?.$ref) {
    if (seen.has(schema.$ref)) return {};
    seen = new Set(seen).add(schema.$ref);
  }
  const s = resolve(doc, schema) ?? {};
  if (s.examples?.length) return s.examples[0];
  if (s.default !== undefined) return s.default;
  if (s.enum) return s.enum[0];
  const type = Array.isArray(s.type) ? s.type[0] : s.type;
  switch (type) {
    case 'object': {
      const required = new Set(s.required ?? []);
      const entries = Object.entries(s.properties ?? {}).filter(([name, p]) => required.has(name) && !resolve(doc, p)?.readOnly);
      return Object.fromEntries(entries.map(([name, p]) => [name, example(doc, p, seen)]));
    }
    case 'array': return s.items ? [example(doc, s.items, seen)] : [];
    case 'integer': case 'number': return s.minimum ?? 0;
    case 'boolean': return false;
    case 'string': return '';
    default: return null;
  }
}

async function send(path, method, form, output) {
  let target = path;
  const query = new URLSearchParams();
  const headers = {};
  for (const input of form.querySelectorAll('input[data-in]')) {
    if (!input.value) continue;
    const { name } = input.dataset;
    if (input.dataset.in === 'path') target = target.replace(`{${name}}`, encodeURIComponent(input.value));
    else if (input.dataset.in === 'query') query.append(name, input.value);
    else if (input.dataset.in === 'header') headers[name] = input.value;
  }
  const key = document.getElementById('key').value;
  if (key) headers.Authorization = `Bearer ${key}`;
  const body = form.querySelector('textarea')?.value;
  if (body) headers['Content-Type'] = 'application/json';
  const search = query.toString();
  output.textContent = 'Waiting…';
  try {
    const answer = await fetch(search ? `${target}?${search}` : target, { method, headers, body });
    let text = await answer.text();
    try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: shown as it is */ }
    const shown = ['etag', 'location', 'retry-after', 'content-type'].filter((h) => answer.headers.has(h)).map((h) => `${h}: ${answer.headers.get(h)}`);
    output.textContent = [`${answer.status} ${answer.statusText}`, ...shown, '', text].join('\n');
  } catch {
    output.textContent = 'The server does not answer.';
  }
}

function form(doc, path, method, operation) {
  const output = el('pre', { tabindex: '0', 'aria-label': 'Answer' });
  output.hidden = true;
  const fields = el('div', { class: 'grid' });
  for (const p of operation.parameters ?? []) {
    if (p.in === 'cookie') continue;
    const input = el('input', { 'data-in': p.in, 'data-name': p.name, title: p.description ?? '' });
    if (p.required) input.required = true;
    fields.append(el('label', {}, `${p.name} `, el('span', { class: 'muted' }, `(${p.in}${p.required ? ', required' : ''})`), input));
  }
  const node = el('form', { onsubmit: (event) => {
    event.preventDefault();
    output.hidden = false;
    send(path, method.toUpperCase(), node, output);
  } }, fields);
  const body = operation.requestBody?.content?.['application/json'];
  if (body) {
    const area = el('textarea', { spellcheck: 'false' });
    area.value = JSON.stringify(example(doc, body.schema), null, 2);
    node.append(el('label', {}, 'Body', area));
  }
  node.append(el('button', {}, 'Send'), output);
  return node;
}

function schemas(operation) {
  const parts = [];
  for (const [status, answer] of Object.entries(operation.responses ?? {})) {
    const schema = Object.values(answer.content ?? {})[0]?.schema;
    parts.push(`${status} ${answer.description ?? ''}${schema ? ` — ${schema.$ref?.split('/').pop() ?? schema.type}` : ''}`);
  }
  return el('p', { class: 'muted' }, parts.join(' · '));
}

function show(doc, path, method, operation) {
  const inside = el('div');
  const node = el('details', { class: 'operation' },
    el('summary', {}, el('span', { class: 'method' }, method.toUpperCase()), el('code', {}, path), ` ${operation.summary ?? ''}`), inside);
  node.dataset.words = `${method} ${path} ${operation.summary ?? ''} ${operation.operationId} ${(operation.tags ?? []).join(' ')}`.toLowerCase();
  node.addEventListener('toggle', () => {
    if (inside.childElementCount > 0) return;
    if (operation.description) inside.append(el('p', {}, operation.description));
    inside.append(el('p', { class: 'muted' }, `Permission: ${operation['x-rule']}`), schemas(operation), form(doc, path, method, operation));
  });
  return node;
}

async function main() {
  const list = document.getElementById('operations');
  const answer = await fetch('/openapi.json');
  if (!answer.ok) {
    list.textContent = 'The list of operations could not be loaded; reload the page.';
    return;
  }
  const doc = await answer.json();
  document.getElementById('about').textContent = doc.info.description ?? '';
  const nodes = [];
  for (const [path, item] of Object.entries(doc.paths ?? {})) {
    for (const method of METHODS) if (item[method]) nodes.push(show(doc, path, method, item[method]));
  }
  list.replaceChildren(...nodes);
  if (nodes.length === 0) list.textContent = 'This server has no typed operations.';
  document.getElementById('filter').addEventListener('input', (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/);
    for (const node of nodes) node.hidden = !words.every((word) => node.dataset.words.includes(word));
  });
}

main();
