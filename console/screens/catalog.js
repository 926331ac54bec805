// The models: templates to start from, and those that this organization uses.
import { html, useEffect, useMemo, useState } from '../parts/html.js';
import { get, useGet } from '../parts/api.js';
import { link, setQuery } from '../parts/route.js';
import { number, plural, title } from '../parts/format.js';
import { Ago, Empty, Loading, Pager, Screen, Segments, Trouble } from '../parts/ui.js';

const pageSize = 60;

// The categories with their sizes, from the whole catalog.
function useCategories() {
  const [categories, setCategories] = useState([]);
  useEffect(() => {
    let gone = false;
    (async () => {
      const counts = new Map();
      for (let page = 1, pages = 1; page <= pages && page <= 20; ++page) {
        const data = await get('/models/catalog', { query: { page, page_size: 100 } });
        pages = data.total_pages;
        for (const model of data.items) {
          counts.set(model.category, (counts.get(model.category) ?? 0) + 1);
        }
      }
      if (!gone) setCategories([...counts].sort(([a], [b]) => a.localeCompare(b)));
    })().catch(() => {});
    return () => { gone = true; };
  }, []);
  return categories;
}

function Card({ model, yours }) {
  return html`<li class="card tile">
    <div class="row"><span class="tag">${title(model.category || 'general')}</span>
      ${model.is_featured && html`<span class="badge accent">Featured</span>`}
      ${yours && !model.catalog_id && html`<span class="badge">Private</span>`}
      ${yours && !model.is_active && html`<span class="badge warn">Inactive</span>`}</div>
    <h2><a href=${link(['models', model.id])}>${model.display_name}</a></h2>
    <p>${model.short_description || model.description}</p>
    <div class="foot"><span>${plural(model.credits_per_execution, 'credit')} a run</span>
      <span>${yours && model.last_executed_at
        ? html`ran <${Ago} time=${model.last_executed_at} />`
        : model.total_executions > 0 ? plural(model.total_executions, 'run') : ''}</span></div>
  </li>`;
}

export default function Catalog({ query }) {
  const yours = query.view === 'yours';
  const categories = useCategories();
  const [typed, setTyped] = useState(query.search ?? '');
  useEffect(() => {
    const timer = setTimeout(() => {
      if (typed !== (query.search ?? '')) setQuery({ search: typed, page: '' });
    }, 200);
    return () => clearTimeout(timer);
  }, [typed]);
  const asked = {
    search: query.search, category: yours ? '' : query.category, page: query.page,
    page_size: pageSize, is_active: yours ? 'true' : '',
  };
  const { data, error, reload } = useGet(yours ? '/models' : '/models/catalog', { query: asked });
  const all = useMemo(() => categories.reduce((sum, [, count]) => sum + count, 0), [categories]);

  return html`<${Screen} title="Models"
    lead=${yours ? 'The models your organization uses: activated templates and your own.'
      : 'Pick a decision, fill in your numbers, get a plan.'}
    actions=${html`<${Segments} label="Which models" value=${yours ? 'yours' : 'catalog'}
      options=${[['catalog', 'Catalog'], ['yours', 'Yours']]}
      onChange=${(view) => setQuery({ view: view === 'yours' ? view : '', page: '', category: '' })} />`}>
    <div class="row">
      <input class="search" type="search" aria-label="Search models" placeholder="Search models"
        value=${typed} onInput=${(e) => setTyped(e.target.value)} />
      ${data && html`<span class="muted small" role="status">${plural(data.total, 'model')}</span>`}
    </div>
    ${!yours && categories.length > 1 && html`<div class="chips" role="group" aria-label="Category">
      <button class="chip" aria-pressed=${String(!query.category)}
        onClick=${() => setQuery({ category: '', page: '' })}>All ${number(all)}</button>
      ${categories.map(([name, count]) => html`<button class="chip" key=${name}
        aria-pressed=${String(query.category === name)}
        onClick=${() => setQuery({ category: query.category === name ? '' : name, page: '' })}>
        ${title(name)} ${number(count)}</button>`)}
    </div>`}
    <${Trouble} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} />`}
    ${data && data.items.length === 0 && (query.search || query.category
      ? html`<${Empty} title="Nothing found" action=${html`<button onClick=${() => { setTyped(''); setQuery({ search: '', category: '', page: '' }); }}>Show all</button>`}>
          No model matches. Try another word or another category.<//>`
      : yours ? html`<${Empty} title="No models yet" action=${html`<a class="button primary" href="#/models">Browse the catalog</a>`}>
          Run a template from the catalog and it appears here. Bring your own MathProg model through
          the playground.<//>`
        : html`<${Empty} title="The catalog is empty">This server has no templates.<//>`)}
    ${data && html`<ul class="cards">${data.items.map((model) => html`
      <${Card} key=${model.id} model=${model} yours=${yours} />`)}</ul>`}
    <${Pager} data=${data} onPage=${(page) => { setQuery({ page }); scrollTo(0, 0); }} />
  <//>`;
}
